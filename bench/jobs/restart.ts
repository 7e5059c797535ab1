/** The job whose driver is killed: each result tells which record of its key it is of, so that one that was not there before is known. */
import { seconds, type Topology, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { generator } from 'raingauge/sources';

/** More records than any measurement waits for. */
const RECORDS = 100_000_000;
const KEYS = 1_000;
/** The batch interval (ms). */
export const BATCH_MS = 500;

export default topology('restart', { batchInterval: seconds(BATCH_MS / 1_000) }, (t) => {
  t.source(
    'numbers',
    generator((index) => index, { count: RECORDS }),
  )
    .map((n) => [n % KEYS, 1] as const)
    .runningReduce({ uid: 'totals', reduce: (a, b) => a + b })
    .to('out', stdout());
}) satisfies Topology;
