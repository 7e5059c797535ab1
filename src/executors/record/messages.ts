/** What the driver and the workers of the record model say to each other: one message a turn, plain data that can be copied. */
import { type ErrorCode, type Place, StreamError } from '../../core/errors.js';
import type { SnapshotRow } from '../../core/keyed-store.js';
import type { KernelCounter } from '../../kernels/kernel.js';
import type { GateState, SnapshotMeta, StoreSource } from '../../runtime/durability.js';
import type { FailReason, JobEvent } from '../../runtime/events.js';
import type { RecordOptions } from '../executor.js';
import type { ComponentMetric } from '../metrics.js';
import { readValues, type SentValues, sentValues } from '../values-codec.js';
import type { TreeFailure } from './acker.js';
import type { ExtraAnchors } from './anchors.js';
import type { Block } from './ring.js';
import type { SourceRecord } from './skipped-records.js';

/** Entries of one edge, as they lay in its ring. */
export interface EdgeRows {
  readonly edge: number;
  readonly count: number;
  readonly values: SentValues;
  readonly times: Float64Array;
  readonly ids: Int32Array;
  readonly extras?: (ExtraAnchors | undefined)[];
  readonly recordIds?: (string | undefined)[];
}

/** To a worker. All but `rows` of a state that is restored carry the number of the wiring: what belongs to an older one is dropped. */
export type ToWorker =
  /** State of a task, in pieces, before `begin`. */
  | { readonly kind: 'restore'; readonly uid: string; readonly task: number; readonly rows: readonly SnapshotRow[] }
  | {
      readonly kind: 'begin';
      readonly run: number;
      readonly workers: number;
      readonly options: RecordOptions;
      readonly hasListener: boolean;
      /** Stream time (us). */
      readonly now: number;
      /** The snapshot that it goes on from; without stores. */
      readonly meta: SnapshotMeta | undefined;
      /** Operators that the snapshot has. */
      readonly uids: readonly string[];
      /** Where records were sent before: edge from a source's reader, first sequence that is not processed, and the next, in turn. */
      readonly progress: readonly number[];
    }
  | {
      readonly kind: 'turn';
      readonly run: number;
      /** Counts up from 1 within a wiring: what comes twice is dropped, and what is missing is noticed. */
      readonly sequence: number;
      readonly now: number;
      /** The snapshot that was saved last, where the next one may add to it. */
      readonly since: number | undefined;
      /** Edge from a source's reader, and the sequence below which its records are processed, in turn. */
      readonly processed: readonly number[];
      readonly edges: readonly EdgeRows[];
    }
  /** Asks for the next rows of a store of the snapshot under way, or ends it. */
  | { readonly kind: 'pull'; readonly run: number; readonly epoch: number; readonly store: number }
  | { readonly kind: 'close'; readonly run: number; readonly epoch: number; readonly store: number };

/** Results of one task for one sink. */
export interface SinkRows {
  readonly sink: string;
  readonly task: number;
  readonly values: SentValues;
  /** Stream time and window end, in turn. */
  readonly times: Float64Array;
  /** Of a sink that asks for ids. */
  readonly ids?: readonly (string | undefined)[];
}

/** Answers of one stage's tasks to the ackers. */
export interface StageAnswers {
  readonly stage: number;
  /** Root, generation and the two halves, in turn. */
  readonly acks: Int32Array;
  readonly fails: readonly { readonly root: number; readonly generation: number; readonly failure: PlainFailure }[];
  /** Root and generation of trees whose timeout begins anew, in turn. */
  readonly resets: readonly number[];
}

/** From a worker. */
export type FromWorker =
  | {
      readonly kind: 'turn';
      readonly run: number;
      readonly sequence: number;
      /** The driver's last turn that it took part in, and how long its share of it took (us). */
      readonly turn: number;
      readonly took: number;
      /** Rows of the driver's that it has worked off since its last message. */
      readonly done: number;
      readonly results: readonly SinkRows[];
      readonly edges: readonly EdgeRows[];
      readonly answers: readonly StageAnswers[];
      readonly notes: readonly Note[];
      readonly barrier: BarrierReport | undefined;
      /** All inputs of all its tasks have ended. */
      readonly isEnded: boolean;
      /** Passed on by all of its tasks, with every result before it; infinite when all inputs have ended. */
      readonly watermark: number;
    }
  | {
      readonly kind: 'rows';
      readonly run: number;
      readonly epoch: number;
      readonly store: number;
      readonly rows: readonly SnapshotRow[];
    };

