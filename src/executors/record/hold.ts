/** Holds a source task's watermarks back until every record before them is processed. */
import type { Link } from '../link.js';

/** How far a spout got: of `next` sequences that began, those below `processed` are processed. */
export interface Progress {
  readonly processed: number;
  readonly next: number;
}

/**
 * A watermark never passes the oldest unprocessed tuple of its spout, so a replay cannot find its window closed.
 * Records pass at once. Keeps one watermark for each place in the sequence where one waits; `step` bounds how many.
 */
export class WatermarkHold {
  readonly #pending: Progress;
  readonly #next: Link;
  readonly #waiting: { readonly sequence: number; watermark: number }[] = [];
  /** The highest watermark that came, and the highest that was let go. */
  arrived = Number.NEGATIVE_INFINITY;
  passed = Number.NEGATIVE_INFINITY;

  constructor(pending: Progress, next: Link) {
    this.#pending = pending;
    this.#next = next;
  }

  get link(): Link {
    return { push: this.#next.push, advance: (watermark) => this.#advance(watermark), end: this.#next.end };
  }

  /** No watermark waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Passes the highest watermark whose records are all processed. */
  release(): void {
    let passed: number | undefined;
    while (this.#waiting.length > 0 && this.#waiting[0]!.sequence <= this.#pending.processed)
      passed = this.#waiting.shift()!.watermark;
    if (passed !== undefined) this.#pass(passed);
  }

  #advance(watermark: number): void {
    const { processed, next } = this.#pending;
    this.arrived = watermark;
    if (processed >= next) {
      this.#waiting.length = 0;
      this.#pass(watermark);
      return;
    }
    const last = this.#waiting.at(-1);
    if (last?.sequence === next) last.watermark = watermark;
    else this.#waiting.push({ sequence: next, watermark });
  }

  #pass(watermark: number): void {
    this.passed = watermark;
    this.#next.advance(watermark);
  }
}
