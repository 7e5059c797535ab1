/** Where a source task may begin again without state, so that every window that is not out gets all its records once more. */

import type { KeyedStore, SnapshotRow } from '../../core/keyed-store.js';
import type { RecordContext } from '../../kernels/kernel.js';
import { expiryOf } from '../../plan/expiry.js';
import type { Plan } from '../../plan/plan.js';
import type { SourcePosition } from '../../runtime/durability.js';
import type { Stores } from '../stores.js';
import type { TaskFrame } from './chain-wiring.js';

/** A place in the partition's sequence. */
export interface Mark {
  readonly position: SourcePosition;
  /** State of the operators that set event times, by uid. */
  readonly rows: ReadonlyMap<string, readonly SnapshotRow[]>;
  /** Sequence of the next record. */
  readonly sequence: number;
  /** The watermark at which no record before it is needed any more. */
  readonly expiry: number;
}

/** What marks are made from. */
export interface MarksParts {
  readonly context: RecordContext;
  readonly rows: () => Mark['rows'];
  /** The watermark at which a record of that stream time is needed no more. */
  readonly expiryOf: (time: number) => number;
}

/**
 * One mark for each step of stream time in which there was a record: nothing is kept for each record.
 *
 * A mark is passed when everything before it is processed, and every task of the job has passed on the watermark at which the records
 * before it expire: then all results that they are in were handed to sinks. The last one that is passed is where the task begins again
 * when state is lost; what lies before it the source may forget. As many marks as there are steps in `maxUncommitted` records at most.
 */
export class SourceMarks {
  readonly #parts: MarksParts;
  readonly #marks: Mark[] = [];
  /** The highest stream time of what left the chain. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(parts: MarksParts) {
    this.#parts = parts;
  }

  /** Where the task begins again. */
  get passed(): Mark {
    return this.#marks[0]!;
  }

  /** Sees the times of what goes there. */
  seeing(push: (value: unknown) => void): (value: unknown) => void {
    const { context } = this.#parts;
    return (value) => {
      if (context.timestamp > this.#latest) this.#latest = context.timestamp;
      push(value);
    };
  }

  /** The task stands here, between two records. Heartbeats at one place come again with it: the first mark there is enough. */
  mark(position: SourcePosition, sequence: number): void {
    if (this.#marks.at(-1)?.position.offset === position.offset) return;
    const { rows, expiryOf } = this.#parts;
    this.#marks.push({ position, rows: rows(), sequence, expiry: expiryOf(this.#latest) });
  }

  /** All records below `processed` are processed, and all tasks have passed the watermark. Gives the offset of the mark that counts. */
  pass(frontier: number, processed: number): number {
    const marks = this.#marks;
    let last = 0;
    while (last + 1 < marks.length && marks[last + 1]!.expiry <= frontier && marks[last + 1]!.sequence <= processed)
      last++;
    if (last > 0) marks.splice(0, last);
    return this.passed.position.offset;
  }
}

/** The marks of a source task, on the stores of its chain. */
export function marksOf(plan: Plan, stores: Stores, { stage, task, context }: TaskFrame): SourceMarks {
  const timing = stage.operators.map((id) => plan.operators[id]!).filter(({ kind }) => kind === 'timestamps');
  return new SourceMarks({
    context,
    rows: () => new Map(timing.map((operator) => [operator.uid, rowsOf(stores.of(operator, task))])),
    expiryOf: (time) => expiryOf(plan, time),
  });
}

/** All that a small store holds. */
function rowsOf(store: KeyedStore): readonly SnapshotRow[] {
  const snapshot = store.snapshot();
  const rows: SnapshotRow[] = [];
  for (let piece = snapshot.next(ROWS_A_PIECE); piece.length > 0; piece = snapshot.next(ROWS_A_PIECE))
    rows.push(...piece);
  snapshot.close();
  return rows;
}

const ROWS_A_PIECE = 1_000;