/** What the job must hear of, in order. */
export type Note =
  | { readonly kind: 'count'; readonly counter: KernelCounter; readonly by: number }
  | { readonly kind: 'event'; readonly event: JobEvent }
  | {
      readonly kind: 'dead letter';
      readonly source: string;
      readonly partition: number;
      readonly offset: number | string;
      readonly value: unknown;
      readonly error: PlainError;
    }
  | { readonly kind: 'failed'; readonly error: PlainError; readonly record: SourceRecord | undefined }
  | { readonly kind: 'abort'; readonly error: PlainError };

/** All tasks of a worker have met a barrier. */
export interface BarrierReport {
  readonly epoch: number;
  readonly gates: Readonly<Record<string, GateState>>;
  readonly innerGates: Readonly<Record<string, readonly GateState[]>>;
  readonly stores: readonly Omit<StoreSource, 'next' | 'close'>[];
  /** By stage: what its tasks counted since the last barrier. */
  readonly counted: readonly (readonly [stage: number, counts: readonly number[]])[];
  /** By stage: what its components counted about themselves so far. */
  readonly metrics: readonly (readonly ComponentMetric[])[];
}

/** An error as data. Without a code it is a bug of ours, or not an error at all. */
export interface PlainError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string;
  readonly place: Place | undefined;
  readonly operator: string | undefined;
}

/** A tree's failure as data. */
export interface PlainFailure {
  readonly reason: FailReason;
  readonly by: string | undefined;
  readonly error: PlainError | undefined;
}

export function plainError(thrown: unknown): PlainError {
  if (thrown instanceof StreamError) {
    const { code, message, hint, place, operator } = thrown;
    return { code, message, hint, place, operator };
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: undefined, message, hint: '', place: undefined, operator: undefined };
}

export function errorOf({ code, message, hint, place, operator }: PlainError): Error {
  return code === undefined ? new Error(message) : new StreamError(code, message, hint, { place, operator });
}

export function plainFailure({ reason, by, error }: TreeFailure): PlainFailure {
  return { reason, by, error: error === undefined ? undefined : plainError(error) };
}

export function failureOf({ reason, by, error }: PlainFailure): TreeFailure {
  return { reason, by, error: error === undefined ? undefined : (errorOf(error) as StreamError) };
}

/** Copies the entries of a ring's block, and forgets their values there. */
export function rowsOf(edge: number, block: Block): EdgeRows {
  const { ring, from, to } = block;
  const { values, times, ids, extras, recordIds, mask } = ring;
  const count = (to - from) | 0;
  const own = new Array<unknown>(count);
  const rows = { edge, count, times: new Float64Array(2 * count), ids: new Int32Array(4 * count) };
  const named = recordIds === undefined ? undefined : new Array<string | undefined>(count).fill(undefined);
  const further = extras === undefined ? undefined : new Array<ExtraAnchors | undefined>(count).fill(undefined);
  for (let i = 0; i < count; i++) {
    const at = (from + i) & mask;
    own[i] = values[at];
    values[at] = undefined;
    rows.times[2 * i] = times[2 * at]!;
    rows.times[2 * i + 1] = times[2 * at + 1]!;
    for (let part = 0; part < 4; part++) rows.ids[4 * i + part] = ids[4 * at + part]!;
    if (further !== undefined) further[i] = extras![at];
    if (named !== undefined) named[i] = recordIds![at];
  }
  return {
    ...rows,
    values: sentValues(own, []),
    ...(further === undefined ? {} : { extras: further }),
    ...(named === undefined ? {} : { recordIds: named }),
  };
}

/** The entries of a message, as a task takes them. */
export function blockOf({ count, values, times, ids, extras, recordIds }: EdgeRows): Block {
  return { ring: { mask: -1, values: readValues(values), times, ids, extras, recordIds }, from: 0, to: count };
}

/** What can be handed over in place of a copy, but for the columns of values, which are small beside it. */
export function transferOf(edges: readonly EdgeRows[]): ArrayBuffer[] {
  return edges.flatMap(({ times, ids }) => [times.buffer as ArrayBuffer, ids.buffer as ArrayBuffer]);
}
