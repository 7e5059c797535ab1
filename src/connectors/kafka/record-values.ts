/** Makes values of Kafka's records, as a source's `format` and `as` say. */
import { StreamError } from '../../core/errors.js';
import { previewOf } from '../../runtime/set-aside.js';
import type { Decoding } from '../formats/open-format.js';
import type { Undecoded } from '../record-decoder.js';
import { headersOf, type RecordRun, SPAN } from './record-batches.js';

/** How records become values. */
export interface ValueSettings {
  readonly topic: string;
  /** Of keys, and of values without a decoding. */
  readonly format: 'text' | 'bytes';
  readonly decoding?: Decoding | undefined;
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
  /** Records that did not decode, and are done with that. */
  readonly undecoded: readonly Undecoded[];
  /** A record that did not decode and is not to be passed by: the values end before it. */
  readonly failure: { readonly offset: number; readonly error: StreamError } | undefined;
}

/** The values of a run below the offset `until`. Tombstones are values only as whole records. */
export function valuesOf(run: RecordRun, partition: number, until: number, settings: ValueSettings): ValueRun {
  const { count, offsets, spans, bytes } = run;
  const make = MAKERS[settings.as];
  const values: unknown[] = [];
  const kept = new Float64Array(count);
  const undecoded: Undecoded[] = [];
  let failure: ValueRun['failure'];
  let tombstones = 0;
  for (let i = 0; i < count && offsets[i]! < until; i++) {
    const isNull = spans[i * SPAN + 3]! < 0;
    if (isNull && settings.as !== 'record') {
      tombstones++;
      continue;
    }
    try {
      const value = isNull ? null : decodedOf(run, i, partition, settings);
      kept[values.length] = offsets[i]!;
      values.push(make(run, i, partition, settings, value));
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      if (settings.decoding!.onUndecodable === 'fail') {
        failure = { offset: offsets[i]!, error };
        break;
      }
      const place = { topic: settings.topic, partition, offset: offsets[i]! };
      undecoded.push({ at: values.length, value: { ...previewOf(rawOf(run, i)), ...place }, error });
    }
  }
  return { values, offsets: kept.subarray(0, values.length), bytes: bytes.length, tombstones, undecoded, failure };
}

type Make = (run: RecordRun, index: number, partition: number, settings: ValueSettings, value: unknown) => unknown;

const MAKERS: Readonly<Record<ValueSettings['as'], Make>> = {
  value: (_run, _index, _partition, _settings, value) => value,
  pair: (run, index, _partition, { format }, value) => [partOf(run, index * SPAN, format), value],
  record: (run, index, partition, { format, topic }, value) => ({
    key: partOf(run, index * SPAN, format),
    value,
    topic,
    partition,
    offset: run.offsets[index]!,
    timestamp: run.timestamps[index]!,
    headers: headersOf(run, index),
  }),
};

/** @throws StreamError `RG048` for one that is not of its format. */
function decodedOf(
  run: RecordRun,
  index: number,
  partition: number,
  { format, topic, decoding }: ValueSettings,
): unknown {
  if (decoding === undefined) return partOf(run, index * SPAN + 2, format);
  const raw = rawOf(run, index);
  const place = { from: `partition ${partition} of the Kafka topic '${topic}'`, number: run.offsets[index]! };
  // What is bytes may stay parts of what it was made from, and must not keep a whole answer.
  const isText = decoding.format.framing === 'lines';
  return decoding.format.decode(isText ? raw : Uint8Array.from(raw), place) ?? null;
}

/** The bytes of a record's value, within the answer. */
function rawOf({ bytes, spans }: RecordRun, index: number): Uint8Array {
  const [start, length] = [spans[index * SPAN + 2]!, spans[index * SPAN + 3]!];
  return bytes.subarray(start, start + length);
}

/** Bytes are copied: a value that is kept must not keep a whole answer. */
function partOf({ bytes, spans }: RecordRun, span: number, format: 'text' | 'bytes'): string | Uint8Array | null {
  const [start, length] = [spans[span]!, spans[span + 1]!];
  if (length < 0) return null;
  return format === 'text'
    ? bytes.toString('utf8', start, start + length)
    : Uint8Array.from(bytes.subarray(start, start + length));
}
