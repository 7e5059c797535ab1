/** Random ways to run a job: how batches are split, how much is polled, how thin watermarks are. */
import { prng } from '../../../src/core/prng.js';
import type { Way } from './judge.js';
import type { Recipe } from './recipe.js';

/** A way for each mode: batches, polls and rings of random sizes, chained or not. */
export function waysOf({ split }: Recipe, parallelism: number): readonly [Way, Way] {
  const random = prng(split).fork(`parallelism ${parallelism}`);
  const oneOf = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const common = { parallelism, chaining: oneOf(true, false) };
  const microBatch = {
    trigger: oneOf('interval', 'available'),
    blockRecordsMax: oneOf(1, 3, 10_000),
    batchRecordsMax: oneOf(1, 2, 5, 10_000),
    receivedRecordsMax: oneOf(4, 1_000_000),
  } as const;
  const record = {
    turnRecordsMax: oneOf(1, 2, 7, 1_000),
    maxSpoutPending: oneOf(1, 2, 5, 4_096),
    ringCapacity: oneOf(2, 8, 1_024),
    ackers: oneOf(1, 3),
    acking: oneOf(true, true, false),
  };
  return [
    { ...common, mode: 'micro-batch', atOnce: oneOf(true, false), heartbeatEach: oneOf(1, 1, 2, 5), microBatch },
    { ...common, mode: 'record', atOnce: oneOf(true, false), heartbeatEach: oneOf(1, 1, 2, 5), record },
  ];
}
