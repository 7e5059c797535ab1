/** What a seed stands for: options and faults, each from a stream of numbers of its own. */
import { type Prng, prng } from '../../core/prng.js';
import type { MicroBatchOptions, RecordOptions } from '../../executors/executor.js';
import type { Mode } from '../../runtime/events.js';
import type { FaultPlan } from '../../runtime/faults/fault-plan.js';
import { drawFaults } from './draw-faults.js';
import { pick, type Scenario, type Target } from './scenario.js';

const MODES: readonly Mode[] = ['micro-batch', 'record'];
/** Sources have 20 records at least, and ten times as many at most. */
const RECORDS_MIN = 20;

/**
 * Expands a seed; `given` wins over what is drawn. Options and kinds of faults are drawn for each seed anew ("swarm"): a run in which
 * everything goes wrong at once hides what one fault by itself would show.
 */
export function scenarioOf(
  seed: number,
  target: Target,
  given: Partial<Scenario> = {},
  ackOn?: RecordOptions['ackOn'],
): Scenario {
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
    diskDelayMax: pick(random, [0, 0, 1_000, 100_000]),
    increments: pick(random, [0, 1, 3, 10]),
    ...given,
  };
  // Of a stream of its own, and by the workers that there are in the end: one batch at a time needs none.
  drawn.microBatch = { ...drawn.microBatch, ...drawOverlap(prng(seed).fork('overlap'), drawn.workers) };
  if (ackOn !== undefined) drawn.record = { ...drawn.record, ackOn, ...(ackOn === 'expiry' ? ROOM_FOR_WINDOWS : {}) };
  const faults = given.faults ?? drawFaults(prng(seed).fork('faults'), drawn, target);
  return {
    ...drawn,
    faults,
    attemptsMax: attemptsFor(faults, drawn.workers),
    record: roomy(patient(drawn, faults), target),
  };
}

/** Fewer than what a window holds would be refused. */
const ROOM_FOR_WINDOWS: Partial<RecordOptions> = { maxUncommitted: 1_000_000 };

function drawMicroBatch(random: Prng): Partial<MicroBatchOptions> {
  return {
    blockInterval: pick(random, [10_000, 50_000, 200_000]),
    blockRecordsMax: pick(random, [3, 20, 10_000]),
    receivedRecordsMax: pick(random, [10, 200_000]),
    cutSlack: pick(random, [0, 50_000]),
  };
}

/** How far batches overlap. Nothing takes time in a simulation but messages and faults, so that stragglers are looked for soon. */
function drawOverlap(random: Prng, workers: number): Partial<MicroBatchOptions> {
  const concurrentJobs = pick(random, [1, 1, 2, 4]);
  const speculation = random.below(2) === 0;
  const speculationInterval = pick(random, [1_000, 20_000, 100_000]);
  return {
    ...(workers === 0 ? {} : { concurrentJobs }),
    ...(workers < 2 ? {} : { speculation, speculationInterval }),
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

/** Tuples on a worker that stands still, or that wait for their way, time out again and again, and then count as given up. */
function patient({ record, delayMax, workers }: Omit<Scenario, 'faults' | 'attemptsMax'>, faults: FaultPlan) {
  if (workers === 0) return record;
  if (faults.some(({ kind }) => kind === 'stop' || kind === 'clog'))
    return { ...record, messageTimeout: SLOW_TIMEOUT, barrierTimeout: SLOW_TIMEOUT };
  const least = 50 * delayMax;
  return {
    ...record,
    messageTimeout: Math.max(record.messageTimeout ?? 0, least),
    barrierTimeout: Math.max(record.barrierTimeout ?? 0, least),
  };
}

/** Windows hold tuples, and replays come on top of the time that they take anyway. */
function roomy(record: Scenario['record'], { held = { time: 0, tuples: 0 } }: Target): Scenario['record'] {
  const { messageTimeout = 0, maxSpoutPending = 0 } = record;
  return {
    ...record,
    ...(messageTimeout < 2 * held.time ? { messageTimeout: 2 * held.time } : {}),
    ...(maxSpoutPending < held.tuples ? { maxSpoutPending: held.tuples } : {}),
  };
}

/** Longer than the longest stop, and than it takes to find a worker lost (us). */
const SLOW_TIMEOUT = 60_000_000;

/**
 * As many attempts as these faults can use up, and not one more: a fault costs each tuple one, but for a clog, in which each worker may be
 * lost; and functions may throw anew for each delivery.
 */
function attemptsFor(faults: FaultPlan, workers: number): number {
  const throws = faults.reduce((most, fault) => (fault.kind === 'throw' ? Math.max(most, fault.times) : most), 0);
  const others = faults.reduce(
    (sum, { kind }) => sum + (kind === 'clog' ? workers : COSTS_ATTEMPT.test(kind) ? 1 : 0),
    0,
  );
  return 1 + others + throws * (1 + others) * Math.max(1, workers);
}

const COSTS_ATTEMPT = /kill|terminate|stop|jump|ack|fail|tuple/;
