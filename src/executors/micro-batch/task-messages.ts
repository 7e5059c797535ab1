/** What a driver and its workers say to each other in the micro-batch model: one message a task and batch each way. */
import type { StreamError } from '../../core/errors.js';
import type { SnapshotRow } from '../../core/keyed-store.js';
import type { GateState, PartitionTimes, StoreSource } from '../../runtime/durability.js';
import type { JobEvent } from '../../runtime/events.js';
import { Block } from '../../runtime/source.js';
import { type Column, columnOf, valuesOf } from '../column-codec.js';
import type { ComponentMetric } from '../metrics.js';
import { type Numbers, numbersOf, spread } from '../number-column.js';
import type { SnapshotCut } from '../stores.js';
import type { BoltPlace } from './bolt-places.js';
import { type InBand, InBandOutput, type Mark } from './in-band.js';
import { messagesFrom, type SentMessages, sentMessages } from './message-codec.js';
import { PairsOutput } from './pairs-output.js';
import type { GateNews } from './progress.js';
import { readable, type SentRows, sentRows } from './row-codec.js';
import { errorOf, type PlainError, plainError } from './sent-errors.js';
import type { OutputTime, RowsOutput } from './shuffle.js';
import type { MessagePlace, SpoutMessage } from './spout-message.js';
import { TaskFailure, type TaskNote, type TaskReport, type TaskResult } from './task-result.js';

/** The task that a message is about. */
export interface TaskId {
  readonly stage: number;
  readonly task: number;
}

/** A block as it is sent. */
interface SentBlock {
  readonly firstOffset: number;
  readonly length: number;
  readonly values: Column;
  readonly timestamps: Numbers;
  /** `at` and `watermark` in turn. */
  readonly heartbeats: Float64Array;
  readonly ended: boolean;
  /** Of a spout: `values` are those of its messages. */
  readonly messages?: SentMessages;
}

/** The work of a task in one batch. */
export type TaskWork =
  /** `time`: how far the stream time of the partition was before. */
  | { readonly kind: 'blocks'; readonly blocks: readonly SentBlock[]; readonly time: PartitionTimes }
  | { readonly kind: 'rows'; readonly rows: readonly SentRows[]; readonly news: GateNews }
  /** Behind a shuffle in a job with components. `ticksFrom`: where ticks begin if they have not (us). */
  | {
      readonly kind: 'in-band';
      readonly rows: readonly SentRows[];
      readonly order: InBand;
      readonly ticksFrom: number;
    };

/** How a task with a component begins. */
export interface Opening {
  /** Where its bolt goes on. */
  readonly place: BoltPlace;
  /** So many workers there are. */
  readonly workers: number;
  /** Somebody listens to what is emitted. */
  readonly hasListener: boolean;
}

/** To a worker. */
export type ToHost = TaskId &
  (
    | { readonly kind: 'restore'; readonly uid: string; readonly rows: readonly SnapshotRow[] }
    | { readonly kind: 'gates'; readonly gates: readonly GateState[] }
    /** Of a task with a component, behind its state: a bolt is prepared. */
    | ({ readonly kind: 'open' } & Opening)
    /** The job has ended: a bolt cleans up. */
    | { readonly kind: 'close' }
    /** `silent`: state only is wanted, because the result came before the worker was lost. */
    | { readonly kind: 'run'; readonly batch: number; readonly work: TaskWork; readonly silent: boolean }
    /** Begins a snapshot of the task as it is now; `next` asks for the next piece; `drop` gives it up. */
    | ({ readonly kind: 'cut'; readonly cut: number } & SnapshotCut)
    | { readonly kind: 'next' | 'drop'; readonly cut: number }
  );

/** A store without its rows. */
export type StoreHead = Omit<StoreSource, 'next' | 'close'>;

/** Rows of one store of a task's snapshot, or its end. */
export type CutPiece =
  | { readonly kind: 'rows'; readonly uid: string; readonly rows: readonly SnapshotRow[] }
  | { readonly kind: 'end'; readonly stores: readonly StoreHead[]; readonly gates: readonly GateState[] };

/** From a worker. */
export type FromHost = TaskId &
  (
    | { readonly kind: 'result'; readonly batch: number; readonly result: SentResult }
    | { readonly kind: 'piece'; readonly cut: number; readonly piece: CutPiece }
    /** A bolt threw when it was prepared. */
    | { readonly kind: 'failed'; readonly error: PlainError }
    | {
        readonly kind: 'closed';
        readonly metrics: readonly ComponentMetric[];
        readonly error: PlainError | undefined;
      }
  );

