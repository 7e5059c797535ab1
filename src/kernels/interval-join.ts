/** Joins two streams by how near in time their records are. Knows no slide. */
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { Sided } from './derived-map.js';
import type { Kernel, KernelSetup } from './kernel.js';
import { isPair, notAPair } from './shapes.js';

/** In us: a right record at `t` meets left ones from `t - after` to `t + before`. */
export interface IntervalJoinParameters {
  readonly before: number;
  readonly after: number;
}

/** A record that may still meet others. */
type Waiting = readonly [side: 0 | 1, time: Timestamp, value: unknown];

/**
 * Gives `[key, [left, right]]` for each two records of a key where `left - before <= right <= left + after`, in stream time.
 *
 * 1. A record meets those of the other side that are there already: so each two meet once, when the later one arrives.
 * 2. A result carries the higher of both timestamps.
 * 3. A record is forgotten when the watermark says that no partner can come any more.
 *
 * Keeps the records of about `before + after` of stream time. @throws StreamError `RG032` for a record that is no pair.
 * Source: Flink `IntervalJoin`.
 */
export function createIntervalJoin(setup: KernelSetup<object, IntervalJoinParameters>): Kernel {
  const { parameters, store, context, emit } = setup;
  const { before, after } = parameters;
  const pane = before + after + 1;
  const reach = Math.max(before, after);
  let lowest = store.panes()[0] ?? Number.POSITIVE_INFINITY;

  const meet = (key: Key, side: 0 | 1, time: Timestamp, value: unknown): void => {
    const [from, to] = side === 0 ? [time - before, time + after] : [time - after, time + before];
    for (let number = Math.floor(from / pane); number * pane <= to; number++) {
      const cell = store.peek(number)?.get(key);
      if (cell === undefined) continue;
      const waiting = cell.value as readonly Waiting[];
      for (let i = 0; i < cell.count; i++) {
        const [otherSide, otherTime, other] = waiting[i]!;
        if (otherSide === side || otherTime < from || otherTime > to) continue;
        context.timestamp = Math.max(time, otherTime);
        context.windowEnd = Number.NaN;
        emit([key, side === 0 ? [value, other] : [other, value]]);
      }
    }
  };

  return {
    onRecord(value) {
      if (!isPair(value)) throw notAPair(value);
      const [key, [side, own]] = value as readonly [Key, Sided];
      const { timestamp, windowEnd } = context;
      meet(key, side, timestamp, own);
      context.timestamp = timestamp;
      context.windowEnd = windowEnd;
      const number = Math.floor(timestamp / pane);
      lowest = Math.min(lowest, number);
      store.space(number).append(key, [side, timestamp, own] satisfies Waiting);
    },
    advance(watermark) {
      if ((lowest + 1) * pane + reach > watermark) return true;
      for (const number of store.panes()) if ((number + 1) * pane + reach <= watermark) store.drop(number);
      lowest = store.panes()[0] ?? Number.POSITIVE_INFINITY;
      return true;
    },
    endOfInput: () => true,
  };
}
