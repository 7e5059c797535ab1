/** Makes records by the user's function of a seed and an index. Record i is the same in every run with that seed. */
import { StreamError } from '../core/errors.js';
import { recordsGone } from '../runtime/skipped-source.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import { IndexedRandom } from './indexed-random.js';

/** What a generator is opened with. */
export interface GeneratorSettings {
  /** The source's name in the topology, for errors. */
  readonly name: string;
  readonly make: (index: number, random: IndexedRandom) => unknown;
  readonly count: number;
  readonly partitions: number;
  readonly seed: number;
  /** Offset of each partition's first record. Default 0. */
  readonly from?: readonly number[] | undefined;
}

/**
 * Opens a generator: partition p of n makes the records p, p + n, p + 2n …
 *
 * @throws StreamError `RG064` when there are less than `from` says.
 */
export function openGenerator(settings: GeneratorSettings): RawSource {
  const { name, count, partitions, from = [] } = settings;
  const opened = Array.from({ length: partitions }, (_, index) => {
    const offset = from[index] ?? 0;
    const records = Math.max(0, Math.ceil((count - index) / partitions));
    if (offset > records) throw recordsGone(name, index, offset, records);
    return new GeneratorPartition(settings, index + offset * partitions);
  });
  return { partitions: opened, close: async () => undefined };
}

class GeneratorPartition implements RawPartition {
  readonly #settings: GeneratorSettings;
  readonly #random: IndexedRandom;
  #index: number;
  #wake: (() => void) | undefined;
  failure: StreamError | undefined;

  constructor(settings: GeneratorSettings, first: number) {
    this.#settings = settings;
    this.#random = new IndexedRandom(settings.seed);
    this.#index = first;
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    const { make, count, partitions } = this.#settings;
    const random = this.#random;
    let left = this.failure === undefined ? max : 0;
    try {
      for (; left > 0 && this.#index < count; left--) {
        random.moveTo(this.#index);
        const value = make(this.#index, random);
        if (isPromise(value)) throw this.#promised();
        values.push(value);
        this.#index += partitions;
      }
    } catch (cause) {
      this.failure = this.#failed(cause);
    }
    if (this.failure !== undefined) return 'idle';
    return this.#index >= count ? 'ended' : 'more';
  }

  onReady(wake: () => void): void {
    // After a failure there is nothing to wake for.
    this.#wake = this.failure === undefined ? wake : undefined;
    this.#wake?.();
  }

  #failed(cause: unknown): StreamError {
    if (cause instanceof StreamError) return cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    return new StreamError(
      'RG030',
      `the generator '${this.#settings.name}' threw at record ${this.#index}: ${said}`,
      'make it a pure function that returns a value for every index',
      { cause, operator: `source:${this.#settings.name}` },
    );
  }

  #promised(): StreamError {
    return new StreamError(
      'RG031',
      `the generator '${this.#settings.name}' returned a promise at record ${this.#index}`,
      'return the value itself',
      { operator: `source:${this.#settings.name}` },
    );
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
