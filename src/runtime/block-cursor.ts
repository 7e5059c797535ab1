/** Hands a block out in pieces, as a reader that is polled must. */
import type { Block } from './source.js';

/** Where a block is, on its way to whoever polls. */
export class BlockCursor {
  readonly #block: Block;
  #given = 0;
  #beats = 0;
  #isDone = false;

  constructor(block: Block) {
    this.#block = block;
  }

  /** All of it is handed out, with the heartbeats behind its last record. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Appends up to `max` records with the heartbeats between them, and the end behind the last. Returns how many. */
  give(to: Block, max: number): number {
    const { values, timestamps, length, ended } = this.#block;
    const from = this.#given;
    const end = Math.min(length, from + max);
    while (this.#given < end) {
      this.#beat(to);
      to.push(values[this.#given], timestamps[this.#given]!);
      this.#given += 1;
    }
    if (end === length) {
      this.#beat(to);
      to.ended = ended;
      this.#isDone = true;
    }
    return end - from;
  }

  /** The heartbeats that stand before the next record. */
  #beat(to: Block): void {
    const { heartbeats } = this.#block;
    for (; this.#beats < heartbeats.length && heartbeats[this.#beats]!.at <= this.#given; this.#beats += 1)
      to.heartbeat(heartbeats[this.#beats]!.watermark);
  }
}
