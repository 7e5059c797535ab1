/** Latency with a mode's reliability on and off: short paced runs of the same records, one after the other. */
import type { Mode } from '../../runtime/events.js';
import { type PacedRun, runPaced } from '../runs.js';
import type { Setup } from '../setup.js';
import { beginningOf, type RecordedSource } from '../trace.js';
import { type Reliability, whyUnprepared } from './reliability.js';

/** Two runs that differ in nothing else. */
export interface PreparedLatencies {
  readonly off: PacedRun;
  readonly on: PacedRun;
}

/** Runs each mode off and on, in this thread. Modes that cannot be prepared are missing, as all are once it is interrupted. */
export async function preparedLatencies(
  setup: Setup,
  recorded: readonly RecordedSource[],
  { rate, duration }: { readonly rate: number; readonly duration: number },
): Promise<ReadonlyMap<Mode, PreparedLatencies>> {
  const { workers: _inThisThread, realSinks: _captured, ...options } = setup.options;
  const alone: Setup = { ...setup, options };
  const { batchInterval } = setup.job.graph.settings;
  const trace = beginningOf(recorded, duration, { rate, batchInterval, slides: setup.slides, seed: setup.seed });
  const watch = { signal: options.signal, onProgress: () => {} };
  const latencies = new Map<Mode, PreparedLatencies>();
  const run = (mode: Mode, reliability: Reliability) => runPaced(alone, trace, mode, watch, { reliability });
  for (const mode of ['micro-batch', 'record'] as const) {
    const off = await run(mode, 'off');
    const on = await run(mode, 'on').catch((error: unknown) => {
      if (whyUnprepared(error) === undefined) throw error;
      return undefined;
    });
    if (options.signal?.aborted === true) return new Map();
    if (on !== undefined) latencies.set(mode, { off, on });
  }
  return latencies;
}
