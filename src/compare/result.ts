/** What a comparison found, as one JSON document with a versioned schema. Plain data; it knows no executor. */
import type { StateKind } from '../host/open-state.js';
import type { Guarantee } from '../topology/specs.js';
import type { RecoveryCost } from './recovery/cost.js';
import type { FaultVerdict } from './recovery/judge-fault-run.js';
import type { MessageCounts } from './spouts/spout-ledger.js';

/** The schema that this version writes. A field may be added within a version, never change its meaning. */
export const COMPARE_SCHEMA = 'raingauge/compare@1';

/** Latencies in milliseconds. `null`: too few samples for that percentile, or none at all. */
export interface LatencySummary {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly count: number;
  /** The small picture: bucket i counts samples from 10^(i / 6) us on. */
  readonly buckets: readonly number[];
  /** Percentiles at which the driver's own lateness is more than a tenth of the figure: it is printed as `<=`. */
  readonly atMost: readonly ('p50' | 'p90' | 'p99' | 'p999')[];
}

/** A median over rounds with its 95 % interval by seeded bootstrap over those rounds. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

/** What a paced run of one mode used. */
export interface ResourceUse {
  /** Of the whole process, so with the driver's thread. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly heapMbMax: number;
  readonly gcPauseMs: number;
  readonly eventLoopDelayMsP99: number;
}

/** What was measured of one mode. */
export interface ModeMeasures {
  /** Of per-record results: hand-over to the sink minus the record's intended time. */
  readonly latencyMs: LatencySummary;
  /** Of windowed results: hand-over to the sink minus the window's end. */
  readonly windowLatencyMs: LatencySummary;
  readonly throughput: {
    /** Highest drain rate: the whole input at once, median over rounds. `null`: not measured. */
    readonly recordsPerSecond: number | null;
    readonly estimate: Estimate | null;
    /** Why there is no rate although it was tried, or `null`. */
    readonly withheld: string | null;
    /** Processor time of a drain run for a million records (s). */
    readonly cpuSecondsPerMillion: number | null;
  };
  /** Records a second that the paced run was given, and that it got through; 0 where spouts set the pace. */
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  readonly results: number;
  readonly lateRecords: number;
  readonly deadLetters: number;
  readonly resources: ResourceUse;
  /** What it costs to be ready for a crash while nothing happens. `null`: not measured, as with faults. */
  readonly prepared: PreparedMeasures | null;
  /** Of a run with a fault; else absent. */
  readonly recovery?: RecoveryMeasures;
}

/**
 * The same job with a mode's reliability on and off, run alternately. On: what the job's guarantee needs so that a new process can go on:
 * checkpoints in a folder, in micro-batch mode the log of batches, in record mode acking; exactly-once also commits. Off: none of these.
 */
export interface PreparedMeasures {
  /** What is on: `log and checkpoints`. */
  readonly on: string;
  /** Highest drain rates, medians over rounds. `null`: not measured. A round ends with a checkpoint, so a short one has more of them than a job. */
  readonly recordsPerSecond: { readonly off: number; readonly on: number } | null;
  /** Rate on divided by rate off, median of the rounds' own ratios. */
  readonly costRatio: number | null;
  readonly costEstimate: Estimate | null;
  /** Of short paced runs with the same records. `null`: not measured. */
  readonly latencyMs: { readonly off: LatencySummary; readonly on: LatencySummary } | null;
  readonly windowLatencyMs: { readonly off: LatencySummary; readonly on: LatencySummary } | null;
  /** Why the job cannot be prepared, or `null`. */
  readonly withheld: string | null;
}

/** What a fault did to a mode's run, and what it cost. */
export interface RecoveryMeasures extends RecoveryCost {
  readonly verdict: FaultVerdict;
}

/** Spark's batch figures: medians in milliseconds over the paced run. */
export interface MicroBatchMeasures extends ModeMeasures {
  readonly batches: {
    readonly count: number;
    readonly numRecords: number;
    readonly schedulingDelayMs: number;
    readonly processingDelayMs: number;
    readonly totalDelayMs: number;
    readonly totalDelayMsMax: number;
    readonly taskRetries: number;
  };
}

/** Storm's figures. */
export interface RecordMeasures extends ModeMeasures {
  readonly acking: {
    readonly acked: number;
    readonly failed: number;
    readonly replayed: number;
    /** Highest rate with acking divided by the one without. `null`: not measured. */
    readonly costRatio: number | null;
    readonly costEstimate: Estimate | null;
  };
}

/** By what rule a sink or a state was compared. */
export type CompareRule =
  | 'equal sequence'
  | 'equal multiset'
  | 'equal set'
  | 'equal windows'
  | 'equal final value and count per key'
  | 'equal final state per key'
  | 'not demanded';

/** What was compared of one sink, or of one operator's state. */
export interface ComparedPart {
  readonly name: string;
  readonly rule: CompareRule;
  /** Why no more was demanded, or that numbers were compared with tolerance. */
  readonly note: string | null;
  /** Operators up to here whose functions count as free of the order of what they are given; absent where there is none. */
  readonly assumed?: readonly string[];
  readonly same: boolean;
  readonly oracle: OracleVerdict;
  readonly results: number;
  readonly keys: number;
  readonly windows: number;
  readonly differences: number;
}

/** One disagreement: who said what, as text. */
export interface Difference {
  /** `sink counts` or `state of running`. */
  readonly part: string;
  readonly key: string | null;
  /** Stream time (us) since the start of the input, or `null`. */
  readonly windowEnd: number | null;
  readonly timestamp: number | null;
  readonly microBatch: string;
  readonly record: string;
  readonly oracle: string;
}

export type OracleVerdict = 'pass' | 'fail' | 'not available';

/** The ledger of a mode's messages: each is to be acked or failed exactly once for each time that it was emitted. */
export interface MessageVerdict extends MessageCounts {
  /** What must never happen, and did. */
  readonly violations: readonly string[];
}

/** The words that come first. */
export interface Verdict {
  /** Both modes gave the same answer. `null`: interrupted before both had finished. */
  readonly same: boolean | null;
  /** Both modes gave the answer of the independent sequential evaluation. */
  readonly oracle: OracleVerdict;
  readonly oracleReason: string | null;
  /** With a fault: broken where it did not hold in one of the modes. */
  readonly guarantee: 'held' | 'broken' | 'not checked';
  readonly declaredGuarantee: Guarantee;
  readonly compared: {
    readonly keys: number;
    readonly windows: number;
    readonly records: number;
    readonly results: number;
  };
  readonly parts: readonly ComparedPart[];
  /** The first in order of time. */
  readonly firstDifference: Difference | null;
  /** Of a job with spouts: what became of their messages in each mode. */
  readonly messages?: { readonly 'micro-batch': MessageVerdict; readonly record: MessageVerdict };
  /** Relative tolerance of numbers that are no integers, scaled by the sum of the absolute inputs. */
  readonly tolerance: number;
}

/** Both modes with one worker killed, beside the ordinary runs. */
export interface CrashMeasures {
  readonly fault: string;
  readonly guarantee: Verdict['guarantee'];
  readonly declaredGuarantee: Guarantee;
  readonly modes: { readonly 'micro-batch': RecoveryMeasures; readonly record: RecoveryMeasures };
}

/** How punctual the load driver was, over both paced runs. */
export interface DriverMeasures {
  readonly latenessMsP50: number | null;
  readonly latenessMsP90: number | null;
  readonly latenessMsP99: number | null;
  readonly latenessMsMax: number | null;
  readonly dropped: number;
  readonly valid: boolean;
}

/** Where it was measured. */
export interface Environment {
  readonly raingauge: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly loadAverage: number;
  readonly flags: readonly string[];
  readonly gitSha: string | null;
  readonly startedAt: string;
}

/** The input that both modes and the oracle got. */
export interface InputSummary {
  readonly sources: readonly { readonly name: string; readonly partitions: number; readonly records: number }[];
  readonly records: number;
  /** Records a second of each source. */
  readonly rate: number;
  readonly spanSeconds: number;
  readonly batchIntervalMs: number;
  readonly parallelism: number;
  /** Where state was: `memory` or `lmdb`. */
  readonly state: StateKind;
}

/** A whole comparison. */
export interface CompareResult {
  readonly schema: typeof COMPARE_SCHEMA;
  readonly job: string;
  readonly seed: number;
  readonly command: string | null;
  /** False: the figures must not be quoted, for these reasons. */
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly interrupted: boolean;
  readonly input: InputSummary;
  /** The fault that both modes met, as it was asked for; absent without one. */
  readonly fault?: string;
  readonly verdict: Verdict;
  readonly modes: { readonly 'micro-batch': MicroBatchMeasures; readonly record: RecordMeasures };
  /** What a crash cost each model; absent where none was asked for. */
  readonly crash?: CrashMeasures;
  /** Micro-batch divided by record mode. `null`: not measured. */
  readonly ratios: {
    readonly latencyP50: number | null;
    readonly latencyP99: number | null;
    readonly windowLatencyP50: number | null;
    readonly throughput: Estimate | null;
  };
  /** Ratios that are lower bounds, since record mode's figure is only known as `<=`. */
  readonly lowerBounds: readonly ('latencyP50' | 'latencyP99' | 'windowLatencyP50')[];
  readonly driver: DriverMeasures;
  readonly environment: Environment;
}
