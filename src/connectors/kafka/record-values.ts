/** Makes values of Kafka's records, as a source's `format` and `as` say. */
import { headersOf, type RecordRun, SPAN } from './record-batches.js';

/** How records become values. */
export interface ValueSettings {
  readonly topic: string;
  readonly format: 'text' | 'bytes';
  readonly as: 'value' | 'pair' | 'record';
}

/** Values with their offsets in Kafka. */
export interface ValueRun {
  readonly values: readonly unknown[];
  readonly offsets: Float64Array;
  /** Bytes of the run, for limits. */
  readonly bytes: number;
  /** Records without a value that were left out. */
  readonly tombstones: number;
}

/** The values of a run below the offset `until`. Tombstones are values only as whole records. */
export function valuesOf(run: RecordRun, partition: number, until: number, settings: ValueSettings): ValueRun {
  const { count, offsets, spans, bytes } = run;
  const make = MAKERS[settings.as];
  const values: unknown[] = [];
  const kept = new Float64Array(count);
  let tombstones = 0;
  for (let i = 0; i < count && offsets[i]! < until; i++) {
    if (spans[i * SPAN + 3]! < 0 && settings.as !== 'record') {
      tombstones++;
      continue;
    }
    kept[values.length] = offsets[i]!;
    values.push(make(run, i, partition, settings));
  }
  return { values, offsets: kept.subarray(0, values.length), bytes: bytes.length, tombstones };
}

type Make = (run: RecordRun, index: number, partition: number, settings: ValueSettings) => unknown;

const MAKERS: Readonly<Record<ValueSettings['as'], Make>> = {
  value: (run, index, _partition, { format }) => partOf(run, index * SPAN + 2, format),
  pair: (run, index, _partition, { format }) => [
    partOf(run, index * SPAN, format),
    partOf(run, index * SPAN + 2, format),
  ],
  record: (run, index, partition, { format, topic }) => ({
    key: partOf(run, index * SPAN, format),
    value: partOf(run, index * SPAN + 2, format),
    topic,
    partition,
    offset: run.offsets[index]!,
    timestamp: run.timestamps[index]!,
    headers: headersOf(run, index),
  }),
};

/** Bytes are copied: a value that is kept must not keep a whole answer. */
function partOf({ bytes, spans }: RecordRun, span: number, format: 'text' | 'bytes'): string | Uint8Array | null {
  const [start, length] = [spans[span]!, spans[span + 1]!];
  if (length < 0) return null;
  return format === 'text'
    ? bytes.toString('utf8', start, start + length)
    : Uint8Array.from(bytes.subarray(start, start + length));
}
