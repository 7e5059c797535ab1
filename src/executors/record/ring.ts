/** A bounded ring as a struct of arrays: the queue of one edge between two tasks. Entries are records or control. */
import type { ExtraAnchors } from './anchors.js';

/** What an entry is. Watermarks and the end travel in-band, behind the records that they cover. */
export const RECORD = 0;
export const WATERMARK = 1;
export const END = 2;

/**
 * The ring. Indexes count up for ever and wrap as 32-bit integers; `index & mask` is the place.
 * Writers claim a place and fill the arrays themselves: doubles passed as arguments would be boxed.
 */
export class Ring {
  readonly mask: number;
  readonly values: unknown[];
  readonly kinds: Uint8Array;
  /** Record: its stream time. Watermark: the watermark. End: the final watermark. */
  readonly timestamps: Float64Array;
  /** Record: the end of its window or NaN. End: the highest timestamp. */
  readonly windowEnds: Float64Array;
  /** The first root of the record's tree and its edge id there; root -1: untracked. */
  readonly roots: Int32Array;
  readonly generations: Int32Array;
  readonly highs: Int32Array;
  readonly lows: Int32Array;
  /** Further roots, for tuples anchored to several trees. */
  readonly extras: (ExtraAnchors | undefined)[];
  head = 0;
  tail = 0;

  constructor(capacity: number) {
    this.mask = capacity - 1;
    this.values = new Array<unknown>(capacity).fill(undefined);
    this.kinds = new Uint8Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.windowEnds = new Float64Array(capacity);
    this.roots = new Int32Array(capacity);
    this.generations = new Int32Array(capacity);
    this.highs = new Int32Array(capacity);
    this.lows = new Int32Array(capacity);
    this.extras = new Array<ExtraAnchors | undefined>(capacity).fill(undefined);
  }

  get isFull(): boolean {
    return ((this.tail - this.head) | 0) > this.mask;
  }

  get isEmpty(): boolean {
    return this.head === this.tail;
  }
}

/** What an edge's observable carries: the entries `from` (inclusive) to `to` (exclusive) of a ring. Used again for the next block. */
export interface Block {
  readonly ring: Ring;
  from: number;
  to: number;
}
