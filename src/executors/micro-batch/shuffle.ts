/** Shuffles: what the tasks of one stage write, by reading task, and what those read. Bounded by the size of a batch. */
import type { RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Exchange } from '../../plan/plan.js';
import type { Link } from '../link.js';
import { taskOfPair } from '../task-of-key.js';

/** Records with their times, as a struct of growing arrays. */
export class Rows {
  /** Its first `length` values count; the array keeps its size from batch to batch. */
  readonly values: unknown[] = [];
  length = 0;
  timestamps = new Float64Array(64);
  windowEnds = new Float64Array(64);

  add(value: unknown, context: RecordContext): void {
    const at = this.length;
    if (at === this.timestamps.length) this.#grow();
    this.timestamps[at] = context.timestamp;
    this.windowEnds[at] = context.windowEnd;
    this.values[at] = value;
    this.length = at + 1;
  }

  clear(): void {
    this.cutTo(0);
  }

  /** Takes back what came after the first `length`. */
  cutTo(length: number): void {
    this.values.fill(undefined, length, this.length);
    this.length = length;
  }

  #grow(): void {
    const timestamps = new Float64Array(this.timestamps.length * 2);
    const windowEnds = new Float64Array(timestamps.length);
    timestamps.set(this.timestamps);
    windowEnds.set(this.windowEnds);
    this.timestamps = timestamps;
    this.windowEnds = windowEnds;
  }
}

/** What one task wrote for the tasks of one reading stage in one batch. */
export interface ShuffleOutput {
  /** By reading task. */
  readonly rows: readonly Rows[];
  /** How far the task's stream time got. */
  watermark: number;
  /** The task's input ended: its final watermark and highest timestamp. */
  end: { readonly finalWatermark: number; readonly highest: number } | undefined;
}

export function emptyOutput(readers: number): ShuffleOutput {
  return {
    rows: Array.from({ length: readers }, () => new Rows()),
    watermark: Number.NEGATIVE_INFINITY,
    end: undefined,
  };
}

/** What a shuffle writer needs. `output` is the one of the attempt under way. */
export interface ShuffleParts {
  readonly exchange: Exchange;
  readonly reader: CoreOperator;
  readonly context: RecordContext;
  readonly output: () => ShuffleOutput;
}

/** The link from a chain into a shuffle. Micro-batch plans have hash and global exchanges only: bolts are refused before. */
export function shuffleLink({ exchange, reader, context, output }: ShuffleParts): Link {
  const isHash = exchange.kind === 'hash';
  return {
    push: (value) => {
      const { rows } = output();
      const task = isHash && rows.length > 1 ? taskOfPair(reader, value, rows.length) : 0;
      rows[task]!.add(value, context);
    },
    advance: (watermark) => {
      output().watermark = watermark;
    },
    end: (finalWatermark, highest) => {
      output().end = { finalWatermark, highest };
    },
  };
}
