/** The oracle's operators that depend on the order of arrival: running totals, the user's `process`, event time. */
import { encodeKey, type Key } from '../../core/keys.js';
import type { Heartbeat } from '../../runtime/source.js';
import type { ProcessContext, ProcessOptions } from '../../topology/process.js';
import type { State } from '../../topology/state-spec.js';
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

/**
 * `mapWithState` on one key: results are `[0, result]`, changes of the state `[1, [state]]` or `[1, []]`. A timeout comes before the first
 * record at or beyond it, and up to the final watermark.
 */
export function mapStateKey(
  items: readonly Item[],
  map: (key: Key, value: unknown, state: State<unknown>, time: number) => unknown,
  timeout: number,
  final: number,
  initial?: ReadonlyMap<string, unknown>,
): KeyRun {
  const results: Item[] = [];
  const key = (items[0]!.value as Pair)[0];
  let [kept, youngest]: [state: unknown[], youngest: number] = [[], Number.NEGATIVE_INFINITY];
  let first = initial?.get(encodeKey(key));
  const call = (cause: Item, value: unknown, time: number, isTimingOut: boolean, before = kept): void => {
    const result = map(
      key,
      value,
      stateOf(
        () => kept,
        (after) => {
          kept = after;
        },
        isTimingOut,
      ),
      time,
    );
    if (isTimingOut) kept = [];
    if (result !== undefined) results.push({ ...derive(cause, [0, result]), timestamp: time });
    if (kept !== before)
      results.push({ ...derive(cause, [1, [key, kept]]), timestamp: Math.max(youngest, time), windowEnd: Number.NaN });
  };
  let lastArrival = Number.NEGATIVE_INFINITY;
  // Event time may be far from when a record came: a timeout still stands behind the record that it followed, and before the one that it precedes.
  const timeOutUntil = (limit: number, cause: Item, nextArrival: number): void => {
    const due = youngest + timeout;
    if (kept.length === 0 || due > limit) return;
    const arrival = Math.min(Math.max(due, lastArrival), nextArrival);
    call({ ...cause, arrival, windowEnd: Number.NaN }, undefined, due, true);
  };
  for (const item of items) {
    timeOutUntil(item.timestamp, item, item.arrival);
    lastArrival = item.arrival;
    if (kept.length === 0) youngest = item.timestamp;
    const before = kept;
    if (first !== undefined) kept = [first];
    first = undefined;
    youngest = Math.max(youngest, item.timestamp);
    call(item, (item.value as Pair)[1], item.timestamp, false, before);
  }
  timeOutUntil(final, items.at(-1)!, Number.POSITIVE_INFINITY);
  return { results, state: kept[0] };
}

function stateOf(get: () => unknown[], set: (state: unknown[]) => void, isTimingOut: boolean): State<unknown> {
  const only = (): unknown => get()[0];
  const update = (state: unknown): void => set([state]);
  return {
    exists: () => get().length > 0,
    get: only,
    getOption: only,
    update,
    remove: () => set([]),
    isTimingOut: () => isTimingOut,
  };
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
