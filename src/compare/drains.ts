/** The highest rate of each mode: interleaved rounds that drain the same trace, repeated until a run is long enough. */
import type { Mode } from '../runtime/events.js';
import { DRAIN_DURATION_DEFAULT } from './options.js';
import { type DrainRun, type RunWatch, runDrain } from './runs.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** The most times that a trace is repeated for one drain run. */
const REPEAT_MAX = 10_000;

/** The rounds at the highest rate. */
export class Drains {
  readonly runs = { microBatch: [] as DrainRun[], record: [] as DrainRun[], unacked: [] as DrainRun[] };
  readonly #setup: Setup;
  readonly #trace: TimedTrace;
  readonly #watch: RunWatch;
  #repeat = 1;

  constructor(setup: Setup, trace: TimedTrace, watch: RunWatch) {
    this.#setup = setup;
    this.#trace = trace;
    this.#watch = watch;
  }

  /** True when two runs of the same input gave different numbers of results. */
  get differ(): boolean {
    return new Set(Object.values(this.runs).flatMap((runs) => runs.map((run) => run.results))).size > 1;
  }

  /** Lets the compiler see the code of both modes, and finds how often the trace must be repeated. */
  async warmUp(willMeasure: boolean): Promise<void> {
    const rates: number[] = [];
    for (const mode of ['micro-batch', 'record', 'micro-batch', 'record'] as const) {
      if (this.#watch.signal?.aborted === true) return;
      const run = await this.#drain(mode, this.#setup.isAcking);
      if (run === undefined) return;
      rates.push(run.recordsPerSecond);
    }
    if (!willMeasure || !this.#setup.canRepeat) return;
    const wanted = (this.#setup.options.drainDuration ?? DRAIN_DURATION_DEFAULT) / 1e6;
    const rate = Math.sqrt(rates[2]! * rates[3]!);
    this.#repeat = Math.min(REPEAT_MAX, Math.max(1, Math.ceil((wanted * rate) / recordCount(this.#trace))));
  }

  /** One run of each variant, so that a slow minute of the machine hits all. */
  async round(): Promise<void> {
    const microBatch = await this.#drain('micro-batch', this.#setup.isAcking);
    const record = await this.#drain('record', this.#setup.isAcking);
    const unacked = this.#setup.isAcking ? await this.#drain('record', false) : undefined;
    if (microBatch === undefined || record === undefined || this.#watch.signal?.aborted === true) return;
    this.runs.microBatch.push(microBatch);
    this.runs.record.push(record);
    if (unacked !== undefined) this.runs.unacked.push(unacked);
  }

  #drain(mode: Mode, acking: boolean): Promise<DrainRun | undefined> {
    return runDrain(this.#setup, this.#trace, { mode, acking, repeat: this.#repeat }, this.#watch);
  }
}
