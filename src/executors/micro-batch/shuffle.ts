/** Shuffles: what the tasks of one stage write, by reading task, and what those read. Bounded by the size of a batch. */
import type { Partial } from '../../kernels/partial.js';
import type { CoreOperator, Exchange } from '../../plan/plan.js';
import type { Link } from '../link.js';
import { taskOf, taskOfPair } from '../task-of-key.js';
import { Rows } from './rows.js';
import type { TaskContext } from './task-context.js';

/** What a task tells its readers of its stream time in one batch. */
export interface OutputTime {
  /** How far it got. */
  watermark: number;
  /** The task's input ended: its final watermark and highest timestamp. */
  end: { readonly finalWatermark: number; readonly highest: number } | undefined;
}

/** What one task writes for the tasks of one reading stage in one batch. */
export interface ShuffleOutput extends OutputTime {
  /** A record to the task that reads it. */
  write(value: unknown, context: TaskContext): void;
  /** Many records of one key at once. */
  writePartial(partial: Partial, context: TaskContext): void;
  /** Stream time went on. */
  advance(watermark: number): void;
  /** Returns what takes back all that is written after the call. */
  mark(): () => void;
}

/** One way out of a task. Without bolts there are hash, forward and global exchanges only. */
export interface ShuffleExit {
  /** `stage:input` of the readers. */
  readonly key: string;
  readonly exchange: Exchange;
  /** Number of the task that writes. */
  readonly writer: number;
  readonly reader: CoreOperator;
  /** How many tasks read. */
  readonly readers: number;
}

/** Rows as they are: for readers in this thread, and for partials. */
export class RowsOutput implements ShuffleOutput {
  watermark = Number.NEGATIVE_INFINITY;
  end: OutputTime['end'];
  /** By reading task. */
  readonly rows: readonly Rows[];
  readonly #reader: CoreOperator;
  readonly #isHash: boolean;
  /** Who reads all, unless it goes by key. */
  readonly #only: number;

  constructor({ exchange, writer, reader, readers }: ShuffleExit, newRows = () => new Rows()) {
    this.#reader = reader;
    this.#isHash = exchange.kind === 'hash' && readers > 1;
    this.#only = exchange.kind === 'forward' ? writer % readers : 0;
    this.rows = Array.from({ length: readers }, newRows);
  }

  write(value: unknown, context: TaskContext): void {
    this.writeTo(this.#isHash ? taskOfPair(this.#reader, value, this.rows.length) : this.#only, value, context);
  }

  /** A record to that task. */
  writeTo(task: number, value: unknown, context: TaskContext): void {
    this.rows[task]!.add(value, context);
  }

  writePartial(partial: Partial, context: TaskContext): void {
    this.writeTo(this.#isHash ? taskOf(this.#reader, partial.key, this.rows.length) : this.#only, partial, context);
  }

  advance(watermark: number): void {
    this.watermark = watermark;
  }

  mark(): () => void {
    const lengths = this.rows.map(({ length }) => length);
    return () => {
      for (const [index, rows] of this.rows.entries()) rows.cutTo(lengths[index]!);
    };
  }
}

/** The link from a chain into a shuffle. `output` is the one of the attempt under way. */
export function shuffleLink(context: TaskContext, output: () => ShuffleOutput): Link {
  return {
    push: (value) => output().write(value, context),
    advance: (watermark) => output().advance(watermark),
    end: (finalWatermark, highest) => {
      output().end = { finalWatermark, highest };
    },
  };
}
