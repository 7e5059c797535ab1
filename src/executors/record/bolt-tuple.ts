/** A tuple as a bolt sees it, with what acking it needs. */
import type { Tuple } from '../../topology/components.js';
import { DeliveredTuple } from '../../topology/delivered-tuple.js';
import { notDelivered } from '../tuple-answers.js';
import { Anchors, type ExtraAnchors, UNTRACKED } from './anchors.js';
import type { EdgeIds } from './edge-ids.js';

/** A delivered tuple. `childHigh`/`childLow` XOR the ids of all edges anchored to it so far. */
export class BoltTuple extends DeliveredTuple {
  root = UNTRACKED;
  generation = 0;
  high = 0;
  low = 0;
  extra: ExtraAnchors | undefined = undefined;
  childHigh = 0;
  childLow = 0;
  /** When `execute` began (us). */
  receivedAt = 0;
}

/** The tuple behind a user's `Tuple`. @throws StreamError `RG036` for an object that the engine did not deliver. */
export function boltTuple(tuple: Tuple, component: string): BoltTuple {
  if (tuple instanceof BoltTuple) return tuple;
  throw notDelivered(component);
}

/**
 * Anchors of a bolt's emits. For each edge, each anchor tuple gets an id of its own: two anchors of one tree must not
 * share one, or they would cancel out. A child's id in a tree is the XOR of those of its anchors in that tree.
 */
export class BoltAnchors extends Anchors {
  tuples: readonly BoltTuple[] = [];
  readonly #edgeIds: EdgeIds;

  constructor(ids: EdgeIds) {
    super(ids);
    this.#edgeIds = ids;
  }

  override draw(): void {
    const ids = this.#edgeIds;
    this.outRoot = UNTRACKED;
    this.outExtra = undefined;
    if (this.tuples.length === 1 && this.tuples[0]!.extra === undefined) {
      const tuple = this.tuples[0]!;
      if (tuple.root === UNTRACKED) return;
      ids.next();
      tuple.childHigh ^= ids.high;
      tuple.childLow ^= ids.low;
      this.outRoot = tuple.root;
      this.outGeneration = tuple.generation;
      this.outHigh = ids.high;
      this.outLow = ids.low;
      return;
    }
    this.#drawMany();
  }

  #drawMany(): void {
    const ids = this.#edgeIds;
    const trees: number[] = [];
    for (const tuple of this.tuples) {
      if (tuple.root === UNTRACKED) continue;
      ids.next();
      tuple.childHigh ^= ids.high;
      tuple.childLow ^= ids.low;
      join(trees, tuple.root, tuple.generation, ids.high, ids.low);
      for (let i = 0; i < (tuple.extra?.length ?? 0); i += 4)
        join(trees, tuple.extra![i]!, tuple.extra![i + 1]!, ids.high, ids.low);
    }
    if (trees.length === 0) return;
    [this.outRoot, this.outGeneration, this.outHigh, this.outLow] = trees as [number, number, number, number];
    if (trees.length > 4) this.outExtra = trees.slice(4);
  }
}

function join(trees: number[], root: number, generation: number, high: number, low: number): void {
  for (let i = 0; i < trees.length; i += 4) {
    if (trees[i] !== root || trees[i + 1] !== generation) continue;
    trees[i + 2]! ^= high;
    trees[i + 3]! ^= low;
    return;
  }
  trees.push(root, generation, high, low);
}
