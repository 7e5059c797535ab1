/** What a seed stands for: how a job is run, and every fault that befalls it. Plain data, so that it can be shortened and repeated. */
import { type Prng, prng } from '../../core/prng.js';
import type { MicroBatchOptions, RecordOptions } from '../../executors/executor.js';
import type { Mode } from '../../runtime/events.js';
import type { FaultPlan } from '../../runtime/faults/fault-plan.js';
import type { Guarantee } from '../../topology/specs.js';
import { drawFaults } from './draw-faults.js';

/** One simulated run. */
export interface Scenario {
  readonly seed: number;
  readonly mode: Mode;
  readonly guarantee: Guarantee;
  readonly parallelism: number;
  readonly chaining: boolean;
  /** 0: tasks run in the driver. */
  readonly workers: number;
  /** Records of each source. */
  readonly records: number;
  /** What the outside sources say of themselves. */
  readonly intake: 'range' | 'receiver';
  readonly isReplayable: boolean;
  /** The most batches, and the most time (us), between snapshots. */
  readonly snapshotBatches: number;
  readonly snapshotTime: number;
  /** Bytes of a segment of the log, small so that it rolls. */
  readonly segmentBytes: number;
  readonly microBatch: Partial<MicroBatchOptions>;
  readonly record: Partial<RecordOptions>;
  /** The longest that a message between driver and workers takes (us). They stay in order. */
  readonly delayMax: number;
  /** How long the driver is down after a crash (us). */
  readonly downtime: number;
  readonly attemptsMax: number;
  readonly faults: FaultPlan;
}

/** What is known of a job before faults are drawn. */
export interface Target {
  readonly guarantees: readonly Guarantee[];
  /** Uids and names that acks and tuples can be lost on the way to or from. */
  readonly components: readonly string[];
  /** Operators with functions of the user's. */
  readonly operators: readonly string[];
  /** Those of them that are called for each record, and not only as stream time goes on. */
  readonly perRecord: readonly string[];
  readonly sources: readonly string[];
  readonly batchInterval: number;
  /** Attempts of a task or tuple: an operator may throw once less in a row. */
  readonly attemptsMax: number;
}

const MODES: readonly Mode[] = ['micro-batch', 'record'];
/** Sources have 20 records at least, and ten times as many at most. */
export const RECORDS_MIN = 20;

/**
 * Expands a seed; `given` wins over what is drawn. Options and kinds of faults are drawn for each seed anew ("swarm"): a run in which
 * everything goes wrong at once hides what one fault by itself would show.
 */
export function scenarioOf(seed: number, target: Target, given: Partial<Scenario> = {}): Scenario {
  const random = prng(seed).fork('scenario');
  const drawn = {
    seed,
    mode: pick(random, MODES),
    guarantee: pick(random, target.guarantees),
    parallelism: 1 + random.below(3),
    chaining: random.below(4) !== 0,
    workers: random.below(2) === 0 ? 0 : 1 + random.below(3),
    records: RECORDS_MIN * (1 + random.below(10)),
    intake: pick(random, ['range', 'receiver'] as const),
    isReplayable: random.below(3) !== 0,
    snapshotBatches: 1 + random.below(6),
    snapshotTime: target.batchInterval * (1 + random.below(6)),
    segmentBytes: pick(random, [512, 4_096, 1 << 20]),
    microBatch: drawMicroBatch(random),
    record: drawRecord(random),
    delayMax: pick(random, [0, 0, 500, 20_000]),
    downtime: random.below(3) * target.batchInterval,
    ...given,
  };
  const faults = given.faults ?? drawFaults(prng(seed).fork('faults'), drawn, target);
  const scenario = withoutReplay(drawn) ? drawn : { ...drawn, isReplayable: true };
  return { ...scenario, faults, attemptsMax: attemptsFor(faults, target), record: patient(scenario, faults) };
}

function drawMicroBatch(random: Prng): Partial<MicroBatchOptions> {
  return {
    blockInterval: pick(random, [10_000, 50_000, 200_000]),
    blockRecordsMax: pick(random, [3, 20, 10_000]),
    receivedRecordsMax: pick(random, [10, 200_000]),
    cutSlack: pick(random, [0, 50_000]),
  };
}

function drawRecord(random: Prng): Partial<RecordOptions> {
  return {
    messageTimeout: pick(random, [200_000, 1_000_000, 5_000_000]),
    maxSpoutPending: pick(random, [1, 8, 64, 4_096]),
    ackers: 1 + random.below(3),
    ringCapacity: pick(random, [16, 1_024]),
    turnRecordsMax: pick(random, [1, 7, 1_000]),
    maxUncommitted: pick(random, [20, 1_000_000]),
    barrierTimeout: pick(random, [100_000, 10_000_000]),
    workerRowsMax: pick(random, [16, 65_536]),
  };
}

/** What cannot be read again is kept in the log of micro-batches, but not exactly once; record at a time nobody keeps it. */
function withoutReplay({ mode, guarantee }: Pick<Scenario, 'mode' | 'guarantee'>): boolean {
  return guarantee === 'at-most-once' || (mode === 'micro-batch' && guarantee === 'at-least-once');
}

/** Tuples on a worker that stands still, or on their way, time out again and again, and then count as given up. */
function patient({ record, delayMax, workers }: Omit<Scenario, 'faults' | 'attemptsMax'>, faults: FaultPlan) {
  const isSlow = workers > 0 && (delayMax > 0 || faults.some(({ kind }) => kind === 'stop' || kind === 'clog'));
  return isSlow ? { ...record, messageTimeout: SLOW_TIMEOUT, barrierTimeout: SLOW_TIMEOUT } : record;
}

/** Longer than the longest stop, and than it takes to find a worker lost (us). */
const SLOW_TIMEOUT = 60_000_000;

/** Every fault but the throwing functions may cost each tuple an attempt, and the functions may throw anew for each. */
function attemptsFor(faults: FaultPlan, { attemptsMax }: Target): number {
  const throws = faults.reduce((most, fault) => (fault.kind === 'throw' ? Math.max(most, fault.times) : most), 0);
  const others = faults.filter(({ kind }) => COSTS_ATTEMPTS.test(kind)).length;
  return attemptsMax + others * (1 + throws);
}

const COSTS_ATTEMPTS = /kill|terminate|stop|clog|jump|ack|fail|tuple/;

export function pick<T>(random: Prng, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}
