/** Null operators: 1 record → 10 children → counted. No payload, no work: what is left is the model's own cost. */

import { type RunOptions, type Stream, seconds, type Topology, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { Subject } from 'rxjs';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { runToEnd } from '../run-job.js';

/** The children of every record. */
const CHILDREN: readonly null[] = new Array<null>(10).fill(null);
/** A root costs so little that three times the lines of a word count are needed to measure it. */
const ROOTS_PER_LINE = 3;

/** A `Subject` for each of the two edges. */
export function rxSubjects({ lines }: VariantInput): Measurement {
  const roots = lines * ROOTS_PER_LINE;
  const source = new Subject<null>();
  const children = new Subject<null>();
  let counted = 0;
  source.subscribe(() => {
    for (let i = 0; i < CHILDREN.length; i++) children.next(CHILDREN[i]!);
  });
  children.subscribe(() => {
    counted += 1;
  });
  collectGarbage();
  const stop = startTimer();
  for (let i = 0; i < roots; i++) source.next(null);
  return { ...stop(), count: roots, checksum: String(counted) };
}

/** One chain; nothing tracked. */
export function recordWithoutAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, (children, count) => children.to('out', foreach(count)), {
    mode: 'record',
    record: { acking: false },
  });
}

/** One chain, as it is without any option. */
export function recordWithAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, (children, count) => children.to('out', foreach(count)), { mode: 'record' });
}

/** A ring in front of the operator that counts; nothing tracked. */
export function recordRingsWithoutAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, perInterval, { mode: 'record', chaining: false, record: { acking: false } });
}

/** A ring in front of the operator that counts: an id and an ack for each child. */
export function recordRingsWithAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, perInterval, { mode: 'record', chaining: false });
}

/** `count` reads through an exchange, so it has a ring in front; it tells the number of each interval. */
function perInterval(children: Stream<null>, count: (by: number) => void): unknown {
  return children.count().to(
    'out',
    foreach((n) => count(n)),
  );
}

async function measured(
  { lines }: VariantInput,
  end: (children: Stream<null>, count: (by: unknown) => void) => unknown,
  options: RunOptions,
): Promise<Measurement> {
  const roots = lines * ROOTS_PER_LINE;
  let counted = 0;
  const count = (by: unknown): void => {
    counted += typeof by === 'number' ? by : 1;
  };
  const job: Topology = topology('null', { batchInterval: seconds(1) }, (t) => {
    end(
      t.source('roots', memory<null>([])).flatMap(() => CHILDREN),
      count,
    );
  });
  const readers = new Map([['roots', preparedReader(new Array<null>(roots).fill(null))]]);
  collectGarbage();
  const stop = startTimer();
  await runToEnd(job, { ...options, readers });
  return { ...stop(), count: roots, checksum: String(counted) };
}
