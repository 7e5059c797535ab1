/** The highest rate of each mode: interleaved rounds that drain the same trace, repeated until a run is long enough. */
import type { Mode } from '../runtime/events.js';
import { DRAIN_DURATION_DEFAULT, DRAIN_DURATION_WITH_CRASH } from './options.js';
import { type Reliability, whyUnprepared } from './prepared/reliability.js';
import { type DrainRun, type RunWatch, runDrain } from './runs.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** The most times that a trace is repeated for one drain run. */
const REPEAT_MAX = 10_000;

const WARM_UP_ROUNDS = 2;
/** A run with fewer records or less time (us) tells more about its start than about its rate. */
const DRAIN_RECORDS_MIN = 1_000;
const DRAIN_TOOK_MIN = 50_000;

/** Why no rate is given for runs like these; `null` for runs that are long enough, and for none. */
export function whyWithheld(runs: readonly Pick<DrainRun, 'records' | 'took'>[]): string | null {
  const isTooShort = runs.some(({ records, took }) => records < DRAIN_RECORDS_MIN || took < DRAIN_TOOK_MIN);
  return isTooShort ? 'too few records' : null;
}

/** The rounds at the highest rate. */
export class Drains {
  readonly runs = {
    microBatch: [] as DrainRun[],
    record: [] as DrainRun[],
    unacked: [] as DrainRun[],
    microBatchPrepared: [] as DrainRun[],
    recordPrepared: [] as DrainRun[],
  };
  /** Why a mode could not be prepared for a crash. */
  readonly unprepared = new Map<Mode, string>();
  /** Each mode's rate in the last round of the warm-up: one run, so no figure to quote. */
  readonly warmRates = new Map<Mode, number>();
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

  /** Why the rates of these rounds must not be told, or `null`. */
  get withheld(): string | null {
    return whyWithheld(Object.values(this.runs).flat());
  }

  /** The runs whose rates may be told: all or none, since ratios are made of them. */
  get telling(): typeof this.runs {
    return this.withheld === null ? this.runs : NO_RUNS;
  }

  /** Lets the compiler see the code of both modes, and finds how often the trace must be repeated. */
  async warmUp(willMeasure: boolean): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      const rates: number[] = [];
      for (const mode of ['micro-batch', 'record'] as const) {
        if (this.#watch.signal?.aborted === true) return;
        const run = await this.#drain(mode, 'asked');
        if (run === undefined) return;
        rates.push(run.recordsPerSecond);
        this.warmRates.set(mode, run.recordsPerSecond);
      }
      // The rate of cold code is far too low, so the second round tells again, repeated by what the first one told.
      if (willMeasure && this.#setup.canRepeat) this.#repeat = this.#repeatFor(Math.sqrt(rates[0]! * rates[1]!));
    }
  }

  /** One run of each variant, so that a slow minute of the machine hits all. */
  async round(): Promise<void> {
    const microBatch = await this.#drain('micro-batch', 'asked');
    const microBatchPrepared = await this.#prepared('micro-batch');
    const record = await this.#drain('record', 'asked');
    const recordPrepared = await this.#prepared('record');
    const unacked = this.#setup.isAcking ? await this.#drain('record', 'off') : undefined;
    if (microBatch === undefined || record === undefined || this.#watch.signal?.aborted === true) return;
    this.runs.microBatch.push(microBatch);
    this.runs.record.push(record);
    if (unacked !== undefined) this.runs.unacked.push(unacked);
    if (microBatchPrepared !== undefined) this.runs.microBatchPrepared.push(microBatchPrepared);
    if (recordPrepared !== undefined) this.runs.recordPrepared.push(recordPrepared);
  }

  /** Most jobs can be prepared; of one that cannot, the first try says why. */
  async #prepared(mode: Mode): Promise<DrainRun | undefined> {
    if (this.unprepared.has(mode)) return undefined;
    try {
      return await this.#drain(mode, 'on');
    } catch (error) {
      const why = whyUnprepared(error);
      if (why === undefined) throw error;
      this.unprepared.set(mode, why);
      return undefined;
    }
  }

  #repeatFor(rate: number): number {
    const { drainDuration, crash } = this.#setup.options;
    const wanted = (drainDuration ?? (crash === undefined ? DRAIN_DURATION_DEFAULT : DRAIN_DURATION_WITH_CRASH)) / 1e6;
    return Math.min(REPEAT_MAX, Math.max(1, Math.ceil((wanted * rate) / recordCount(this.#trace))));
  }

  #drain(mode: Mode, reliability: Reliability): Promise<DrainRun | undefined> {
    return runDrain(this.#setup, this.#trace, { mode, reliability, repeat: this.#repeat }, this.#watch);
  }
}

/** The runs of rounds that were not held, or must not be told. */
export const NO_RUNS: Drains['runs'] = {
  microBatch: [],
  record: [],
  unacked: [],
  microBatchPrepared: [],
  recordPrepared: [],
};
