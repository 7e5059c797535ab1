/** Reads values that the topology holds in memory, partition by partition. */
import { recordsGone } from '../runtime/skipped-source.js';
import type { RawPartition, RawSource } from '../runtime/source.js';

/** Where a source that goes on begins. */
export interface MemoryStart {
  /** The source's name in the topology, for errors. */
  readonly name: string;
  /** Offset of each partition's first record. */
  readonly from: readonly number[];
}

/** Opens the values of each partition. @throws StreamError `RG064` when there are less than `start` says. */
export function openMemorySource(partitions: readonly (readonly unknown[])[], start?: MemoryStart): RawSource {
  const opened = partitions.map((values, index) => {
    const offset = start?.from[index] ?? 0;
    if (offset > values.length) throw recordsGone(start?.name, index, offset, values.length);
    return new MemoryPartition(values, offset);
  });
  return { partitions: opened, close: async () => undefined };
}

class MemoryPartition implements RawPartition {
  readonly failure = undefined;
  readonly #values: readonly unknown[];
  #next: number;

  constructor(values: readonly unknown[], offset: number) {
    this.#values = values;
    this.#next = offset;
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
