/** A job with a bug of its user's: what it gives depends on how often it ran. */
import { seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

let calls = 0;

export default topology('unsteady', { batchInterval: seconds(0.5) }, (t) => {
  t.source('numbers', memory(Array.from({ length: 200 }, (_, i) => i)))
    .map((n) => [n % 5, n + calls++ * 1_000_000] as const, { uid: 'keys' })
    .runningReduce({ uid: 'totals', reduce: (a, b) => a + b })
    .to('totals', none());
});
