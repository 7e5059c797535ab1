/** What `mapWithState` costs when many keys are held and few are touched: records must count, and keys must not. */
import { type RunOptions, seconds, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { collectGarbage, type Measurement, startTimer, type Variant } from '../measurement.js';
import { INTERVAL, preparedReader } from '../prepared-reader.js';
import { runToEnd } from '../run-job.js';

/** Records of an interval, each of another key. */
const TOUCHED = 1_000;
/** Intervals that are timed: from the first result of the first to the first of the one behind the last. */
const TIMED = 3_000;
/** Intervals that come before them once all keys are held, so that the code is warm. */
const WARM = 50;

/**
 * Fills the state with so many keys, a record each; then the same thousand of them are touched in each interval. Were they others each time,
 * the processor's caches would be measured: a plain `Map` of a million keys is then fifteen times as slow as one of a thousand. It is slower
 * in this way too, which `keysHeldByHand` tells.
 */
export function keysHeld(held: number, mode: RunOptions['mode']): Variant {
  return async (): Promise<Measurement> => {
    const filled = (held / TOUCHED + WARM) * INTERVAL;
    const last = filled + TIMED * INTERVAL;
    let stop: ReturnType<typeof startTimer> | undefined;
    let time = { ms: 0, onCoreMs: 0 };
    let sum = 0;
    const job = topology('keys-held', { batchInterval: seconds(1) }, (t) => {
      t.source('keys', memory<number>([]))
        .keyBy((key) => key)
        .mapWithState<number, number>({
          map: (_key, _value, state) => {
            const count = (state.getOption() ?? 0) + 1;
            state.update(count);
            return count;
          },
        })
        .to(
          'out',
          foreach((count, { timestamp }) => {
            sum += count;
            if (timestamp === filled && stop === undefined) {
              collectGarbage(); // what filling left is no part of it
              stop = startTimer();
            }
            if (timestamp === last && time.ms === 0) time = stop!();
          }),
        );
    });
    const reader = preparedReader(keysOf(held), { intervalRecords: TOUCHED });
    const microBatch = { trigger: 'available', batchRecordsMax: TOUCHED, blockRecordsMax: TOUCHED } as const;
    await runToEnd(job, { mode, microBatch, record: { acking: false }, readers: new Map([['keys', reader]]) });
    return { ...time, count: TIMED, checksum: `${held} keys: ${sum}` };
  };
}

/** The same in a loop over a `Map`. */
export function keysHeldByHand(held: number): Variant {
  return (): Measurement => {
    const keys = keysOf(held);
    const counts = new Map<number, { n: number }>();
    let sum = 0;
    let stop: ReturnType<typeof startTimer> | undefined;
    const from = held + WARM * TOUCHED;
    for (let i = 0; i < from + TIMED * TOUCHED; i++) {
      if (i === from) {
        collectGarbage();
        stop = startTimer();
      }
      const count = counts.get(keys[i]!);
      if (count === undefined) counts.set(keys[i]!, { n: 1 });
      else count.n += 1;
      sum += count?.n ?? 1;
    }
    return { ...stop!(), count: TIMED, checksum: `${held} keys: ${sum}` };
  };
}

/** Each key once, and then the same thousand, spread over all, for each interval. */
function keysOf(held: number): readonly number[] {
  return Array.from({ length: held + (WARM + TIMED + 1) * TOUCHED }, (_, i) =>
    i < held ? i : (i % TOUCHED) * (held / TOUCHED),
  );
}
