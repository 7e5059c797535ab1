/** A hash over the events of a run, in order: two runs with equal hashes went the same way. */
import { hashText } from '../../core/json.js';

/** Characters that are hashed at a time. */
const PIECE = 65_536;

export class EventHash {
  #hash = '';
  #pieces: string[] = [];
  #length = 0;

  add(event: unknown): void {
    const text = JSON.stringify(event);
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= PIECE) this.digest();
  }

  digest(): string {
    this.#hash = hashText(this.#hash + this.#pieces.join(''));
    this.#pieces = [];
    this.#length = 0;
    return this.#hash;
  }
}
