/** The executor of each mode, loaded when a job first needs it: a command that runs nothing, or in one mode, starts sooner. */
import { nearest, StreamError } from '../core/errors.js';
import type { Mode } from '../runtime/events.js';

type Executors = {
  readonly 'micro-batch': typeof import('../executors/micro-batch/executor.js').startMicroBatch;
  readonly record: typeof import('../executors/record/executor.js').startRecord;
};

const MODES = ['micro-batch', 'record'] as const satisfies readonly Mode[];

const loaded: { -readonly [M in Mode]?: Executors[M] } = {};

/** Types keep a wrong one away in TypeScript alone. @throws StreamError `RG004` for a mode that is none. */
export function checkMode(mode: Mode | undefined): void {
  if (mode !== undefined && MODES.includes(mode)) return;
  const near = nearest(String(mode), MODES);
  const hint = near === undefined ? `use ${MODES.join(' or ')}` : `did you mean '${near}'?`;
  throw new StreamError('RG004', `mode is '${String(mode)}'; it must be ${MODES.join(' or ')}`, hint);
}

/** To be awaited before anything else of a job. From the second time on nothing is waited for. */
export function loadExecutor(mode: Mode): Promise<void> | undefined {
  return loaded[mode] === undefined ? load(mode) : undefined;
}

/** To be awaited before a job of virtual time: that does not pass while a module is loaded. */
export async function loadExecutors(): Promise<void> {
  for (const mode of MODES) await loadExecutor(mode);
}

/** The executor of a mode that was loaded. */
export function executorOf<M extends Mode>(mode: M): Executors[M] {
  return loaded[mode]!;
}

async function load(mode: Mode): Promise<void> {
  switch (mode) {
    case 'micro-batch':
      loaded[mode] = (await import('../executors/micro-batch/executor.js')).startMicroBatch;
      return;
    case 'record':
      loaded[mode] = (await import('../executors/record/executor.js')).startRecord;
  }
}
