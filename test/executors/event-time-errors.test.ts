/** Event time around a function that throws once: what is late is what is late without that. */
import { expect, it } from 'vitest';
import { millis, seconds, topology } from '../../src/index.js';
import { none } from '../../src/sinks.js';
import { memory } from '../../src/sources.js';
import { CapturedSink } from '../../src/testing/captured-sink.js';
import { TimedPartition } from '../../src/testing/timed-partition.js';
import { startVirtual } from '../../src/testing/virtual-run.js';

/** The second makes the third late. They are there at once, so a replay comes behind all of them. */
const values = [0, 800, 500, 900];
const sequence = { values, timestamps: values.map(() => 0), heartbeats: [] };

it.each([
  ['extract', 'micro-batch'],
  ['extract', 'record'],
  ['a function behind it', 'micro-batch'],
  ['a function behind it', 'record'],
] as const)('%s throws once, %s', async (where, mode) => {
  let thrown = 0;
  const throwing = (place: string, time: number): number => {
    if (place === where && time === 800 && thrown++ === 0) throw new Error('once');
    return time;
  };
  const job = topology('late', { batchInterval: seconds(1) }, (t) => {
    const timed = t.source('in', memory<number>([])).timestamps({
      extract: (time) => millis(throwing('extract', time)),
      maxOutOfOrderness: millis(100),
    });
    timed.map((time) => throwing('a function behind it', time)).to('in time', none());
    timed.late.to('late', none());
  });
  const sinks = new Map(['in time', 'late'].map((name) => [name, new CapturedSink('record')]));
  const run = await startVirtual(job, (world) => {
    const partitions = [new TimedPartition(sequence, world, { ends: true })];
    return { mode, readers: new Map([['in', { partitions, close: async () => undefined }]]), writers: sinks };
  });
  const { outcome } = await run.end();
  const all = (sink: string) => sinks.get(sink)!.results.map(({ value, timestamp }) => [value, timestamp]);
  expect([outcome, thrown]).toEqual(['finished', 2]);
  expect(all('late')).toEqual([[500, millis(700)]]);
  expect(all('in time').toSorted()).toEqual([0, 800, 900].map((time) => [time, millis(time)]));
});
