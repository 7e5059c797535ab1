/** The oracle's operators that depend on the order of arrival: running totals, the user's `process`, event time. */
import type { Key } from '../../core/keys.js';
import type { Heartbeat } from '../../runtime/source.js';
import type { ProcessContext, ProcessOptions } from '../../topology/process.js';
import { derive, type Item, type KeyRun, type Pair } from './item.js';

/** The total so far, for each record of one key. */
export function runKey(items: readonly Item[], reduce: (a: never, b: never) => unknown): KeyRun {
  const results: Item[] = [];
  for (const item of items) {
    const [key, value] = item.value as Pair;
    const before = results.at(-1);
    const total = before ? reduce((before.value as Pair)[1], value) : value;
    results.push({ ...item, value: [key, total], scale: (before?.scale ?? 0) + item.scale });
  }
  return { results, state: (results.at(-1)?.value as Pair | undefined)?.[1] };
}

/** The user's functions on one key: due timers before each record, those up to the final watermark at the end. */
export function processKey(
  items: readonly Item[],
  onRecord: ProcessOptions<Key, unknown, unknown, unknown>['onRecord'],
  onTimer: ProcessOptions<Key, unknown, unknown, unknown>['onTimer'],
  final: number,
): KeyRun {
  const results: Item[] = [];
  const timers = new Set<number>();
  const context = { key: (items[0]!.value as Pair)[0], timestamp: 0, state: undefined as unknown, cause: items[0]! };
  const handle: ProcessContext<Key, unknown, unknown> = {
    get key() {
      return context.key;
    },
    get timestamp() {
      return context.timestamp;
    },
    get state() {
      return context.state;
    },
    setState: (state) => {
      context.state = state;
    },
    emit: (value) => {
      results.push({ ...derive(context.cause, value), timestamp: context.timestamp });
    },
    setTimer: (time) => {
      timers.add(ahead(time));
    },
    deleteTimer: (time) => {
      timers.delete(ahead(time));
    },
  };
  // A timer cannot fire at once: one set at or before the time at hand is due 1 us after it.
  const ahead = (time: number): number => Math.max(time, context.timestamp + 1);
  const fireUntil = (limit: number): void => {
    for (let due = Math.min(...timers); due <= limit && timers.size > 0; due = Math.min(...timers)) {
      timers.delete(due);
      context.timestamp = due;
      context.cause = { ...context.cause, arrival: due, windowEnd: Number.NaN };
      onTimer?.(handle);
    }
  };
  for (const item of items) {
    fireUntil(item.timestamp);
    context.timestamp = item.timestamp;
    context.cause = item;
    onRecord((item.value as Pair)[1], handle);
  }
  fireUntil(final);
  return { results, state: context.state };
}

/** Event time of one partition: who is late, and the watermark in the end. */
export function timePartition(
  items: readonly Item[],
  heartbeats: readonly Heartbeat[],
  extract: (value: never) => number,
  maxOutOfOrderness: number,
  idleTimeout = Number.POSITIVE_INFINITY,
): {
  readonly kept: readonly Item[];
  readonly late: readonly Item[];
  readonly highest: number;
  readonly final: number;
} {
  const [kept, late]: [Item[], Item[]] = [[], []];
  let [highest, watermark, lastIngest, beats] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0];
  const beatUntil = (sequence: number): void => {
    for (; beats < heartbeats.length && heartbeats[beats]!.at <= sequence; beats++) {
      const idle = heartbeats[beats]!.watermark - lastIngest;
      if (idle >= idleTimeout) watermark = Math.max(watermark, highest - maxOutOfOrderness + idle);
    }
  };
  for (const item of items) {
    beatUntil(item.sequence);
    const timestamp = extract(item.value as never);
    lastIngest = item.arrival;
    if (timestamp < watermark) {
      late.push({ ...item, timestamp: watermark });
      continue;
    }
    kept.push({ ...item, timestamp });
    highest = Math.max(highest, timestamp);
    watermark = Math.max(watermark, highest - maxOutOfOrderness);
  }
  beatUntil(Number.POSITIVE_INFINITY);
  return { kept, late, highest, final: watermark };
}
