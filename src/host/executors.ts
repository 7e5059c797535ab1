/** The executor of each mode, loaded when a job first needs it: a command that runs nothing, or in one mode, starts in half the time. */
import type { Mode } from '../runtime/events.js';

type Executors = {
  readonly 'micro-batch': typeof import('../executors/micro-batch/executor.js').startMicroBatch;
  readonly record: typeof import('../executors/record/executor.js').startRecord;
};

const loaded: { -readonly [M in Mode]?: Executors[M] } = {};

/** To be awaited before anything else of a job. From the second time on nothing is waited for. */
export function loadExecutor(mode: Mode): Promise<void> | undefined {
  return loaded[mode] === undefined ? load(mode) : undefined;
}

/** To be awaited before a job of virtual time: that does not pass while a module is loaded. */
export async function loadExecutors(): Promise<void> {
  await loadExecutor('micro-batch');
  await loadExecutor('record');
}

/** The executor of a mode that was loaded. */
export function executorOf<M extends Mode>(mode: M): Executors[M] {
  return loaded[mode]!;
}

async function load(mode: Mode): Promise<void> {
  if (mode === 'record') loaded.record = (await import('../executors/record/executor.js')).startRecord;
  else loaded['micro-batch'] = (await import('../executors/micro-batch/executor.js')).startMicroBatch;
}
