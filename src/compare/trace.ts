/** A trace: the recorded input with its stream times and heartbeats, the same for both modes and the oracle. Plain data. */
import { assert } from '../core/assert.js';
import { prng } from '../core/prng.js';
import { firstMultipleAbove, floorTo } from '../core/time.js';
import type { Heartbeat } from '../runtime/source.js';

/** One partition's sequence. A heartbeat's `at` is the offset of the record that it precedes. */
export interface PartitionTrace {
  readonly values: readonly unknown[];
  /** Stream time of each value (us). */
  readonly timestamps: Float64Array;
  readonly heartbeats: readonly Heartbeat[];
}

/** One source's partitions. */
export interface SourceTrace {
  readonly name: string;
  readonly partitions: readonly PartitionTrace[];
}

/** Everything that came in. */
export interface Trace {
  readonly sources: readonly SourceTrace[];
}

/** A trace on the driver's schedule. */
export interface TimedTrace extends Trace {
  /** Stream time S0 of the schedule's beginning, a multiple of all slides (us). */
  readonly start: number;
  /** Stream time of the last heartbeat, the first multiple of the batch interval above all records (us). */
  readonly end: number;
}

/** What was read of one source, partition by partition, without times. */
export interface RecordedSource {
  readonly name: string;
  readonly partitions: readonly (readonly unknown[])[];
}

/** How records get their times. */
export interface Schedule {
  /** Records a second of each source. */
  readonly rate: number;
  readonly batchInterval: number;
  /** Every slide of the job (us). */
  readonly slides: readonly number[];
  readonly seed: number;
}

/** 2026-01-01T00:00:00Z (us): stream time under `compare` begins at the first multiple of all slides from here on. */
export const STREAM_EPOCH = 1_767_225_600_000_000;

/**
 * Puts records on their schedule.
 *
 * 1. Record i of a source is due at S0 + phase + i / rate, whichever partition it is in; partitions take turns.
 * 2. The phase comes from seed and source, anywhere in a batch interval: else the phase is what would be measured.
 * 3. Each partition gets a heartbeat at each multiple of the batch interval, the last one above all records.
 */
export function layOut(sources: readonly RecordedSource[], schedule: Schedule): TimedTrace {
  const { rate, batchInterval, slides, seed } = schedule;
  const start = firstMultipleFrom(STREAM_EPOCH, [batchInterval, ...slides].reduce(leastCommonMultiple, 1));
  const timed = sources.map(({ name, partitions }) => {
    const phase = prng(seed).fork(`phase of ${name}`).below(batchInterval);
    return { name, partitions: timesOf(partitions, start + phase, rate) };
  });
  const last = Math.max(
    start,
    ...timed.flatMap(({ partitions }) => partitions.map((part) => part.timestamps.at(-1) ?? start)),
  );
  const end = firstMultipleAbove(last, batchInterval);
  const withBeats = timed.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((part) => ({
      ...part,
      heartbeats: heartbeatsOf(part.timestamps, start, end, batchInterval),
    })),
  }));
  return { sources: withBeats, start, end };
}

/** The records of the first so many microseconds on their schedule. */
export function beginningOf(sources: readonly RecordedSource[], duration: number, schedule: Schedule): TimedTrace {
  const most = Math.ceil((schedule.rate * duration) / 1e6);
  const first = sources.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((values) => values.slice(0, Math.ceil(most / partitions.length))),
  }));
  return layOut(first, schedule);
}

/** The number of records of one source. */
export function recordsOf(source: SourceTrace): number {
  return source.partitions.reduce((sum, partition) => sum + partition.values.length, 0);
}

/** The number of records of all sources. */
export function recordCount(trace: Trace): number {
  return trace.sources.reduce((sum, source) => sum + recordsOf(source), 0);
}

/** Partitions take turns; one that has no more is passed over. */
function timesOf(partitions: readonly (readonly unknown[])[], first: number, rate: number) {
  const timed = partitions.map((values) => ({ values, timestamps: new Float64Array(values.length) }));
  let due = 0;
  for (let offset = 0; timed.some(({ values }) => values.length > offset); offset++) {
    for (const { values, timestamps } of timed) {
      if (values.length > offset) timestamps[offset] = first + Math.floor((due++ * 1e6) / rate);
    }
  }
  return timed;
}

function heartbeatsOf(
  timestamps: Float64Array,
  start: number,
  end: number,
  batchInterval: number,
): readonly Heartbeat[] {
  const heartbeats: Heartbeat[] = [];
  let at = 0;
  for (let watermark = start + batchInterval; watermark <= end; watermark += batchInterval) {
    while (at < timestamps.length && timestamps[at]! < watermark) at++;
    heartbeats.push({ at, watermark });
  }
  return heartbeats;
}

function firstMultipleFrom(time: number, step: number): number {
  const below = floorTo(time, step);
  return below === time ? time : below + step;
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
  const multiple = (a / divisor) * b;
  assert(Number.isSafeInteger(multiple), 'the slides have no common multiple that fits a timestamp');
  return multiple;
}
