/** `timestamps`: gives records their own times and makes the watermark of a source partition. Knows no other partition. */
import { StreamError } from '../core/errors.js';
import type { Space } from '../core/keyed-store.js';
import { BEGINNING, firstMultipleAbove, type Timestamp } from '../core/time.js';
import type { Emit, KernelSetup } from './kernel.js';
import { isPromise, noValue, shown } from './shapes.js';

/** The user's part. */
export interface TimestampsFunctions {
  /** Stream time of a value, in whole us. */
  readonly extract: (value: unknown) => unknown;
}

/** Lengths in us. */
export interface TimestampsParameters {
  readonly maxOutOfOrderness: number;
  readonly idleTimeout: number | undefined;
}

/** What the kernel is made from: it has a second output, and makes watermarks itself. */
export interface TimestampsSetup extends KernelSetup<TimestampsFunctions, TimestampsParameters> {
  /** Takes late records; the watermark that one missed stands in the context as its timestamp. */
  readonly emitLate: Emit;
  /** Downstream hears of the watermark whenever it reaches or passes a multiple of this (us). */
  readonly step: number;
  /** Carries a watermark to both outputs, completely, behind the records that it covers. */
  readonly advanceDownstream: (watermark: Timestamp) => void;
}

/** The `timestamps` operator of one source partition. It is no `Kernel`: watermarks begin here. */
export interface TimestampsKernel {
  /** One record, with its ingest time in the context; the context's times stand again afterwards. */
  onRecord(value: unknown): void;
  /**
   * A record that is delivered again. It is judged by the watermark of its own place, and neither counted again when it is
   * late nor taken for a sign of life. Returns the watermark behind it, for what came of the same record.
   */
  onReplay(value: unknown, watermark: Timestamp): Timestamp;
  /** A heartbeat of the ingest clock. It goes no further; with `idleTimeout` silence makes the watermark rise. */
  advance(ingestWatermark: Timestamp): void;
  /** The partition's watermark at this place: at the end of the input its final watermark. `BEGINNING` without a record. */
  readonly watermark: Timestamp;
  /** The highest timestamp of the records that were not late. `BEGINNING` without a record. */
  readonly highest: Timestamp;
}

/**
 * Makes the kernel of one source partition.
 *
 * 1. A record's timestamp is `extract(value)`. Below the watermark it is late: it goes to `emitLate` and is counted.
 * 2. Otherwise the watermark rises to the highest timestamp so far minus `maxOutOfOrderness`, and it is emitted.
 * 3. When the watermark has reached another multiple of `step`, `advanceDownstream` gets it, exactly and not rounded.
 * 4. A heartbeat at H, when the last record came at ingest time I and H - I >= `idleTimeout`, raises the watermark to
 *    (highest - `maxOutOfOrderness`) + (H - I). Before the first record nothing happens.
 *
 * Keeps three numbers. @throws StreamError `RG034` unless `extract` gives whole microseconds.
 */
export function createTimestamps(setup: TimestampsSetup): TimestampsKernel {
  return new Timestamps(setup);
}

type Mark = 'highest' | 'raised' | 'ingest';

class Timestamps implements TimestampsKernel {
  readonly #setup: TimestampsSetup;
  readonly #marks: Space<number>;
  readonly #idleTimeout: number | undefined;
  #highest: Timestamp;
  #watermark: Timestamp;
  #nextStep: Timestamp;

  constructor(setup: TimestampsSetup) {
    const { parameters, store, step } = setup;
    this.#setup = setup;
    this.#idleTimeout = parameters.idleTimeout;
    this.#marks = store.space<number>('partition');
    this.#highest = this.#mark('highest');
    this.#watermark = Math.max(this.#highest - parameters.maxOutOfOrderness, this.#mark('raised'));
    this.#nextStep = firstMultipleAbove(this.#watermark, step);
  }

  get watermark(): Timestamp {
    return this.#watermark;
  }

  get highest(): Timestamp {
    return this.#highest;
  }

  onRecord(value: unknown): void {
    const { functions, context, count } = this.#setup;
    const { extract } = functions;
    const time = extract(value);
    if (!Number.isSafeInteger(time)) throw notATimestamp(time);
    const ingest = context.timestamp;
    const timestamp = time as Timestamp;
    if (this.#idleTimeout !== undefined) this.#setMark('ingest', ingest);
    if (timestamp < this.#watermark) {
      count('lateRecords', 1);
      this.#late(value, this.#watermark);
    } else {
      this.#inTime(value, timestamp);
    }
    context.timestamp = ingest;
    context.windowEnd = Number.NaN;
  }

  onReplay(value: unknown, watermark: Timestamp): Timestamp {
    const { functions, parameters, context } = this.#setup;
    const time = functions.extract(value);
    if (!Number.isSafeInteger(time)) throw notATimestamp(time);
    const ingest = context.timestamp;
    const timestamp = time as Timestamp;
    if (timestamp < watermark) this.#late(value, watermark);
    else this.#inTime(value, timestamp);
    context.timestamp = ingest;
    context.windowEnd = Number.NaN;
    return Math.max(watermark, timestamp - parameters.maxOutOfOrderness);
  }

  advance(ingestWatermark: Timestamp): void {
    if (this.#idleTimeout === undefined || this.#highest === BEGINNING) return;
    // A task that lost its state may have heard replays only, which are no sign of life.
    const ingest = this.#mark('ingest');
    const silence = ingestWatermark - ingest;
    if (ingest === BEGINNING || silence < this.#idleTimeout) return;
    const raised = this.#highest - this.#setup.parameters.maxOutOfOrderness + silence;
    if (raised <= this.#watermark) return;
    this.#setMark('raised', raised);
    this.#watermark = raised;
    this.#tell();
  }

  #inTime(value: unknown, timestamp: Timestamp): void {
    const { parameters, context, emit } = this.#setup;
    if (timestamp > this.#highest) {
      this.#highest = timestamp;
      this.#setMark('highest', timestamp);
      // Also where the record's own way ends in an error: the next is late or in time as it would be without that.
      this.#watermark = Math.max(this.#watermark, timestamp - parameters.maxOutOfOrderness);
    }
    context.timestamp = timestamp;
    emit(value);
    this.#tell();
  }

  #late(value: unknown, watermark: Timestamp): void {
    const { context, emitLate } = this.#setup;
    // Where the record before it ended in an error.
    this.#tell();
    context.timestamp = watermark;
    emitLate(value);
  }

  #tell(): void {
    if (this.#watermark < this.#nextStep) return;
    this.#nextStep = firstMultipleAbove(this.#watermark, this.#setup.step);
    this.#setup.advanceDownstream(this.#watermark);
  }

  #mark(name: Mark): number {
    return this.#marks.get(name)?.value ?? BEGINNING;
  }

  #setMark(name: Mark, value: number): void {
    const cell = this.#marks.writable(name);
    if (cell === undefined) this.#marks.insert(name, value, 0);
    else cell.value = value;
  }
}

function notATimestamp(time: unknown): StreamError {
  if (isPromise(time)) return noValue('extract', time);
  return new StreamError(
    'RG034',
    `extract returned ${shown(time)}: a timestamp is a whole number of microseconds`,
    'return microseconds since the epoch, rounded: Math.round(date.getTime() * 1000)',
  );
}
