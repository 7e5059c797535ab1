/** What is known of a stream beside its values: what order is promised, and what depends on more. */
import type { Node } from '../topology/graph.js';

/** A list as a whole, a pair's value, both lists of a cogroup; or only what is in the lists of a window, wherever. */
export type ListView = 'list in any order' | 'value in any order' | 'values in any order' | 'elements';

/** What is known of a stream. */
export interface StreamFacts {
  /** Source partitions upstream, over all paths. */
  readonly partitions: number;
  /** What order is promised: of all records (one partition, no paths that meet), of each key's, or none. */
  readonly order: 'all' | 'per key' | 'none';
  /** Results come once per window or interval. */
  readonly isWindowed: boolean;
  /** Its partitions are those of a source, and no matter of tasks. */
  readonly isOfSource: boolean;
  /** The spout whose clock is its stream time. */
  readonly clock: string | undefined;
  /** The operator whose values depend on an order, or on partitions, that nobody promises. */
  readonly sensitive: Sensitive | undefined;
  /** The operator whose results hold lists in no promised order, as long as they are as it made them. */
  readonly lists: { readonly node: Node; readonly view: ListView } | undefined;
  /** Operators up to here whose functions count as free of an order that nobody promises, since they do not say `orderSensitive`. */
  readonly assumed: readonly Node[];
}

/** Why values of an operator are not promised. */
export interface Sensitive {
  readonly node: Node;
  readonly kind: 'order-sensitive' | 'batch-sensitive' | 'clock-sensitive';
  readonly why: string;
}
