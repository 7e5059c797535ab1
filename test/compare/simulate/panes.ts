/** A job all of whose state ends with its windows: event time, windows of windows with and without inverse, a join, and results per record. */
import { millis, seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

interface Reading {
  readonly at: number;
  readonly place: string;
  readonly drops: number;
}

const START = 1_767_225_600_000_000;
const PLACES = ['hill', 'lake', 'town', 'wood'];

/** Readings come every 40 ms; some are behind the others, a few so far that they are late. */
function timeOf(index: number): number {
  const behind = index % 7 === 3 ? 250_000 : index % 23 === 11 ? 900_000 : 0;
  return START + Math.max(0, index * 40_000 - behind);
}

const readings = [0, 1].map((part) =>
  Array.from({ length: 100 }, (_, i): Reading => {
    const n = 2 * i + part;
    return { at: timeOf(n), place: PLACES[(n * 7 + part) % PLACES.length]!, drops: 1 + ((n * 13) % 50) };
  }),
);
const lightnings = Array.from({ length: 200 }, (_, i): readonly [string, number] => [PLACES[(i * i) % 3]!, i]);

export default topology('panes', { batchInterval: seconds(0.5) }, (t) => {
  const rain = t
    .source('readings', memory.partitions(readings))
    .timestamps({ uid: 'reading-time', extract: ({ at }) => at, maxOutOfOrderness: millis(400) })
    .map(({ place, drops }) => [place, drops] as const, { uid: 'drops' });
  const sums = rain.reduceByKeyAndWindow({
    uid: 'sums',
    window: seconds(2),
    slide: seconds(0.5),
    reduce: (a, b) => a + b,
    inverse: (total, left) => total - left,
  });
  sums.to('sums', none());
  sums
    .reduceByKeyAndWindow({ uid: 'most', window: seconds(1), slide: seconds(1), reduce: (a, b) => Math.max(a, b) })
    .to('most', none());
  rain.filter(([, drops]) => drops > 45, { uid: 'heavy' }).to('alarms', none());

  const strikes = t.source('strikes', memory(lightnings)).map(([place]) => [place, 1] as const, { uid: 'places' });
  strikes.reduceByKey({ uid: 'strikes', reduce: (a, b) => a + b }).to('strikes', none());
});
