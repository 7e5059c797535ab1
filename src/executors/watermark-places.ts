/** Remembers where in its partition's sequence a record stood, so that a replay is not judged by a later watermark. */

/** Which record of a partition's sequence is at hand, where records may be delivered again. */
export interface Deliveries {
  /** Sequence of the next new record; the one at hand is the one before, unless it is a replay. */
  readonly next: number;
  /** Sequence of the record that is delivered again, or -1. */
  readonly replaying: number;
  /** How many replays there were. */
  readonly replays: number;
  /** At most so many sequences are under way; a power of two. */
  readonly window: number;
}

/** The watermarks in front of the records that are not processed yet. */
export class WatermarkPlaces {
  readonly #deliveries: Deliveries;
  readonly #sequences: Float64Array;
  readonly #watermarks: Float64Array;
  readonly #mask: number;
  #last = -1;

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries;
    this.#sequences = new Float64Array(deliveries.window).fill(-1);
    this.#watermarks = new Float64Array(deliveries.window);
    this.#mask = deliveries.window - 1;
  }

  /** A new record is at hand, or a further part of it: only the watermark before its first part counts. */
  enter(watermark: number): void {
    const sequence = this.#deliveries.next - 1;
    if (sequence === this.#last) return;
    this.#last = sequence;
    this.#sequences[sequence & this.#mask] = sequence;
    this.#watermarks[sequence & this.#mask] = watermark;
  }

  /** The watermark in front of that record. One that did not get so far raised nothing: the next one's is its own. */
  before(sequence: number, watermark: number): number {
    for (let next = sequence; next < this.#deliveries.next; next++) {
      if (this.#sequences[next & this.#mask] === next) return this.#watermarks[next & this.#mask]!;
    }
    return watermark;
  }
}