/** What one task wrote for its readers, still as it is sent. */
export interface SentOutput extends OutputTime {
  readonly rows: readonly SentRows[];
  /** Only in a job with components. */
  readonly marks?: readonly Mark[];
}

/** What a task on a worker writes into. */
export type HostOutput = RowsOutput | PairsOutput;

type SentNote = Exclude<TaskNote, { kind: 'dead-letter' }> | SentLetter;
interface SentLetter {
  readonly kind: 'dead-letter';
  readonly letter: { readonly source: string; readonly partition: number; readonly offset: number | string };
  readonly message: MessagePlace | undefined;
  readonly value: unknown;
  readonly error: PlainError;
}

/** What a worker says of components beside the result of a task. */
export interface ComponentReport {
  /** Where the task's bolt is now. */
  readonly place: BoltPlace | undefined;
  /** From `takeCounts`: what the tasks of its stage counted since the last result. */
  readonly counted: readonly number[];
  /** What the task emitted, where somebody listens, and errors that it reported. */
  readonly events: readonly JobEvent[];
}

/** A result as it is sent. */
export type SentResult = {
  readonly notes: readonly SentNote[];
  readonly retries: number;
  /** Only in a job with components. */
  readonly component?: ComponentReport;
} & (
  | {
      readonly kind: 'done';
      readonly outputs: ReadonlyMap<string, SentOutput>;
      readonly results: ReadonlyMap<string, SentRows>;
      readonly counts: TaskReport['counts'];
    }
  | { readonly kind: 'failed'; readonly error: PlainError }
);

export function sentBlocks(blocks: readonly Block[]): readonly SentBlock[] {
  return blocks.map(({ firstOffset, values, timestamps, heartbeats, ended }) => {
    const messages = sentMessages(values);
    return {
      firstOffset,
      length: values.length,
      values: columnOf(messages === undefined ? values : (values as SpoutMessage[]).map((each) => each.values), []),
      timestamps: numbersOf(timestamps, values.length, []),
      heartbeats: Float64Array.from(heartbeats.flatMap(({ at, watermark }) => [at, watermark])),
      ended,
      ...(messages && { messages }),
    };
  });
}

export function blocksOf(sent: readonly SentBlock[]): readonly Block[] {
  return sent.map(({ firstOffset, values, timestamps, heartbeats, ended, messages }) => {
    const block = new Block();
    block.firstOffset = firstOffset;
    block.values = messages === undefined ? valuesOf(values) : messagesFrom(messages, valuesOf(values), firstOffset);
    block.timestamps = spread(timestamps);
    block.ended = ended;
    for (let i = 0; i < heartbeats.length; i += 2)
      block.heartbeats.push({ at: heartbeats[i]!, watermark: heartbeats[i + 1]! });
    return block;
  });
}

/** `buffers` gets what may be transferred. */
export function sentResult(
  result: TaskResult<HostOutput> | TaskFailure,
  buffers: ArrayBuffer[],
  component?: ComponentReport,
): SentResult {
  const common = { notes: result.notes.map(sentNote), retries: result.retries, ...(component && { component }) };
  if (result instanceof TaskFailure) return { ...common, kind: 'failed', error: plainError(result.error) };
  const outputs = mapped(result.outputs, (output) => ({
    rows: output instanceof PairsOutput ? output.sent(buffers) : output.rows.map((rows) => sentRows(rows, buffers)),
    watermark: output.watermark,
    end: output.end,
    ...(output instanceof InBandOutput ? { marks: output.marks } : {}),
  }));
  const results = mapped(result.results, (rows) => sentRows(rows, buffers));
  return { ...common, kind: 'done', outputs, results, counts: result.counts };
}

/** The part of a result that leaves the stages. */
export function reportOf(sent: SentResult): TaskReport | TaskFailure {
  const notes = sent.notes.map(noteOf);
  if (sent.kind === 'failed') return new TaskFailure(notes, sent.retries, errorOf(sent.error));
  const results = mapped(sent.results, readable);
  return { results, counts: sent.counts, notes, retries: sent.retries };
}

function sentNote(note: TaskNote): SentNote {
  if (note.kind !== 'dead-letter') return note;
  const { value, error, ...letter } = note.letter;
  return { ...note, letter, value, error: plainError(error) };
}

function noteOf(note: SentNote): TaskNote {
  if (note.kind !== 'dead-letter') return note;
  const error = errorOf(note.error) as StreamError;
  return { kind: 'dead-letter', letter: { ...note.letter, value: note.value, error }, message: note.message };
}

function mapped<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
