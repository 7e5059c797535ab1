/** The one partition of a source of text: lines, or what they decode to, wait here, bounded, between the input and whoever polls. */
import { StreamError } from '../core/errors.js';
import type { RawPartition } from '../runtime/source.js';
import type { Decoding } from './formats/open-format.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { RecordDecoder, type Undecoded } from './record-decoder.js';

/** Lines that may wait; beyond it the input is not read. One chunk of the input may go over it. */
export const LINES_BUFFERED_MAX = 16_384;

/** A place of the input between two lines, behind so many. */
export interface Mark<Place> {
  readonly lines: number;
  readonly place: Place;
}

/** Marks that are kept of what is handed out: with two, the one before serves who is a little behind. */
const MARKS_KEPT = 2;

/** Takes chunks in and hands lines out. `Place`: how its input names the places from which it could go on. */
export class LineBuffer<Place = never> implements RawPartition {
  readonly #decoder: RecordDecoder;
  readonly #decoding: Decoding | undefined;
  /** Runs of lines, as decoded; of the first, `#used` lines are gone. */
  #runs: unknown[][] = [];
  #used = 0;
  #waiting = 0;
  /** Marks of what waits, and the latest of what is handed out. */
  readonly #marks: Mark<() => Place>[] = [];
  /** What did not decode, told once all that came before it is handed out; `at` counts as `received` does. */
  #undecoded: Undecoded[] = [];
  #state: 'open' | 'ended' | StreamError = 'open';
  /** Lines that came, those before this process included. */
  received: number;
  #wake: (() => void) | undefined;
  #hasRoom: (() => void) | undefined;

  /** `before`: lines that an earlier process has read. */
  constructor(options: LineDecoderOptions, before = 0, decoding?: Decoding) {
    this.#decoder = new RecordDecoder(options, decoding);
    this.#decoding = decoding;
    this.received = before;
  }

  /** What the source tells beside its lines. */
  counters(): Readonly<Record<string, number>> {
    const { invalidLines: invalidUtf8Lines, undecodable: undecodableRecords } = this.#decoder;
    return this.#decoding === undefined ? { invalidUtf8Lines } : { invalidUtf8Lines, undecodableRecords };
  }

  /** Records of the input at hand that were cut out so far, decoded or not. */
  get inputRecords(): number {
    return this.#decoder.recordsBefore;
  }

  /** Bytes at the end of what was pushed that are no whole record yet. */
  get pendingBytes(): number {
    return this.#decoder.pendingBytes;
  }

  /** Known only once the lines before it are handed out. */
  get failure(): StreamError | undefined {
    return this.#state instanceof StreamError && this.#waiting === 0 ? this.#state : undefined;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    let left = Math.min(max, this.#waiting);
    this.#waiting -= left;
    while (left > 0) {
      const run = this.#runs[0]!;
      const end = Math.min(run.length, this.#used + left);
      for (let at = this.#used; at < end; at++) values.push(run[at]);
      left -= end - this.#used;
      this.#used = end;
      if (end === run.length) {
        this.#runs.shift();
        this.#used = 0;
      }
    }
    if (this.#undecoded.length > 0) this.#tellUndecoded();
    if (this.#waiting <= LINES_BUFFERED_MAX / 2) this.#release();
    if (this.#waiting > 0) return 'more';
    return this.#state === 'ended' ? 'ended' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#waiting > 0 || this.#undecoded.length > 0 || this.#state !== 'open') this.#notify();
  }

  /** The latest places that are handed out, oldest first. Undefined for an input that names none. */
  position(): readonly Mark<Place>[] | undefined {
    this.#forget();
    const handedOut = this.#handedOut;
    const passed = this.#marks.filter(({ lines }) => lines <= handedOut);
    return passed.length === 0 ? undefined : passed.map(({ lines, place }) => ({ lines, place: place() }));
  }

  /** What is pushed now comes from another input, such as the next file, behind so many of its lines. Push the rest of the one before first. */
  begin(from: string, linesBefore = 0): void {
    this.#decoder.begin(from, linesBefore);
  }

  /** Names the place behind all lines that were pushed. */
  mark(place: () => Place): void {
    this.#marks.push({ lines: this.received, place });
    this.#forget();
  }

  /** Takes a chunk in. A chunk that is no text fails the source. */
  push(chunk: Uint8Array): void {
    this.#add((values, undecoded) => this.#decoder.push(chunk, values, undecoded));
  }

  /** The line that has not ended counts as one: the input has broken off, or ended. */
  pushRest(): void {
    this.#add((values, undecoded) => this.#decoder.end(values, undecoded));
  }

  end(): void {
    this.pushRest();
    if (this.#state === 'open') this.#state = 'ended';
    this.#release();
    this.#notify();
  }

  fail(error: StreamError): void {
    if (this.#state === 'open') this.#state = error;
    this.#release();
    this.#notify();
  }

  /** Resolves when there is room for more, at once if there is some already. */
  room(): Promise<void> | undefined {
    if (this.#waiting + this.#undecoded.length < LINES_BUFFERED_MAX || !this.isOpen) return undefined;
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  get #handedOut(): number {
    return this.received - this.#waiting;
  }

  #forget(): void {
    const handedOut = this.#handedOut;
    while (this.#marks.length > MARKS_KEPT && this.#marks[MARKS_KEPT]!.lines <= handedOut) this.#marks.shift();
  }

  #add(decode: (values: unknown[], undecoded: Undecoded[]) => void): void {
    if (!this.isOpen) return;
    const values: unknown[] = [];
    const undecoded: Undecoded[] = [];
    let failure: StreamError | undefined;
    try {
      decode(values, undecoded);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      failure = error;
    }
    for (const record of undecoded) this.#undecoded.push({ ...record, at: this.received + record.at });
    if (values.length > 0) {
      this.#runs.push(values);
      this.#waiting += values.length;
      this.received += values.length;
    }
    if (failure !== undefined) this.fail(failure);
    else if (values.length > 0 || undecoded.length > 0) this.#notify();
  }

  #tellUndecoded(): void {
    const handedOut = this.#handedOut;
    const next = this.#undecoded.findIndex(({ at }) => at > handedOut);
    for (const { at, value, error } of this.#undecoded.splice(0, next < 0 ? this.#undecoded.length : next)) {
      this.#decoding?.setAside({ partition: 0, offset: at, value, error });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }
}
