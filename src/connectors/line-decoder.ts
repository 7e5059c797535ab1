/** Cuts chunks of bytes into lines of text. Knows no file and no socket. */
import { StreamError } from '../core/errors.js';

/** Cuts the chunks of one input after another into raw records, each of them whole. */
export interface Framer<Raw> {
  /** Adds the records that end in this chunk; those before a bad one are there when it throws. */
  push(chunk: Uint8Array, records: Raw[]): void;
  /** The input has broken off, or ended: what is left is a record, or too little for one. */
  end(records: Raw[]): void;
  /** What comes now is from another input, behind so many of its records. */
  begin(from: string, recordsBefore?: number): void;
  /** Records of this input so far. */
  readonly recordsBefore: number;
  /** Bytes at the end of what was pushed that are no whole record yet. */
  readonly pendingBytes: number;
}

/** What a decoder is told. */
export interface LineDecoderOptions {
  /** What the lines come from, for errors: `the file 'a.txt'`. */
  readonly from: string;
  readonly invalidUtf8: 'replace' | 'fail';
  readonly lineBytesMax: number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Of the mark of UTF-8 that may stand at the beginning of an input. */
const MARK_BYTES = 3;

/**
 * Lines end with `\n` or `\r\n`. No byte of a longer UTF-8 sequence is a line feed, so bytes are cut before they are
 * decoded: a run of whole lines at once, and line by line only where the run holds invalid bytes or may be too long.
 */
export class LineDecoder implements Framer<string> {
  /** Lines with invalid UTF-8 so far. */
  invalidLines = 0;
  readonly #options: LineDecoderOptions;
  readonly #strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #lenient = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Pieces of the line that has not ended yet. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #linesBefore = 0;
  #from: string;

  /** Lines of this input so far. */
  get recordsBefore(): number {
    return this.#linesBefore;
  }

  /** Bytes of the line that has not ended. */
  get pendingBytes(): number {
    return this.#pieceBytes;
  }

  constructor(options: LineDecoderOptions) {
    this.#options = options;
    this.#from = options.from;
  }

  /** What comes now is from another input, behind so many of its lines; at its beginning it may have a mark of its own. */
  begin(from: string, linesBefore = 0): void {
    this.#from = from;
    this.#linesBefore = linesBefore;
  }

  /** Adds the lines that end in this chunk; those before a bad one are there when it throws. @throws StreamError `RG042`, `RG044`. */
  push(chunk: Uint8Array, lines: string[]): void {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end >= 0) this.#decode(this.#joined(chunk.subarray(0, end)), lines);
    this.#keep(chunk.subarray(end + 1));
  }

  /** Adds the last line, when it has no line end. @throws StreamError `RG042`, `RG044`. */
  end(lines: string[]): void {
    if (this.#pieceBytes > 0) this.#decode(this.#joined(new Uint8Array()), lines);
  }

  /** Bytes of whole lines, without the last line end. */
  #decode(bytes: Uint8Array, lines: string[]): void {
    const hasMark = this.#linesBefore === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const text = hasMark ? bytes.subarray(MARK_BYTES) : bytes;
    const run = text.length <= this.#options.lineBytesMax ? this.#decodeRun(text) : undefined;
    if (run === undefined) {
      this.#decodeEach(text, lines);
      return;
    }
    this.#linesBefore += run.length;
    for (const line of run) lines.push(line);
  }

  #decodeRun(bytes: Uint8Array): string[] | undefined {
    let text: string;
    try {
      text = this.#strict.decode(bytes);
    } catch {
      return undefined;
    }
    const lines = text.split('\n');
    if (!text.includes('\r')) return lines;
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #decodeEach(bytes: Uint8Array, lines: string[]): void {
    for (let from = 0; from <= bytes.length; ) {
      const found = bytes.indexOf(LINE_FEED, from);
      const end = found < 0 ? bytes.length : found;
      const stripped = end > from && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      lines.push(this.#decodeLine(bytes.subarray(from, stripped), ++this.#linesBefore));
      from = end + 1;
    }
  }

  #decodeLine(bytes: Uint8Array, number: number): string {
    if (bytes.length > this.#options.lineBytesMax) throw this.#tooLong(number);
    try {
      return this.#strict.decode(bytes);
    } catch {
      if (this.#options.invalidUtf8 === 'fail') throw this.#invalid(number);
      this.invalidLines++;
      return this.#lenient.decode(bytes);
    }
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieceBytes += bytes.length;
    // What does not count once the line has ended must not count before, so that it is no matter where chunks end.
    const uncounted = (bytes.at(-1) === CARRIAGE_RETURN ? 1 : 0) + (this.#linesBefore === 0 ? MARK_BYTES : 0);
    if (this.#pieceBytes > this.#options.lineBytesMax + uncounted) throw this.#tooLong(this.#linesBefore + 1);
    this.#pieces.push(bytes);
  }

  #joined(rest: Uint8Array): Uint8Array {
    if (this.#pieceBytes === 0) return rest;
    const joined = new Uint8Array(this.#pieceBytes + rest.length);
    let at = 0;
    for (const piece of [...this.#pieces, rest]) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#pieceBytes = 0;
    return joined;
  }

  #invalid(line: number): StreamError {
    return new StreamError(
      'RG042',
      `line ${line} of ${this.#from} is not valid UTF-8`,
      "convert it to UTF-8, or use invalidUtf8: 'replace'",
    );
  }

  #tooLong(line: number): StreamError {
    const { lineBytesMax } = this.#options;
    return new StreamError(
      'RG044',
      `line ${line} of ${this.#from} is longer than ${lineBytesMax} bytes`,
      'raise lineBytesMax, or check that this is a text with line ends',
    );
  }
}
