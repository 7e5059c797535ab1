/** The goals, and how each is read off the rounds. A number is judged by its median. */
import type { Measurement } from './measurement.js';
import { AGAINST_LOOPS, GROWTH_BOUNDS } from './operators.js';
import type { Rounds } from './rounds.js';
import { type Spread, spreadOf } from './statistics.js';
import { MICRO_BATCH_GOAL_MS, RECORD_AIM_MS, RECORD_GOAL_MS } from './variants/restart.js';

/** By which time ratios are made: the clock's, or the time that the main thread had a core. */
export type TimeOf = (measurement: Measurement) => number;

/** One line of the table of goals. */
export interface Goal {
  readonly what: string;
  readonly unit: '×' | '%' | 'ns' | 'B' | 'µs' | 'ms' | 'B a record';
  readonly better: 'higher' | 'lower';
  /** What must hold; undefined: nothing must. */
  readonly atLeast: number | undefined;
  readonly aim: number | undefined;
  /** The variants that must have run. */
  readonly of: readonly string[];
  readonly read: (rounds: Rounds, time: TimeOf) => readonly number[];
}

/** A goal with what was measured. */
export interface Judged {
  readonly goal: Goal;
  readonly measured: Spread;
  readonly isMet: boolean;
  readonly isAimMet: boolean;
}

/** How many times as much the variant gets done as the base, by round. */
function times(what: string, variant: string, base: string, atLeast?: number, aim?: number): Goal {
  const read = (rounds: Rounds, time: TimeOf): readonly number[] =>
    paired(rounds, variant, base).map(([own, other]) => time(other) / time(own));
  return { what, unit: '×', better: 'higher', atLeast, aim, of: [variant, base], read };
}

/** By how many per cent the rate falls from the base to the variant. */
function cost(what: string, variant: string, base: string, atMost?: number, aim?: number): Goal {
  const read = (rounds: Rounds, time: TimeOf): readonly number[] =>
    paired(rounds, variant, base).map(([own, other]) => (1 - time(other) / time(own)) * 100);
  return { what, unit: '%', better: 'lower', atLeast: atMost, aim, of: [variant, base], read };
}

/** How many times as much a unit of the variant's work takes as one of the base's. */
function growth(variant: string, base: string, atMost?: number): Goal {
  const read = (rounds: Rounds, time: TimeOf): readonly number[] =>
    paired(rounds, variant, base).map(([own, other]) => time(own) / own.count / (time(other) / other.count));
  const what = `${variant}, against ${base}`;
  return { what, unit: '×', better: 'lower', atLeast: atMost, aim: undefined, of: [variant, base], read };
}

/** A number that a variant gives by itself. */
function own(
  what: string,
  variant: string,
  unit: Goal['unit'],
  number: (measurement: Measurement, time: TimeOf) => number,
  atMost?: number,
  aim?: number,
): Goal {
  const read = (rounds: Rounds, time: TimeOf): readonly number[] =>
    rounds.get(variant)!.map((measurement) => number(measurement, time));
  return { what, unit, better: 'lower', atLeast: atMost, aim, of: [variant], read };
}

function paired(rounds: Rounds, variant: string, base: string): readonly (readonly [Measurement, Measurement])[] {
  const bases = rounds.get(base)!;
  return rounds.get(variant)!.map((measurement, round) => [measurement, bases[round]!] as const);
}

export const GOALS: readonly Goal[] = [
  times('micro-batch against the hand loop', 'micro-batch', 'hand-loop', 0.75, 0.9),
  times('micro-batch against the array-per-operator batch', 'micro-batch', 'array-batch', 1.8, 2.3),
  times('record, no acking, against the hand loop', 'record', 'hand-loop', 0.85, 0.95),
  times('record, no acking, against RxJS Subjects: word count', 'record', 'rx-subjects', 1.3, 1.5),
  times('record, no acking, against RxJS Subjects: null operators', 'null-record', 'null-rx-subjects', 4, 8),
  times('record with acking against RxJS Subjects: word count', 'record-acking', 'rx-subjects', 1.1, 1.3),
  times('record with acking against RxJS Subjects: null operators', 'null-record-acking', 'null-rx-subjects', 1.4, 2),
  cost('acking costs, chained', 'record-acking', 'record', 10, 5),
  cost('acking costs, a ring per edge', 'record-rings-acking', 'record-rings', 25, 12),
  own(
    'acker: an edge',
    'acker-slab',
    'ns',
    (measurement, time) => (time(measurement) / measurement.count) * 1e6,
    25,
    14,
  ),
  own('acker: a pending root', 'acker-slab', 'B', ({ numbers }) => numbers!['bytesPerRoot']!, 100),
  own('latency at half of the highest rate: p50', 'latency', 'µs', ({ numbers }) => numbers!['p50Us']!, 50, 10),
  own(
    'latency at half of the highest rate: p99',
    'latency',
    'ms',
    ({ numbers }) => numbers!['p99Us']! / 1_000,
    undefined,
    4,
  ),
  cost('write-ahead log: synced before each batch', 'log-synced', 'log-none', 25, 10),
  cost('write-ahead log: overlapped with the batch', 'log-overlapped', 'log-none', 18, 6),
  own('checkpoint of 1 M keys: longest pause', 'checkpoint', 'ms', ({ numbers }) => numbers!['pauseMs']!, 10, 2),
  own('checkpoint of 1 M keys: read and encoded', 'checkpoint', 'ms', ({ numbers }) => numbers!['wholeMs']!, 200, 80),
  own('checkpoint of 1 M keys: restored', 'checkpoint', 'ms', ({ numbers }) => numbers!['restoreMs']!, 2_000, 800),
  own(
    'increment with 1 % of 1 M keys changed, of a whole checkpoint: time',
    'checkpoint',
    '%',
    ({ numbers }) => (numbers!['incrementMs']! / numbers!['wholeMs']!) * 100,
    20,
    5,
  ),
  own(
    'increment with 1 % of 1 M keys changed, of a whole checkpoint: bytes',
    'checkpoint',
    '%',
    ({ numbers }) => numbers!['incrementShare']! * 100,
    5,
    1.5,
  ),
  times('state in lmdb against memory: 10 k keys', 'state-lmdb-few', 'state-memory-few'),
  times('state in lmdb against memory: 500 k keys', 'state-lmdb-many', 'state-memory-many'),
  times('two workers against one thread: round robin, merged', 'round-robin-workers', 'round-robin-thread', 1.5, 1.75),
  times('two workers against one thread: keyed', 'keyed-workers', 'keyed-thread', 1.05, 1.4),
  cost(
    'exactly-once against at-least-once: micro-batch',
    'micro-batch-exactly-once',
    'micro-batch-at-least-once',
    undefined,
    15,
  ),
  cost('exactly-once against at-least-once: record', 'record-exactly-once', 'record-at-least-once', undefined, 15),
  own(
    'heap growth over 10 M records: record',
    'heap-record',
    'B a record',
    ({ numbers }) => numbers!['bytesPerRecord']!,
    0.1,
  ),
  own(
    'heap growth over 10 M records: micro-batch',
    'heap-micro-batch',
    'B a record',
    ({ numbers }) => numbers!['bytesPerRecord']!,
    0.1,
  ),
  own(
    'driver restart to first new output, p95: micro-batch',
    'restart-micro-batch',
    'ms',
    ({ numbers }) => numbers!['p95Ms']!,
    MICRO_BATCH_GOAL_MS,
  ),
  own(
    'driver restart to first new output, p95: record',
    'restart-record',
    'ms',
    ({ numbers }) => numbers!['p95Ms']!,
    RECORD_GOAL_MS,
    RECORD_AIM_MS,
  ),
  ...AGAINST_LOOPS.map(([variant, base]) => times(`${variant} against the loop`, variant, base, 0.6)),
  ...GROWTH_BOUNDS.map(([variant, base, atMost]) => growth(variant, base, atMost)),
];

