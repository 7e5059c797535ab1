/** What it takes to measure one operator: a job with it and nothing else of weight, and the plain loop that gives the same results. */
import { type KeyedStream, type RunOptions, type Stream, seconds, type Topology, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { makeLines, type Random, randomFrom } from '../lines.js';
import { collectGarbage, type Measurement, startTimer, type Variant, type VariantInput } from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';

export type Pair = readonly [key: string, value: number];
export type Emit<R> = (result: R) => void;

type Builder = Parameters<Parameters<typeof topology>[1]>[0];

/** One operator, measured in three ways. */
export interface OperatorCase {
  /** The operator's name, perhaps with what is special. */
  readonly name: string;
  readonly loop: Variant;
  readonly microBatch: Variant;
  readonly record: Variant;
}

/** Intervals of stream time that any input is spread over; an interval is as long as a batch interval, one second. */
const INTERVALS = 10;
/** Keys of the pairs, unless told otherwise. */
const KEYS = 1_000;
/** Pairs for each record asked for, where few keys hold them: a loop spends a tenth of a microsecond on one. */
const PAIRS_A_RECORD = 3;
/** Values are below. */
const VALUES = 1_000;

interface Work<In, S, R> {
  /** The job between source and sink. `others` is a second source of the same kind, read only by a job that uses it. */
  readonly job: (input: S, others: () => S) => Stream<R>;
  /** The same by hand: an array for each interval. What an operator keeps from interval to interval, it keeps. */
  readonly loop: (
    intervals: readonly (readonly In[])[],
    emit: Emit<R>,
    others: readonly (readonly In[])[],
  ) => void | Promise<void>;
  /** A whole number for each result, so that sums of any order agree. */
  readonly weigh: (result: R) => number;
}

/** An operator on lines of ten words. */
export function onLines<R>(name: string, work: Work<string, Stream<string>, R>): OperatorCase {
  return operatorCase(name, work, makeLines, (t, id) => t.source(id, memory<string>([])));
}

/**
 * An operator on pairs: three times as many as records are asked for, of a thousand keys; or as many, with the keys that `keyOf` says of the
 * interval at hand and its number of records.
 */
export function onPairs<R>(
  name: string,
  work: Work<Pair, KeyedStream<string, number>, R>,
  keyOf?: (random: Random, interval: number, size: number) => number,
): OperatorCase {
  const oneOf = keyOf ?? ((random: Random) => random() % KEYS);
  const make = (count: number, seed: number): Pair[] => {
    const random = randomFrom(seed);
    const size = sizeOf(count);
    // A text of its own for each record, as a decoder gives it: V8 knows the hash of none yet.
    return Array.from({ length: count }, (_, i) => {
      const key = oneOf(random, Math.floor(i / size), size);
      return [Buffer.from(`key ${key}`).toString('latin1'), random() % VALUES] as const;
    });
  };
  const times = keyOf === undefined ? PAIRS_A_RECORD : 1;
  const { loop, microBatch, record } = operatorCase(name, work, make, (t, id) =>
    t.source(id, memory<string, number>([])),
  );
  const scaled = (variant: Variant): Variant => {
    return (input) => variant({ ...input, lines: input.lines * times });
  };
  return { name, loop: scaled(loop), microBatch: scaled(microBatch), record: scaled(record) };
}

/** As many keys as records in an interval: a key of one stream has one partner in another, on average. */
export const manyKeys = (random: Random, _interval: number, size: number): number => random() % size;

/**
 * What came out, whatever its order. It keeps the last result: a compiler that sees that nobody keeps them makes none in a loop, while the
 * engine must, for a sink that it does not know. Source: JMH, `Blackhole`.
 */
class Tally<R> {
  /** The last result. */
  kept: R | undefined;
  #count = 0;
  #sum = 0;

  add(result: R, weight: number): void {
    this.kept = result;
    this.#count += 1;
    this.#sum = (this.#sum + weight) | 0;
  }

  get checksum(): string {
    return `${this.#count} results, ${(this.#sum >>> 0).toString(16).padStart(8, '0')}`;
  }
}

function operatorCase<In, S, R>(
  name: string,
  { job, loop, weigh }: Work<In, S, R>,
  make: (count: number, seed: number) => readonly In[],
  open: (t: Builder, id: string) => S,
): OperatorCase {
  const jobOf = (take: (result: R) => void): Topology =>
    topology(name, { batchInterval: seconds(1) }, (t) => {
      job(open(t, 'input'), () => open(t, 'others')).to('out', foreach(take));
    });
  const hasOthers = jobOf(() => undefined).graph.nodes.some((node) => node.kind === 'source' && node.name === 'others');
  const inputsOf = ({ lines, seed }: VariantInput) =>
    [make(lines, seed), hasOthers ? make(lines, seed + 1) : []] as const;

  const byHand: Variant = async (given): Promise<Measurement> => {
    const [input, others] = inputsOf(given).map((values) => intervalsOf(values)) as [In[][], In[][]];
    const tally = new Tally<R>();
    collectGarbage();
    const stop = startTimer();
    await loop(input, (result) => tally.add(result, weigh(result)), others);
    return { ...stop(), count: given.lines, checksum: tally.checksum };
  };

  const measured = (options: RunOptions): Variant => {
    return async (given): Promise<Measurement> => {
      const [input, others] = inputsOf(given);
      const tally = new Tally<R>();
      const intervalRecords = sizeOf(given.lines);
      const readers = new Map([['input', preparedReader(input, { intervalRecords })]]);
      if (hasOthers) readers.set('others', preparedReader(others, { intervalRecords }));
      const topologyOf = jobOf((result) => tally.add(result, weigh(result)));
      collectGarbage();
      const stop = startTimer();
      await runToEnd(topologyOf, { ...options, readers });
      return { ...stop(), count: given.lines, checksum: tally.checksum };
    };
  };

  return {
    name,
    loop: warmed(byHand),
    microBatch: warmed(measured(MICRO_BATCH)),
    record: warmed(measured({ mode: 'record', record: { acking: false } })),
  };
}

/** A million records take a tenth of a second, of which compiling would be a good part: a tenth of the input is run before. */
function warmed(variant: Variant): Variant {
  return async (input) => {
    await variant({ ...input, lines: sizeOf(input.lines) });
    return variant(input);
  };
}

function sizeOf(count: number): number {
  return Math.ceil(count / INTERVALS);
}

function intervalsOf<In>(values: readonly In[]): In[][] {
  const size = sizeOf(values.length);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
