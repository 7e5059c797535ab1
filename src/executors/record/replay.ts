/** How long a failed tuple waits before it is emitted again. */
import type { RecordOptions } from '../executor.js';

/** Back-off (us): the first wait, doubled with each attempt, up to the longest. */
export function replayDelay(options: Pick<RecordOptions, 'replayDelay' | 'replayDelayMax'>, attempt: number): number {
  return Math.min(options.replayDelay * 2 ** Math.min(attempt - 1, 30), options.replayDelayMax);
}
