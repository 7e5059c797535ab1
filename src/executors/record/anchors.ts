/** Anchors: to which tuple trees the record at hand belongs, and what acking it will XOR into each. */
import type { EdgeIds } from './edge-ids.js';

/** Further roots of a record: [root, generation, high, low] repeated. */
export type ExtraAnchors = readonly number[];

/** No tree: nobody waits for this record. */
export const UNTRACKED = -1;
/** A tree that is opened by the first edge: a record that stays within its chain never needs one. */
export const LAZY = -2;

/** Opens a tree for the record that a spout task has at hand: sets `root` and `generation`. */
export type OpenTree = (anchors: Anchors) => void;

/**
 * The anchors of one task's current record. While the chain runs, every edge that it emits draws an id, which is XORed
 * into `high` and `low`; what they hold when the chain returns is what the ack carries.
 */
export class Anchors {
  root = UNTRACKED;
  generation = 0;
  high = 0;
  low = 0;
  extra: ExtraAnchors | undefined = undefined;
  /** The anchors of the edge just drawn. */
  outRoot = UNTRACKED;
  outGeneration = 0;
  outHigh = 0;
  outLow = 0;
  outExtra: ExtraAnchors | undefined = undefined;
  readonly #ids: EdgeIds;
  readonly #open: OpenTree;

  constructor(ids: EdgeIds, open: OpenTree = () => {}) {
    this.#ids = ids;
    this.#open = open;
  }

  /** Draws the anchors of one more edge from the record at hand. */
  draw(): void {
    if (this.root === UNTRACKED) {
      this.outRoot = UNTRACKED;
      return;
    }
    if (this.root === LAZY) this.#open(this);
    const ids = this.#ids;
    ids.next();
    this.high ^= ids.high;
    this.low ^= ids.low;
    this.outRoot = this.root;
    this.outGeneration = this.generation;
    this.outHigh = ids.high;
    this.outLow = ids.low;
    this.outExtra = this.extra === undefined ? undefined : withId(this.extra, ids.high, ids.low);
  }
}

function withId(extra: ExtraAnchors, high: number, low: number): ExtraAnchors {
  const out: number[] = [];
  for (let i = 0; i < extra.length; i += 4) out.push(extra[i]!, extra[i + 1]!, high, low);
  return out;
}
