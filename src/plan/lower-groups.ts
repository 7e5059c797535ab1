/** Lowers what looks at lists of values: groups and joins by key, partitions, whole intervals. */
import type {
  IntervalJoinNode,
  IntervalNode,
  Node,
  PairedNode,
  PartitionByNode,
  RepartitionNode,
  StreamRef,
  WindowNode,
} from '../topology/graph.js';
import { mapped } from './lower-windows.js';
import { HASH, type Lowering } from './lowering.js';
import type { OperatorInput, WindowGroupOperator } from './plan.js';
import { greatestCommonDivisor } from './slides.js';

/** `groupByKey` and `groupByKeyAndWindow`: each key's values as a list. */
export function lowerGroup(lowering: Lowering, node: IntervalNode | WindowNode): void {
  gathered(lowering, node, 'list', lowering.exchange(node.input, HASH));
}

/** Cogroup and joins: values go to the task of their key with the side that they came from. */
export function lowerJoin(
  lowering: Lowering,
  node: PairedNode & { readonly kind: WindowGroupOperator['gives'] },
): void {
  gathered(lowering, node, node.kind, sides(lowering, node));
}

/** `intervalJoin`: the same ways, to a kernel that keeps what may still meet others. */
export function lowerIntervalJoin(lowering: Lowering, node: IntervalJoinNode): void {
  const { before, after } = node;
  lowering.end(node, {
    kind: 'interval-join',
    before,
    after,
    inputs: sides(lowering, node),
    slide: lowering.slide(node),
  });
}

function sides(lowering: Lowering, node: PairedNode | IntervalJoinNode): readonly OperatorInput[] {
  return node.inputs
    .map((input, i) => mapped(lowering, node, input, i === 0 ? 'left' : 'right', lowering.slide(node)))
    .flatMap((side) => lowering.exchange(side, HASH));
}

/**
 * `glom`, `mapPartitions` and `window`: what each task has. A stream that several stages make has no partitions of its own: it is spread.
 * So are the partitions of a source in front of a `window`, since one that ends early still has records in later windows.
 */
export function lowerPartitions(
  lowering: Lowering,
  node: (IntervalNode | WindowNode) & { readonly kind: 'glom' | 'mapPartitions' | 'window' },
): void {
  const isWindow = node.kind === 'window';
  const isWhole = isWindow ? lowering.endsAtOnce(node.input) : lowering.isInOneStage(node.input);
  const input = isWhole ? node.input : spread(lowering, node, node.input);
  gathered(lowering, node, isWindow ? 'each' : node.kind, lowering.forward(input));
}

/** `repartition` and `partitionBy`: records are spread over tasks, where the chain goes on. */
export function lowerRepartition(lowering: Lowering, node: RepartitionNode | PartitionByNode): void {
  if (lowering.isPerInterval(node.input)) lowering.markPerInterval(node);
  const isByKey = node.kind === 'partitionBy' && node.isByKey;
  const operator = isByKey ? placed(lowering, node) : spread(lowering, node, node.input);
  lowering.setOutput(node, 'default', [{ operator, output: 'default' }]);
}

/** `transform` and `transformWith`: whole intervals, also empty ones, to the function that is a `flatMap` of them. */
export function lowerTransform(lowering: Lowering, node: IntervalNode | PairedNode): void {
  const slide = lowering.slide(node);
  const global = { kind: 'global' } as const;
  const inputs =
    'inputs' in node
      ? node.inputs
          .map((input, i) => mapped(lowering, node, input, i === 0 ? 'left-record' : 'right-record', slide))
          .flatMap((side) => lowering.exchange(side, global))
      : lowering.exchange(node.input, global);
  const { maxEmptyIntervals } = lowering;
  const isSided = 'inputs' in node;
  const collected = lowering.add(node, { kind: 'collect-interval', inputs, slide, maxEmptyIntervals, isSided });
  lowering.markPerInterval(node);
  lowering.end(node, { kind: 'flat-map', shape: 'value', inputs: lowering.forward(collected), slide });
}

function gathered(
  lowering: Lowering,
  node: IntervalNode | WindowNode | PairedNode,
  gives: WindowGroupOperator['gives'],
  inputs: readonly OperatorInput[],
): void {
  const slide = lowering.slide(node);
  const window = 'window' in node ? node.window : slide;
  lowering.markPerInterval(node);
  const pane = greatestCommonDivisor(window, slide);
  lowering.end(node, { kind: 'window-group', window, slide, pane, gives, inputs });
}

/** Brings each pair to the task of its key. */
function placed(lowering: Lowering, node: PartitionByNode): number {
  const inputs = lowering.exchange(node.input, HASH);
  return lowering.add(node, { kind: 'map', shape: 'pair', inputs, slide: lowering.slideOf(node.input) });
}

/** Pairs each record with a task's key, or with what the user's function makes of its own, brings it there, and takes the key off. */
function spread(lowering: Lowering, node: Node, input: StreamRef): number {
  const slide = lowering.slideOf(input);
  const { partitions } = node;
  const paired = lowering.add(node, {
    kind: 'map',
    shape: node.kind === 'partitionBy' ? 'pair-key' : 'spread',
    inputs: lowering.forward(input),
    slide,
    partitions,
  });
  return lowering.add(node, { kind: 'map', shape: 'drop-key', inputs: lowering.exchange(paired, HASH), slide });
}
