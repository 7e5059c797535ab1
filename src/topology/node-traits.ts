/** What each kind of node is like: one row a kind, so that whoever asks need not know them all. */
import type { Node } from './graph.js';

/** One kind's ways. */
export interface NodeTraits {
  /** What it keeps: nothing, what a window or an order needs, or a state for each key that a user may look at. */
  readonly keeps: 'nothing' | 'progress' | 'keyed state';
  /** When its results come. */
  readonly emits: 'per record' | 'per interval';
}

const NARROW: NodeTraits = { keeps: 'nothing', emits: 'per record' };
const INTERVAL: NodeTraits = { keeps: 'progress', emits: 'per interval' };
const KEYED: NodeTraits = { keeps: 'keyed state', emits: 'per record' };

const TRAITS: Readonly<Record<Node['kind'], NodeTraits>> = {
  source: NARROW,
  map: NARROW,
  flatMap: NARROW,
  filter: NARROW,
  mapValues: NARROW,
  flatMapValues: NARROW,
  keyBy: NARROW,
  peek: NARROW,
  joinTable: NARROW,
  leftOuterJoinTable: NARROW,
  mapAsync: NARROW,
  mapValuesAsync: NARROW,
  union: NARROW,
  branch: NARROW,
  repartition: NARROW,
  partitionBy: NARROW,
  timestamps: { ...NARROW, keeps: 'progress' },
  reduceByKey: INTERVAL,
  reduce: INTERVAL,
  countByValue: INTERVAL,
  count: INTERVAL,
  groupByKey: INTERVAL,
  glom: INTERVAL,
  mapPartitions: INTERVAL,
  transform: INTERVAL,
  transformWith: INTERVAL,
  combineByKey: INTERVAL,
  aggregate: INTERVAL,
  distinct: INTERVAL,
  top: INTERVAL,
  cogroup: INTERVAL,
  join: INTERVAL,
  leftOuterJoin: INTERVAL,
  rightOuterJoin: INTERVAL,
  fullOuterJoin: INTERVAL,
  reduceByKeyAndWindow: INTERVAL,
  countByWindow: INTERVAL,
  window: INTERVAL,
  reduceByWindow: INTERVAL,
  countByValueAndWindow: INTERVAL,
  groupByKeyAndWindow: INTERVAL,
  sessionWindow: INTERVAL,
  intervalJoin: { ...NARROW, keeps: 'progress' },
  runningReduce: KEYED,
  updateStateByKey: { ...KEYED, emits: 'per interval' },
  mapWithState: KEYED,
  process: KEYED,
  spout: NARROW,
  bolt: NARROW,
  sink: NARROW,
};

const STATEFUL_BOLT: NodeTraits = { ...TRAITS.bolt, keeps: 'keyed state' };

/** What a node's kind is like; of a bolt it depends on what its user says. */
export function nodeTraits(node: Pick<Node, 'kind'> & { readonly keepsState?: boolean | undefined }): NodeTraits {
  return node.keepsState === true ? STATEFUL_BOLT : TRAITS[node.kind];
}