/**
 * How many times as much two cores could get done as the base does in this thread, by the CPU time of all threads of the variant. On a
 * machine that others use too, the clock says little about two threads; this says what they could come to at most.
 */
function onTwoCores(what: string, variant: string, base: string): Goal {
  const read = (rounds: Rounds): readonly number[] =>
    paired(rounds, variant, base).map(([own, other]) => other.onCoreMs / (own.numbers!['cpuMs']! / 2));
  return { what, unit: '×', better: 'higher', atLeast: undefined, aim: undefined, of: [variant, base], read };
}

/** Ratios without a goal, that tell what the goals leave open. */
export const RATIOS: readonly Goal[] = [
  times('combine loop by hand against the hand loop', 'combine-loop', 'hand-loop'),
  times('micro-batch, an interval for each batch, against the hand loop', 'micro-batch-combine', 'hand-loop'),
  times(
    'micro-batch, an interval for each batch, against the combine loop by hand',
    'micro-batch-combine',
    'combine-loop',
  ),
  times('micro-batch, runningReduce for each word, against the hand loop', 'micro-batch-running', 'hand-loop'),
  times('micro-batch, updateStateByKey, against the hand loop', 'micro-batch-update-state', 'hand-loop'),
  times('record, runningReduce for each word, against the hand loop', 'record-running', 'hand-loop'),
  times('record with a ring, no acking, against the hand loop', 'record-rings', 'hand-loop'),
  times('record with a ring and acking against RxJS Subjects: word count', 'record-rings-acking', 'rx-subjects'),
  times(
    'record with a ring, no acking, against RxJS Subjects: null operators',
    'null-record-rings',
    'null-rx-subjects',
  ),
  times(
    'record with a ring and acking against RxJS Subjects: null operators',
    'null-record-rings-acking',
    'null-rx-subjects',
  ),
  times('spout → bolt with acking against without', 'spout-bolt-acking', 'spout-bolt'),
  times('acker against BigInt and Map', 'acker-slab', 'acker-bigint'),
  cost('write-ahead log, overlapped, and snapshots', 'log-and-snapshots', 'log-none'),
  cost('journal, record at a time', 'journal', 'journal-none'),
  times('two threads by hand against the hand loop', 'hand-loop-two-threads', 'hand-loop-one-thread'),
  times('two workers, round robin, against one chain in one thread', 'round-robin-workers', 'one-partition'),
  onTwoCores('two workers, round robin: what their CPU time allows', 'round-robin-workers', 'round-robin-thread'),
  onTwoCores('two workers, keyed: what their CPU time allows', 'keyed-workers', 'keyed-thread'),
  times('two workers against one thread: record, keyed', 'keyed-record-workers', 'keyed-record-thread'),
  times('window of 64 slides against one of 4, with inverse', 'window-inverse-64', 'window-inverse-4'),
  times('window of 64 slides against one of 4, without inverse', 'window-64', 'window-4'),
  growth('1 M keys held: loop', '1 k keys held: loop'),
];

/** The goals whose variants ran. */
export function judge(goals: readonly Goal[], rounds: Rounds, time: TimeOf): readonly Judged[] {
  return goals
    .filter((goal) => goal.of.every((variant) => rounds.has(variant)))
    .map((goal) => {
      const measured = spreadOf(goal.read(rounds, time));
      const holds = (bound: number | undefined): boolean =>
        bound === undefined || (goal.better === 'higher' ? measured.median >= bound : measured.median <= bound);
      return { goal, measured, isMet: holds(goal.atLeast), isAimMet: holds(goal.aim) };
    });
}
