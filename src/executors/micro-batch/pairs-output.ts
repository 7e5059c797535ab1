/** What a task on a worker writes for the tasks behind a grouping by key: columns, with each key once. It knows no chain. */

import { assert } from '../../core/assert.js';
import type { RecordContext } from '../../kernels/kernel.js';
import type { Partial } from '../../kernels/partial.js';
import { isPair, notAPair } from '../../kernels/shapes.js';
import { columnOf } from '../column-codec.js';
import { KeyColumn } from '../key-column.js';
import { NumberColumn } from '../number-column.js';
import { taskOf } from '../task-of-key.js';
import { attributed, type Blamed } from '../user-error.js';
import { KnownTexts, NONE, UNKNOWN } from './known-texts.js';
import type { SentRows } from './row-codec.js';
import type { OutputTime, ShuffleOutput } from './shuffle.js';

/** After so many keys it is known whether they come again. */
const KEYS_TRIED = 1_024;

/** A text that `KnownTexts` does not keep: the task that reads it, and its number there. */
interface OtherText {
  readonly task: number;
  readonly number: number;
}

/**
 * A text that is a key is looked up once: that gives the task that reads it, and the number under which it is sent. So a key is hashed,
 * sent and made again once a batch and not once a record, and a pair is dead when it is written (bench `keyed-workers`).
 * Other keys, texts of which less than half come again, and what comes in a batch behind more texts than are kept, are numbered one after another
 * without a look.
 */
export class PairsOutput implements ShuffleOutput {
  watermark = Number.NEGATIVE_INFINITY;
  end: OutputTime['end'];
  readonly #reader: Blamed;
  readonly #columns: readonly PairsWriter[];
  readonly #known: KnownTexts;
  readonly #batch: number;
  readonly #others = new Map<string, OtherText>();
  readonly #forgotten: number;
  #records = 0;
  #keys = 0;
  #looksUp = true;

  /** `known`: of this way out, from batch to batch. */
  constructor(reader: Blamed, readers: number, known: KnownTexts = new KnownTexts()) {
    this.#reader = reader;
    this.#columns = Array.from({ length: readers }, () => new PairsWriter());
    this.#known = known;
    this.#batch = known.begin();
    this.#forgotten = known.forgotten;
  }

  write(value: unknown, context: RecordContext): void {
    if (!isPair(value)) throw attributed(notAPair(value), this.#reader);
    const key = value[0];
    if (typeof key !== 'string' || !this.#looksUp) {
      const columns = this.#columns[this.#taskOf(key)]!;
      columns.add(columns.keys.add(key), value[1], context);
      return;
    }
    this.#records += 1;
    const known = this.#known;
    const place = known.placeOf(key);
    if (place === UNKNOWN) return this.#writeOther(key, value[1], context);
    let number = known.numberAt(place, this.#batch);
    if (number === NONE) number = this.#enter(key, place);
    this.#columns[known.taskAt(place)]!.add(number, value[1], context);
  }

  writePartial(_partial: Partial): void {
    assert(false, 'what is combined is not written as pairs');
  }

  advance(watermark: number): void {
    this.watermark = watermark;
  }

  mark(): () => void {
    const lengths = this.#columns.map(({ timestamps }) => timestamps.length);
    return () => {
      for (const [index, columns] of this.#columns.entries()) columns.cutTo(lengths[index]!);
    };
  }

  /** By reading task. `buffers` gets what may be transferred. */
  sent(buffers: ArrayBuffer[]): readonly SentRows[] {
    return this.#columns.map((columns) => columns.sent(buffers));
  }

  /** A text that is new in this batch gets its number. */
  #enter(key: string, place: number): number {
    const known = this.#known;
    if (known.taskAt(place) === NONE) known.setTask(place, this.#taskOf(key));
    const number = this.#columns[known.taskAt(place)]!.keys.add(key);
    known.setNumber(place, this.#batch, number);
    this.#count();
    return number;
  }

  #writeOther(key: string, value: unknown, context: RecordContext): void {
    const { task, number } = this.#others.get(key) ?? this.#enterOther(key);
    this.#columns[task]!.add(number, value, context);
  }

  #enterOther(key: string): OtherText {
    const task = this.#taskOf(key);
    const entered = { task, number: this.#columns[task]!.keys.add(key) };
    this.#others.set(key, entered);
    this.#count();
    return entered;
  }

  /** One more key. */
  #count(): void {
    this.#keys += 1;
    if (this.#keys === KEYS_TRIED) this.#looksUp = this.#records > 2 * KEYS_TRIED;
    // More texts than are kept: to enter them again and again would cost more than it saves.
    if (this.#known.forgotten !== this.#forgotten) this.#looksUp = false;
  }

  #taskOf(key: unknown): number {
    return taskOf(this.#reader, key, this.#columns.length);
  }
}

/** For one reading task. */
class PairsWriter {
  /** Also of pairs that were taken back. */
  readonly keys = new KeyColumn();
  readonly timestamps = new NumberColumn();
  readonly windowEnds = new NumberColumn();
  /** Of each pair, its key. */
  private numbers = new Uint32Array(256);
  private values = new NumberColumn();
  /** All values, from the first on that is no number. */
  private others: unknown[] | undefined;

  add(number: number, value: unknown, { timestamp, windowEnd }: RecordContext): void {
    const at = this.timestamps.length;
    this.timestamps.add(timestamp);
    this.windowEnds.add(windowEnd);
    if (at === this.numbers.length) this.#grow();
    this.numbers[at] = number;
    if (this.others !== undefined) this.others[at] = value;
    else if (typeof value === 'number') this.values.add(value);
    else this.#addOther(at, value);
  }

  cutTo(length: number): void {
    this.timestamps.cutTo(length);
    this.windowEnds.cutTo(length);
    this.values.cutTo(Math.min(length, this.values.length));
    if (this.others !== undefined) this.others.length = length;
  }

  sent(buffers: ArrayBuffer[]): SentRows {
    const { length } = this.timestamps;
    const keys = this.keys.sent(buffers);
    const numbers = this.keys.length === length && this.#areInOrder() ? undefined : this.numbers.slice(0, length);
    if (numbers !== undefined) buffers.push(numbers.buffer);
    const values = this.others === undefined ? this.values.sentValues(buffers) : columnOf(this.others, buffers);
    const timestamps = this.timestamps.sent(buffers);
    const windowEnds = this.windowEnds.sent(buffers);
    return { length, columns: { kind: 'pairs', keys, numbers, values }, timestamps, windowEnds };
  }

  #areInOrder(): boolean {
    const { numbers, keys } = this;
    for (let i = 0; i < keys.length; i++) if (numbers[i] !== i) return false;
    return true;
  }

  #addOther(at: number, value: unknown): void {
    this.others = Array.from({ length: at }, (_, i) => this.values.at(i));
    this.others[at] = value;
  }

  #grow(): void {
    const numbers = new Uint32Array(this.numbers.length * 2);
    numbers.set(this.numbers);
    this.numbers = numbers;
  }
}
