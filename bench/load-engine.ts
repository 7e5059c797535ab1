/** Loads what a run needs, so that no variant pays for reading modules. The compiler's time still counts. */
import { type RunOptions, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { runToEnd } from './run-job.js';

const MODES: readonly RunOptions['mode'][] = ['micro-batch', 'record'];

/** Runs a job without records in each mode: what runs them is loaded when a job first needs it. */
export async function loadEngine(): Promise<void> {
  const job = topology('empty', (t) => {
    t.source('none', memory<number>([])).to('out', none());
  });
  for (const mode of MODES) await runToEnd(job, { mode });
}
