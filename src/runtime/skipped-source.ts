/** Drops the records that an earlier process has seen, of a source that can be read again. Knows no connector. */
import { StreamError } from '../core/errors.js';
import type { RawPartition, RawSource } from './source.js';

/** Records that one `take` drops at most, so that a long way to go does not hold up a turn. */
const SKIPPED_MAX = 65_536;
/** Records that are dropped at a time. */
const SKIPPED_CHUNK = 4_096;

/** For errors. */
export interface SkippedOptions {
  /** The source's name in the topology. */
  readonly name?: string;
  /** Records of each partition that the source has left out by itself. */
  readonly before?: readonly number[];
  /** The number of the first partition. Default 0. */
  readonly first?: number;
}

/**
 * Wraps a source so that the first `offsets[p]` values of partition p are not handed out. A partition that has fewer fails with
 * `RG064`.
 */
export function skipped(raw: RawSource, offsets: readonly number[], options: SkippedOptions = {}): RawSource {
  return {
    counters: () => raw.counters?.() ?? {},
    close: () => raw.close(),
    partitions: raw.partitions.map((partition, index) => {
      const offset = offsets[index] ?? 0;
      return offset === 0 ? partition : new SkippedPartition(partition, offset, index, options);
    }),
  };
}

/** What a source says that has fewer records than a checkpoint has counted. */
export function recordsGone(name: string | undefined, partition: number, counted: number, found: number): StreamError {
  const source = name === undefined ? 'the source' : `source '${name}'`;
  return new StreamError(
    'RG064',
    `${source} has only ${found} records in partition ${partition}, but ${counted} were read before the restart`,
    'give it the input it had, or start anew with another checkpoint folder',
  );
}

class SkippedPartition implements RawPartition {
  readonly #raw: RawPartition;
  readonly #offset: number;
  readonly #index: number;
  readonly #options: SkippedOptions;
  #left: number;
  #failure: StreamError | undefined;

  constructor(raw: RawPartition, offset: number, index: number, options: SkippedOptions) {
    this.#raw = raw;
    this.#offset = offset;
    this.#index = index;
    this.#options = options;
    this.#left = offset;
  }

  get failure(): StreamError | undefined {
    return this.#failure ?? this.#raw.failure;
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    if (this.#failure !== undefined) return 'idle';
    let state: 'more' | 'idle' | 'ended' = 'more';
    for (let budget = SKIPPED_MAX; this.#left > 0 && state === 'more'; ) {
      const dropped: unknown[] = [];
      state = this.#raw.take(dropped, Math.min(this.#left, SKIPPED_CHUNK));
      this.#left -= dropped.length;
      budget -= dropped.length;
      if (state === 'more' && this.#left > 0 && (budget <= 0 || dropped.length === 0)) return 'more';
    }
    if (this.#left === 0) return state === 'more' ? this.#raw.take(values, max) : state;
    if (state !== 'ended') return state;
    const { name, before, first = 0 } = this.#options;
    const counted = (before?.[this.#index] ?? 0) + this.#offset;
    this.#failure = recordsGone(name, first + this.#index, counted, counted - this.#left);
    return 'idle';
  }

  onReady(wake: () => void): void {
    if (this.#failure === undefined) this.#raw.onReady(wake);
  }

  commit(offset: number): void {
    this.#raw.commit?.(offset);
  }

  position(): unknown {
    return this.#raw.position?.();
  }
}
