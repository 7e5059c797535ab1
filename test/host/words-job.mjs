/** A job for the tests of workers. JavaScript, which neither loader of TypeScript changes: both sides get the same function text. */
import { millis, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

export default topology('words', { batchInterval: millis(100) }, (t) => {
  t.source('lines', memory(['rain gauge']))
    .flatMap((line) => line.split(' '))
    .countByValue()
    .to('counts', none());
});

/** Another one each time it is loaded. */
export const changing = topology('changing', { batchInterval: millis(1 + (process.pid % 1_000)) }, (t) => {
  t.source('lines', memory(['rain'])).to('out', none());
});
