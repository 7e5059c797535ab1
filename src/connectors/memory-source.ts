/** Reads values that the topology holds in memory, partition by partition. */
import type { RawPartition, RawSource } from '../runtime/source.js';

/** Opens the values of each partition. */
export function openMemorySource(partitions: readonly (readonly unknown[])[]): RawSource {
  return { partitions: partitions.map((values) => new MemoryPartition(values)), close: async () => undefined };
}

class MemoryPartition implements RawPartition {
  readonly failure = undefined;
  readonly #values: readonly unknown[];
  #next = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  take(values: unknown[], max: number): 'more' | 'ended' {
    const end = Math.min(this.#values.length, this.#next + max);
    for (let at = this.#next; at < end; at++) values.push(this.#values[at]);
    this.#next = end;
    return end === this.#values.length ? 'ended' : 'more';
  }

  onReady(wake: () => void): void {
    wake();
  }
}
