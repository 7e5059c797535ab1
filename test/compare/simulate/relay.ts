/** A job without state: lost tasks come back alone, and trees are replayed one by one. */
import { seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

const readings = [0, 1].map((part) =>
  Array.from({ length: 100 }, (_, i) => ({ part, degrees: ((2 * i + part) * 37) % 90 })),
);

export default topology('relay', { batchInterval: seconds(0.5) }, (t) => {
  const { hot, cold } = t
    .source('readings', memory.partitions(readings))
    .map(({ part, degrees }) => ({ part, fahrenheit: degrees * 1.8 + 32 }), { uid: 'convert' })
    .branch({ hot: ({ fahrenheit }) => fahrenheit > 120, cold: () => true }, { uid: 'split' });
  hot.to('hot', none());
  cold
    .flatMap(({ part, fahrenheit }) => Array.from({ length: part + 1 }, () => fahrenheit), { uid: 'spread' })
    .to('cold', none());
});
