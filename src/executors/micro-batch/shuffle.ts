/** Shuffles: what the tasks of one stage write, by reading task, and what those read. Bounded by the size of a batch. */
import type { RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Exchange } from '../../plan/plan.js';
import type { Link } from '../link.js';
import { taskOfPair } from '../task-of-key.js';
import { Rows } from './rows.js';

/** What a task tells its readers of its stream time in one batch. */
export interface OutputTime {
  /** How far it got. */
  watermark: number;
  /** The task's input ended: its final watermark and highest timestamp. */
  end: { readonly finalWatermark: number; readonly highest: number } | undefined;
}

/** What one task wrote for the tasks of one reading stage in one batch. */
export interface ShuffleOutput extends OutputTime {
  /** By reading task. */
  readonly rows: readonly Rows[];
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
