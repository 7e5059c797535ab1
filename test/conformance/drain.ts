/** Reads an open source to its end, as an executor would: takes, and waits to be woken when there is nothing now. */
import type { StreamError } from '../../src/core/errors.js';
import type { RawPartition } from '../../src/runtime/source.js';

export interface Drained {
  readonly values: unknown[];
  readonly outcome: 'ended' | StreamError;
}

/** Takes everything, at most `max` values at a time. */
export async function drain(partition: RawPartition, max = 1_000): Promise<Drained> {
  const values: unknown[] = [];
  for (;;) {
    const state = partition.take(values, max);
    if (state === 'ended') return { values, outcome: 'ended' };
    if (partition.failure !== undefined) return { values, outcome: partition.failure };
    if (state === 'idle') await woken(partition);
  }
}

/** Takes until there are so many values. */
export async function takeSome(partition: RawPartition, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  while (values.length < count) {
    const state = partition.take(values, count - values.length);
    if (partition.failure !== undefined) throw partition.failure;
    if (state === 'ended') return values;
    if (state === 'idle' && values.length < count) await woken(partition);
  }
  return values;
}

/** Resolves when the partition says that it has something. */
export function woken(partition: RawPartition): Promise<void> {
  return new Promise((resolve) => partition.onReady(resolve));
}
