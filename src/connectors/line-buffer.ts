/** The one partition of a source of text: it decodes lines, or records of a format, and knows places from which it could go on. */
import { StreamError } from '../core/errors.js';
import type { Decoding } from './formats/open-format.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { RecordDecoder, type Undecoded } from './record-decoder.js';
import { ValueBuffer } from './value-buffer.js';

/** A place of the input between two lines, behind so many. */
export interface Mark<Place> {
  readonly lines: number;
  readonly place: Place;
}

/** Marks that are kept of what is handed out: with two, the one before serves who is a little behind. */
const MARKS_KEPT = 2;

/** Takes chunks in and hands lines out. `Place`: how its input names the places from which it could go on. */
export class LineBuffer<Place = never> extends ValueBuffer {
  readonly #decoder: RecordDecoder;
  readonly #hasFormat: boolean;
  /** Marks of what waits, and the latest of what is handed out. */
  readonly #marks: Mark<() => Place>[] = [];

  /** `before`: lines that an earlier process has read. */
  constructor(options: LineDecoderOptions, before = 0, decoding?: Decoding) {
    super(before, decoding?.setAside);
    this.#decoder = new RecordDecoder(options, decoding);
    this.#hasFormat = decoding !== undefined;
  }

  /** What the source tells beside its lines. */
  counters(): Readonly<Record<string, number>> {
    const { invalidLines: invalidUtf8Lines, undecodable: undecodableRecords } = this.#decoder;
    return this.#hasFormat ? { invalidUtf8Lines, undecodableRecords } : { invalidUtf8Lines };
  }

  /** Records of the input at hand that were cut out so far, decoded or not. */
  get inputRecords(): number {
    return this.#decoder.recordsBefore;
  }

  /** Bytes at the end of what was pushed that are no whole record yet. */
  get pendingBytes(): number {
    return this.#decoder.pendingBytes;
  }

  /** The latest places that are handed out, oldest first. Undefined for an input that names none. */
  position(): readonly Mark<Place>[] | undefined {
    this.#forget();
    const handedOut = this.handedOut;
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
    this.#decode((values, undecoded) => this.#decoder.push(chunk, values, undecoded));
  }

  /** The line that has not ended counts as one: the input has broken off, or ended. */
  pushRest(): void {
    this.#decode((values, undecoded) => this.#decoder.end(values, undecoded));
  }

  override end(): void {
    this.pushRest();
    super.end();
  }

  #forget(): void {
    const handedOut = this.handedOut;
    while (this.#marks.length > MARKS_KEPT && this.#marks[MARKS_KEPT]!.lines <= handedOut) this.#marks.shift();
  }

  #decode(decode: (values: unknown[], undecoded: Undecoded[]) => void): void {
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
    this.add(values, undecoded);
    if (failure !== undefined) this.fail(failure);
  }
}
