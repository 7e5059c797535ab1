/** How a comparison is asked for. Plain data and callbacks; it knows no command line. */
import type { StateKind } from '../host/open-state.js';
import type { WorkerOptions } from '../host/run-options.js';
import type { FaultPlan } from '../runtime/faults/fault-plan.js';
import type { World } from '../runtime/world.js';
import type { JobSettings } from '../topology/graph.js';
import type { SinkSpec, SourceSpec } from '../topology/specs.js';

/** What a comparison is doing. */
export type ComparePhase =
  | 'record input'
  | 'oracle'
  | 'warm up'
  | 'micro-batch'
  | 'record'
  | 'highest rate'
  | 'cost of being prepared'
  | 'micro-batch, with a crash'
  | 'record, with a crash'
  | 'compare answers';

/** One progress report, at most ten times a second. */
export interface CompareProgress {
  readonly phase: ComparePhase;
  /** Of the whole comparison, from 0 to 1. */
  readonly fraction: number;
  /** Of the phase at hand, or 0 when nothing runs. */
  readonly recordsPerSecond: number;
}

/** Options of `compare`. Everything has a default. */
export interface CompareOptions {
  /** Records a second of each source. Default: a bounded input is spread over `duration`; else `RATE_DEFAULT`. */
  readonly rate?: number;
  /** Ends each source after so many records. */
  readonly records?: number;
  /** How long each paced run takes (us). Default: three of the longest window, at least `DURATION_MIN`. */
  readonly duration?: number;
  /** Tasks of each keyed stage. Default 1. */
  readonly parallelism?: number;
  /** False: exchanges between single tasks are kept. Default true. */
  readonly chaining?: boolean;
  /** Default 1. */
  readonly seed?: number;
  /** False: record mode runs without acking throughout. Default: as the job's guarantee demands. */
  readonly acking?: boolean;
  /** In place of the topology's own settings: batch interval, guarantee … */
  readonly settings?: Partial<JobSettings>;
  /** Specs in place of the topology's, by name. */
  readonly sources?: Readonly<Record<string, SourceSpec<unknown>>>;
  readonly sinks?: Readonly<Record<string, SinkSpec<never>>>;
  /** Write to the job's sinks too, in the paced runs. Default false: results are only captured. */
  readonly realSinks?: boolean;
  /** Rounds of highest rate for each mode, interleaved; 0 measures none. Default 3 (2 with `crash`), fewer on a slow machine. */
  readonly drainRounds?: number;
  /** How long one drain run should take at least (us); the input is repeated until it does. */
  readonly drainDuration?: number;
  /** Run the tasks of both modes on workers. Default: in this thread. */
  readonly workers?: WorkerOptions;
  /** Where state is in every run, in memory or in `lmdb`, a package of its own. Default: in memory. */
  readonly state?: StateKind;
  /** What is broken on purpose, in both modes alike. Then no highest rate is told, and the guarantee is judged record by record. */
  readonly faults?: FaultPlan;
  /** Beside the ordinary runs, both modes once more on these workers, of which one is killed. */
  readonly crash?: WorkerOptions;
  /** What the user typed, for the record. */
  readonly command?: string;
  /** Default: the real World. */
  readonly world?: World;
  readonly onProgress?: (progress: CompareProgress) => void;
  /** Stops gracefully; what was measured is still given, with `interrupted`. */
  readonly signal?: AbortSignal;
}

/** Records a second of an unbounded source when nothing else is said. */
export const RATE_DEFAULT = 1_000;
/** The slowest rate at which a short bounded input is spread. */
export const RATE_MIN = 100;
/** A paced run takes at least this long by default (us), if the input suffices. */
export const DURATION_MIN = 10_000_000;
/** And at most this long (us). */
export const DURATION_MAX = 60_000_000;
/** The most records that are recorded from one source when neither rate nor records say how many. */
export const RECORDS_MAX = 200_000;
export const DRAIN_ROUNDS_DEFAULT = 3;
export const DRAIN_DURATION_DEFAULT = 700_000;
/** Beside a crash, which takes its time too, the highest rate gets less: so that both fit in a minute. */
export const DRAIN_ROUNDS_WITH_CRASH = 2;
export const DRAIN_DURATION_WITH_CRASH = 350_000;
/** How long a paced run takes at most that tells what being prepared does to latency (us). There are four; none beside a crash. */
export const PREPARED_DURATION_MAX = 2_000_000;
/** Shorter runs would tell nothing but how they start, and are left out (us). */
export const PREPARED_DURATION_MIN = 500_000;
/** On a slow machine the default rounds end after so long, with at least one (us). */
export const DRAIN_TIME_MAX = 12_000_000;
