/** Keys on their way between threads or processes, written one by one: short texts as bytes, so that no key is kept for it. It knows no pairs. */
import { type Column, cellsOf, columnOf, LONG, latin1, SHORT_BELOW, type Texts } from './column-codec.js';

export class KeyColumn {
  length = 0;
  // Plain fields, as in `NumberColumn`: `add` is called for each key of a batch.
  private bytes = new Uint8Array(1_024);
  private used = 0;
  private lengths = new Uint8Array(256);
  private readonly long: string[] = [];
  /** All short texts, from the first on that is not made of bytes. */
  private wide: string | undefined;
  /** All keys, from the first on that is no text. */
  private others: unknown[] | undefined;

  /** Puts a key, which may be anything, behind the others. Returns its place: how many were there before. */
  add(key: unknown): number {
    const at = this.length;
    if (typeof key !== 'string' && this.others === undefined) this.others = Array.from(cellsOf(this.#texts()));
    if (this.others !== undefined) this.others.push(key);
    else this.#addText(at, key as string);
    this.length = at + 1;
    return at;
  }

  /** A column of all that were added, apart from what is added later. `buffers` gets what may be transferred. */
  sent(buffers: ArrayBuffer[]): Column {
    if (this.others !== undefined) return columnOf(this.others, buffers);
    if (this.long.length === this.length) return this.long;
    const texts = this.#texts();
    buffers.push(texts.lengths.buffer as ArrayBuffer);
    if (typeof texts.text !== 'string') buffers.push(texts.text.buffer as ArrayBuffer);
    return texts;
  }

  #texts(): Texts {
    const { used, length, long } = this;
    return { text: this.wide ?? this.bytes.slice(0, used), lengths: this.lengths.slice(0, length), long };
  }

  #addText(at: number, text: string): void {
    if (at === this.lengths.length) this.lengths = grown(this.lengths);
    const { length } = text;
    if (length >= SHORT_BELOW) {
      this.lengths[at] = LONG;
      this.long.push(text);
      return;
    }
    this.lengths[at] = length;
    if (this.wide !== undefined) this.wide += text;
    else if (!this.#addBytes(text)) this.#widen(text);
  }

  /** False for a text that is not made of bytes; it leaves nothing behind. */
  #addBytes(text: string): boolean {
    const { length } = text;
    if (this.used + length > this.bytes.length) this.bytes = grown(this.bytes);
    const { bytes, used } = this;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      all |= unit;
      bytes[used + i] = unit;
    }
    if (all > 0xff) return false;
    this.used = used + length;
    return true;
  }

  #widen(text: string): void {
    this.wide = latin1(this.bytes.subarray(0, this.used)) + text;
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(bytes.length * 2);
  twice.set(bytes);
  return twice;
}
