/** Shuffles in which watermarks keep their place between the rows, for jobs with bolts: a tick stands between two tuples. */
import type { WatermarkGate } from '../link.js';
import { type ReadableRows, Rows } from './rows.js';
import { type OutputTime, RowsOutput, type ShuffleExit } from './shuffle.js';
import type { Origin, TaskContext } from './task-context.js';

/** Rows that know of which spout messages they came. */
export interface ReadableTraced extends ReadableRows {
  readonly origins: readonly Origin[];
}

export class TracedRows extends Rows implements ReadableTraced {
  readonly origins: Origin[] = [];

  override add(value: unknown, context: TaskContext): void {
    this.origins[this.length] = context.origin;
    super.add(value, context);
  }

  override addAs(value: unknown, others: ReadableRows, index: number): void {
    super.addAs(value, others, index);
    this.origins[this.length - 1] = (others as Partial<ReadableTraced>).origins?.[index];
  }

  override cutTo(length: number): void {
    super.cutTo(length);
    this.origins.length = length;
  }
}

/** A watermark, and how many rows were there before it, by reading task. */
export interface Mark {
  readonly watermark: number;
  readonly lengths: readonly number[];
}

/** What one task wrote, without the rows themselves. */
export interface MarkedOutput {
  readonly marks: readonly Mark[];
  readonly end: OutputTime['end'];
  /** By reading task. */
  readonly rows: readonly { readonly length: number }[];
}

/** What one task writes for the tasks of one reading stage in one batch. */
export class InBandOutput extends RowsOutput implements MarkedOutput {
  declare readonly rows: readonly TracedRows[];
  readonly marks: Mark[] = [];

  constructor(exit: ShuffleExit) {
    super(exit, () => new TracedRows());
  }

  override advance(watermark: number): void {
    super.advance(watermark);
    this.marks.push({ watermark, lengths: this.rows.map(({ length }) => length) });
  }

  override mark(): () => void {
    const cut = super.mark();
    const { length } = this.marks;
    return () => {
      cut();
      this.marks.length = length;
    };
  }
}

/** The rows of one producer from one place to another. */
interface Span {
  readonly producer: number;
  readonly from: number;
  readonly to: number;
}

/** What a task reads in a batch, in order. */
export interface InBand {
  readonly spans: readonly Span[];
  /** Before record `at` the minimum of the watermarks rises. */
  readonly rises: readonly { readonly at: number; readonly watermark: number }[];
  /** All inputs have ended now. */
  readonly end: { readonly finalWatermark: number; readonly highest: number } | undefined;
}

/**
 * 1. From watermark to watermark, the lowest first: the rows of every producer up to its mark of it, in the order of producers, and then
 *    the minimum, if it rose. So every tuple before a tick comes before it, and, where all producers are equally far, no other does.
 * 2. Then what came behind the last marks, and the ends.
 *
 * Rows that were combined stand for many, and come before all marks (`isCombined`). The gate keeps how far each producer is.
 */
export function inBandOf(
  gate: WatermarkGate,
  producers: readonly MarkedOutput[],
  task: number,
  isCombined: boolean,
): InBand {
  const hadEnded = gate.ended;
  const reading = new Reading(producers, task);
  const rises: { at: number; watermark: number }[] = [];
  const rising = (change: () => void): void => {
    const before = gate.minimum;
    change();
    if (gate.minimum > before) rises.push({ at: reading.length, watermark: gate.minimum });
  };
  if (isCombined) reading.toEnd();
  const watermarks = new Set(producers.flatMap(({ marks }) => marks.map(({ watermark }) => watermark)));
  for (const watermark of [...watermarks].sort((a, b) => a - b)) {
    rising(() => {
      for (const producer of reading.upTo(watermark)) gate.advance(producer, watermark);
    });
  }
  reading.toEnd();
  rising(() => {
    for (const [producer, { end }] of producers.entries())
      if (end !== undefined) gate.end(producer, end.finalWatermark, end.highest);
  });
  const { finalWatermark, highest } = gate;
  return { spans: reading.spans, rises, end: gate.ended && !hadEnded ? { finalWatermark, highest } : undefined };
}

/** How far the rows of each producer were read. */
class Reading {
  readonly spans: Span[] = [];
  length = 0;
  readonly #producers: readonly MarkedOutput[];
  readonly #task: number;
  readonly #read: number[];
  readonly #marks: number[];

  constructor(producers: readonly MarkedOutput[], task: number) {
    this.#producers = producers;
    this.#task = task;
    this.#read = producers.map(() => 0);
    this.#marks = producers.map(() => 0);
  }

  /** Reads to the marks of that watermark. Returns the producers that have one. */
  upTo(watermark: number): readonly number[] {
    return this.#producers.flatMap(({ marks }, producer) => {
      const mark = marks[this.#marks[producer]!];
      if (mark?.watermark !== watermark) return [];
      this.#marks[producer]!++;
      this.#readTo(producer, mark.lengths[this.#task]!);
      return [producer];
    });
  }

  toEnd(): void {
    for (const [producer, { rows }] of this.#producers.entries()) this.#readTo(producer, rows[this.#task]!.length);
  }

  #readTo(producer: number, to: number): void {
    const from = this.#read[producer]!;
    if (to <= from) return;
    this.spans.push({ producer, from, to });
    this.length += to - from;
    this.#read[producer] = to;
  }
}
