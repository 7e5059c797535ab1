/** An edge between two tasks: a bounded ring. Each drained block is one `next` of an `Observable<Block>`. */
import type { Observable } from 'rxjs';
// The package's index would load its 230 files at each start of a driver and of a worker: a tenth of a second.
import { Subject } from 'rxjs/internal/Subject';
import { BARRIER, type Block, END, Ring, WATERMARK } from './ring.js';

/**
 * The producer writes into the ring; the turn loop drains it. When the ring is full the producer's write drains it at
 * once: the consumer runs before the producer goes on, which is back-pressure on one thread. A block is one record at
 * low load and grows by itself under load.
 */
export class Edge {
  readonly ring: Ring;
  readonly #subject = new Subject<Block>();
  readonly #block: Block;
  readonly #wake: () => void;
  #isWaiting = false;
  #claimed = 0;
  #controls = 0;

  /** `wake` asks for a turn when the first entry comes. `withIds`: what reads it gives ids of records on. */
  constructor(capacity: number, withExtras: boolean, wake: () => void, withIds = false) {
    this.ring = new Ring(capacity, withExtras, withIds);
    this.#block = { ring: this.ring, from: 0, to: 0 };
    this.#wake = wake;
  }

  /** The drained blocks; completes with the job. */
  get blocks(): Observable<Block> {
    return this.#subject;
  }

  /** The place for the next entry; the caller fills it before it claims another. */
  claim(): number {
    const { ring } = this;
    if (ring.isFull) this.drain();
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#wake();
    }
    const at = ring.tail & ring.mask;
    ring.tail = (ring.tail + 1) | 0;
    return at;
  }

  watermark(watermark: number): void {
    this.#control(WATERMARK, watermark, Number.NaN);
  }

  end(finalWatermark: number, highest: number): void {
    this.#control(END, finalWatermark, highest);
  }

  barrier(epoch: number): void {
    this.#control(BARRIER, epoch, Number.NaN);
  }

  /** Hands everything in the ring to the consumer, in one block. */
  drain(): void {
    const { ring } = this;
    this.#isWaiting = false;
    if (ring.isEmpty) return;
    const block = this.#block;
    block.from = ring.head;
    block.to = ring.tail;
    this.#claimed += (block.to - block.from) | 0;
    this.#subject.next(block);
    ring.head = block.to;
  }

  /** How many records were handed over (Storm's `transferred`). */
  get records(): number {
    return this.#claimed - this.#controls;
  }

  #control(kind: number, first: number, second: number): void {
    const at = this.claim();
    this.#controls++;
    this.ring.ids[4 * at] = kind;
    this.ring.times[2 * at] = first;
    this.ring.times[2 * at + 1] = second;
  }

  complete(): void {
    this.#subject.complete();
  }
}
