/** The pending tuples of one spout task: slots for open trees, and how far everything before is processed. */

/**
 * Sequences count the task's emissions. `processed` is the first that is not processed yet; a `WatermarkHold` goes by it.
 *
 * Slots are bounded by `capacity`; how far processing may run ahead of the oldest unprocessed record is bounded by
 * `window`, eight times that: beyond it the spout waits.
 */
export class PendingTuples {
  readonly capacity: number;
  /** By slot. */
  readonly sequences: Float64Array;
  readonly timestamps: Float64Array;
  readonly emittedAt: Float64Array;
  readonly attempts: Int32Array;
  readonly values: unknown[];
  /** Offset in the partition, or the message id of a user-written spout. */
  readonly ids: (number | string)[];
  readonly #free: Int32Array;
  #freeCount: number;
  readonly #done: Uint8Array;
  readonly #mask: number;
  #processed = 0;
  #next = 0;
  /** Sequence of the tuple that is delivered again, or -1; and how often any was. */
  replaying = -1;
  replays = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.sequences = new Float64Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.emittedAt = new Float64Array(capacity);
    this.attempts = new Int32Array(capacity);
    this.values = new Array<unknown>(capacity).fill(undefined);
    this.ids = new Array<number | string>(capacity).fill(0);
    this.#free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
    this.#freeCount = capacity;
    this.#done = new Uint8Array(capacity * 8);
    this.#mask = capacity * 8 - 1;
  }

  /** Slots in use. */
  get count(): number {
    return this.capacity - this.#freeCount;
  }

  /** The ids of the tuples that have a slot. */
  idsUnderWay(): readonly (number | string)[] {
    const free = new Set(this.#free.subarray(0, this.#freeCount));
    return this.ids.filter((_id, slot) => !free.has(slot));
  }

  /** Everything below this sequence is processed. */
  get processed(): number {
    return this.#processed;
  }

  get next(): number {
    return this.#next;
  }

  /** The most sequences under way. */
  get window(): number {
    return this.#mask + 1;
  }

  /** How many more sequences may begin before the oldest unprocessed one is done. */
  get room(): number {
    return this.#mask - (this.#next - this.#processed);
  }

  /** Begins a sequence. */
  begin(): number {
    return this.#next++;
  }

  /** Takes a free slot. The caller keeps `count` below its limit. */
  take(): number {
    this.#freeCount--;
    return this.#free[this.#freeCount]!;
  }

  /** Gives a slot back. */
  release(slot: number): void {
    this.values[slot] = undefined;
    this.#free[this.#freeCount] = slot;
    this.#freeCount++;
  }

  /** From here to `replayed` the tuple of that slot is delivered again. */
  replay(slot: number): void {
    this.replaying = this.sequences[slot]!;
    this.replays++;
  }

  replayed(): void {
    this.replaying = -1;
  }

  /** A sequence is processed, or given up. */
  finish(sequence: number): void {
    if (sequence !== this.#processed) {
      this.#done[sequence & this.#mask] = 1;
      return;
    }
    let processed = sequence + 1;
    while (processed < this.#next && this.#done[processed & this.#mask] === 1) {
      this.#done[processed & this.#mask] = 0;
      processed++;
    }
    this.#processed = processed;
  }
}
