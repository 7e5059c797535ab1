/**
 * A week of earthquakes as the network told of them: by the time when the ground shook, and by the time when the entry came.
 *
 * Entries come in the order of their latest update, hours or days behind the event, so three of four are out of order. Day by event time
 * and day by update time are different counts; what comes more than half a day behind the newest event is late, and told apart.
 * Data: USGS all_week feed of 2018-02-07, public domain, from the npm package `vega-datasets`.
 */
import { readFileSync } from 'node:fs';
import { minutes, seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

const DAY = minutes(24 * 60);

/** One entry of the feed. Times in us. */
interface Quake {
  readonly updated: number;
  readonly time: number;
  readonly magnitude: number;
}

export default topology('late-earthquakes', { batchInterval: seconds(0.5) }, (t) => {
  const quakes = t.source('quakes', memory(entries()));
  const happened = quakes.timestamps({ extract: (quake) => quake.time, maxOutOfOrderness: minutes(12 * 60) });
  const told = quakes.timestamps({ extract: (quake) => quake.updated, maxOutOfOrderness: minutes(0) });

  happened
    .map(({ magnitude }) => [Math.max(0, Math.floor(magnitude)), 1] as const)
    .reduceByKeyAndWindow({ uid: 'happened', window: DAY, slide: DAY, reduce: (a, b) => a + b })
    .to('happened', stdout());
  told
    .map(({ magnitude }) => [Math.max(0, Math.floor(magnitude)), 1] as const)
    .reduceByKeyAndWindow({ uid: 'told', window: DAY, slide: DAY, reduce: (a, b) => a + b })
    .to('told', stdout());
  happened.late.map(({ updated, time }) => Math.floor((updated - time) / 3_600_000_000)).to('late', stdout());
});

/** The feed in the order in which its entries were last updated. @throws when the dev dependency is not installed. */
function entries(): readonly Quake[] {
  const file = new URL('../data/earthquakes.json', import.meta.resolve('vega-datasets'));
  const { features } = JSON.parse(readFileSync(file, 'utf8')) as Feed;
  return features
    .map(({ properties: { updated, time, mag } }) => ({ updated: updated * 1_000, time: time * 1_000, magnitude: mag }))
    .sort((a, b) => a.updated - b.updated);
}

/** What is read of the feed. Times in ms. */
interface Feed {
  readonly features: readonly {
    readonly properties: { readonly updated: number; readonly time: number; readonly mag: number };
  }[];
}
