/** The smallest topology of the low level: one spout, one bolt, a ring between them, and a tuple that carries nothing. */
import { type Bolt, type RunOptions, type Spout, topology } from 'raingauge';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { runToEnd } from '../run-job.js';

interface Nothing {
  readonly nothing: null;
}

const NOTHING: Nothing = { nothing: null };

/** Every tuple is acked, but nobody waits for it. */
export function withoutAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, { mode: 'record', record: { acking: false } });
}

/** Every tuple has a tree; the spout hears `ack` for each. */
export function withAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, { mode: 'record' });
}

async function measured({ lines }: VariantInput, options: RunOptions): Promise<Measurement> {
  let executed = 0;
  let acked = 0;
  const spout = (): Spout<Nothing> => {
    let next = 0;
    return {
      nextTuple: (collector) => {
        if (next === lines) return 'done';
        collector.emit(NOTHING, next++);
        return undefined;
      },
      ack: () => {
        acked += 1;
      },
    };
  };
  const bolt = (): Bolt<Nothing> => ({
    execute: (tuple, collector) => {
      executed += 1;
      collector.ack(tuple);
    },
  });
  const job = topology('spout-bolt', (t) => {
    const from = t.setSpout('spout', spout);
    t.setBolt('bolt', bolt).shuffleGrouping(from);
  });
  collectGarbage();
  const stop = startTimer();
  await runToEnd(job, options);
  return { ...stop(), count: lines, checksum: `${executed} executed, ${acked} acked` };
}
