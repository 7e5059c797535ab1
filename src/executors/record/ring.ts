/** A bounded ring as a struct of arrays: the queue of one edge between two tasks. Entries are records or control. */
import type { ExtraAnchors } from './anchors.js';

/** Roots that are none: control entries. Watermarks and the end travel in-band, behind the records that they cover. */
export const WATERMARK = -3;
export const END = -4;
/** Everything before it belongs to the epoch that it names. */
export const BARRIER = -5;

/**
 * The ring. Indexes count up for ever and wrap as 32-bit integers; `index & mask` is the place.
 * Writers claim a place and fill the arrays themselves: doubles passed as arguments would be boxed. What belongs to one
 * place lies together: two doubles, and four integers.
 */
export class Ring {
  readonly mask: number;
  readonly values: unknown[];
  /**
   * At `2 * place`: a record's stream time, a watermark, the final watermark, or a barrier's epoch. Behind it: the end of the
   * record's window or NaN, or the highest timestamp.
   */
  readonly times: Float64Array;
  /** At `4 * place`: the first root of the record's tree (or `UNTRACKED`, or one of the control entries), its generation, and the edge id's halves. */
  readonly ids: Int32Array;
  /** Further roots, for tuples anchored to several trees. Undefined where no bolt can make such. */
  readonly extras: (ExtraAnchors | undefined)[] | undefined;
  /** Where a sink asks for ids: what names the record. Undefined where it asks for none of this edge. */
  readonly recordIds: (string | undefined)[] | undefined;
  head = 0;
  tail = 0;

  constructor(capacity: number, withExtras: boolean, withIds: boolean) {
    this.mask = capacity - 1;
    this.values = new Array<unknown>(capacity).fill(undefined);
    this.times = new Float64Array(capacity * 2);
    this.ids = new Int32Array(capacity * 4);
    this.extras = withExtras ? new Array<ExtraAnchors | undefined>(capacity).fill(undefined) : undefined;
    this.recordIds = withIds ? new Array<string | undefined>(capacity).fill(undefined) : undefined;
  }

  get isFull(): boolean {
    return ((this.tail - this.head) | 0) > this.mask;
  }

  get isEmpty(): boolean {
    return this.head === this.tail;
  }
}

/** Where entries lie: in a ring, or in the arrays of a message. */
export type Entries = Pick<Ring, 'mask' | 'values' | 'times' | 'ids' | 'extras' | 'recordIds'>;

/** What an edge's observable carries: the entries `from` (inclusive) to `to` (exclusive) of a ring. Used again for the next block. */
export interface Block {
  readonly ring: Entries;
  from: number;
  to: number;
}
