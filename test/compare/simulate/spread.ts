/** A job with stages of several tasks without state, so that slow tasks may have twins. */
import { seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

const parts = [0, 1, 2, 3].map((part) => Array.from({ length: 50 }, (_, i) => 4 * i + part));

export default topology('spread', { batchInterval: seconds(0.2) }, (t) => {
  const numbers = t.source('numbers', memory.partitions(parts)).map((n) => n * 3, { uid: 'thrice' });
  numbers
    .repartition(3, { uid: 'spread' })
    .filter((n) => n % 2 === 0, { uid: 'even' })
    .to('even', none());
  numbers
    .map((n) => [n % 5, 1] as const, { uid: 'pairs' })
    .runningReduce({ uid: 'counts', reduce: (a, b) => a + b })
    .to('counts', none());
});
