/** Lowering: graph nodes to core operators. Here and beside it stands how a derived operator is made of core ones, and nowhere else. */
import type { BoltNode, CallNode, Graph, MapWithStateNode, Node, SinkNode, StreamRef } from '../topology/graph.js';
import {
  lowerGroup,
  lowerIntervalJoin,
  lowerJoin,
  lowerPartitions,
  lowerRepartition,
  lowerTransform,
} from './lower-groups.js';
import { lowerReduction } from './lower-windows.js';
import { HASH, Lowering, type OperatorDraft } from './lowering.js';
import type { BoltOperator, CoreOperator, MapAsyncOperator } from './plan.js';

/** The core operators of a valid graph, in topological order. */
export function lower(graph: Graph): readonly CoreOperator[] {
  const lowering = new Lowering(graph);
  for (const node of graph.nodes) lowerNode(lowering, node);
  return lowering.operators;
}

function lowerNode(lowering: Lowering, node: Node): void {
  const slide = lowering.slide(node);
  switch (node.kind) {
    case 'source':
      return lowering.end(node, { kind: 'source', inputs: [], slide, name: node.name, spec: node.spec });
    case 'map':
    case 'peek':
      return narrow(lowering, node, node.input, { kind: 'map', shape: 'value' });
    case 'mapValues':
      return narrow(lowering, node, node.input, { kind: 'map', shape: 'pair-values' });
    case 'keyBy':
      return narrow(lowering, node, node.input, { kind: 'map', shape: 'key' });
    case 'flatMap':
    case 'joinTable':
    case 'leftOuterJoinTable':
      return narrow(lowering, node, node.input, { kind: 'flat-map', shape: 'value' });
    case 'flatMapValues':
      return narrow(lowering, node, node.input, { kind: 'flat-map', shape: 'pair-values' });
    case 'filter':
      return narrow(lowering, node, node.input, { kind: 'filter' });
    case 'mapAsync':
      return calling(lowering, node, 'value');
    case 'mapValuesAsync':
      return calling(lowering, node, 'pair-values');
    case 'union':
      lowering.setOutput(
        node,
        'default',
        node.inputs.flatMap((input) => lowering.originsOf(input)),
      );
      if (node.inputs.every((input) => lowering.isPerInterval(input))) lowering.markPerInterval(node);
      return;
    case 'branch': {
      if (lowering.isPerInterval(node.input)) lowering.markPerInterval(node);
      const { arms } = node;
      const operator = lowering.add(node, { kind: 'branch', arms, inputs: lowering.forward(node.input), slide });
      for (const arm of arms) lowering.setOutput(node, arm, [{ operator, output: arm }]);
      return;
    }
    case 'timestamps': {
      const { maxOutOfOrderness, idleTimeout } = node;
      const inputs = lowering.forward(node.input);
      const operator = lowering.add(node, { kind: 'timestamps', maxOutOfOrderness, idleTimeout, inputs, slide });
      lowering.setOutput(node, 'default', [{ operator, output: 'default' }]);
      lowering.setOutput(node, 'late', [{ operator, output: 'late' }]);
      return;
    }
    case 'reduceByKey':
    case 'reduce':
    case 'countByValue':
    case 'count':
    case 'combineByKey':
    case 'aggregate':
    case 'distinct':
    case 'top':
    case 'reduceByKeyAndWindow':
    case 'reduceByWindow':
    case 'countByWindow':
    case 'countByValueAndWindow':
      return lowerReduction(lowering, node);
    case 'groupByKey':
    case 'groupByKeyAndWindow':
      return lowerGroup(lowering, node);
    case 'cogroup':
    case 'join':
    case 'leftOuterJoin':
    case 'rightOuterJoin':
    case 'fullOuterJoin':
      return lowerJoin(lowering, { ...node, kind: node.kind });
    case 'intervalJoin':
      return lowerIntervalJoin(lowering, node);
    case 'sessionWindow': {
      const inputs = lowering.exchange(node.input, HASH);
      return lowering.end(node, { kind: 'session-window', gap: node.gap, reduce: 'user', inputs, slide });
    }
    case 'glom':
    case 'mapPartitions':
      return lowerPartitions(lowering, { ...node, kind: node.kind });
    case 'window':
      return lowerPartitions(lowering, { ...node, kind: node.kind });
    case 'repartition':
    case 'partitionBy':
      return lowerRepartition(lowering, node);
    case 'transform':
    case 'transformWith':
      return lowerTransform(lowering, node);
    case 'runningReduce':
      return lowering.end(node, {
        kind: 'running-reduce',
        inputs: lowering.exchange(node.input, HASH),
        slide,
        maxKeys: lowering.maxKeys(node),
      });
    case 'updateStateByKey': {
      const { maxEmptyIntervals } = lowering;
      lowering.markPerInterval(node);
      const inputs = lowering.exchange(node.input, HASH);
      const maxKeys = lowering.maxKeys(node);
      return lowering.end(node, { kind: 'update-state', inputs, slide, maxEmptyIntervals, maxKeys });
    }
    case 'mapWithState':
      return lowerMapWithState(lowering, node);
    case 'process':
      return lowering.end(node, {
        kind: 'process',
        inputs: lowering.exchange(node.input, HASH),
        slide,
        maxKeys: lowering.maxKeys(node),
      });
    case 'spout':
    case 'bolt': {
      const inputs =
        node.kind === 'spout' ? [] : node.inputs.flatMap(({ stream, grouping }) => lowering.exchange(stream, grouping));
      const { name, streams } = node;
      const parallelism = Math.min(node.parallelism, lowering.graph.settings.maxTaskParallelism ?? node.parallelism);
      const common = { name, streams, parallelism, inputs, slide };
      const operator =
        node.kind === 'spout'
          ? lowering.add(node, {
              kind: 'spout',
              ...common,
              maxSpoutPending: node.maxSpoutPending,
              messageTimeout: node.messageTimeout,
            })
          : lowering.add(node, {
              kind: 'bolt',
              ...common,
              tickEvery: node.tickEvery,
              holdsTuples: node.holdsTuples,
              keepsState: node.keepsState,
              ...(node.keepsState === true ? { maxKeys: lowering.maxKeys(node) } : {}),
              holdsAtMost: heldBy(node),
              windows: node.windows,
            });
      for (const stream of streams) lowering.setOutput(node, stream.name, [{ operator, output: stream.name }]);
      return;
    }
    case 'sink':
      return lowerSink(lowering, node);
  }
}

/** The states of each interval are what `updateStateByKey` would make of their changes, in the same task. */
function lowerMapWithState(lowering: Lowering, node: MapWithStateNode): void {
  const slide = lowering.slide(node);
  const { timeout, snapshots: tellsChanges, input } = node;
  const inputs = lowering.exchange(input, HASH);
  const maxKeys = lowering.maxKeys(node);
  const mapped = lowering.add(node, { kind: 'map-with-state', timeout, tellsChanges, inputs, slide, maxKeys });
  if (!tellsChanges) return lowering.setOutput(node, 'default', [{ operator: mapped, output: 'default' }]);
  const side = (shape: 'left-of' | 'right-of') =>
    lowering.add(node, { kind: 'flat-map', shape, inputs: lowering.forward(mapped), slide });
  lowering.setOutput(node, 'default', [{ operator: side('left-of'), output: 'default' }]);
  const changes = lowering.forward(side('right-of'));
  const { maxEmptyIntervals } = lowering;
  const latest = { kind: 'update-state', update: 'latest', inputs: changes, slide, maxEmptyIntervals } as const;
  lowering.setOutput(node, 'snapshots', [{ operator: lowering.add(node, latest, '/snapshots'), output: 'default' }]);
}

function narrow(
  lowering: Lowering,
  node: Node,
  input: StreamRef,
  operator:
    | { readonly kind: 'map'; readonly shape: 'value' | 'key' | 'pair-values' }
    | { readonly kind: 'flat-map'; readonly shape: 'value' | 'pair-values' }
    | { readonly kind: 'filter' },
): void {
  if (lowering.isPerInterval(input)) lowering.markPerInterval(node);
  const draft: OperatorDraft = { ...operator, inputs: lowering.forward(input), slide: lowering.slide(node) };
  lowering.end(node, draft);
}

/** A stage of its own: between its tasks and those before it records keep their partition. */
function calling(lowering: Lowering, node: CallNode, shape: MapAsyncOperator['shape']): void {
  const { concurrency, timeout, ordered } = node;
  if (lowering.isPerInterval(node.input)) lowering.markPerInterval(node);
  const inputs = lowering.exchange(node.input, { kind: 'forward' });
  lowering.end(node, { kind: 'map-async', shape, concurrency, timeout, ordered, inputs, slide: lowering.slide(node) });
}

function lowerSink(lowering: Lowering, node: SinkNode): void {
  const { delivery } = node.spec.capabilities;
  const isInterval = delivery === 'interval' || (delivery === 'auto' && lowering.isPerInterval(node.input));
  const slide = lowering.slide(node);
  const common = { name: node.name, spec: node.spec, slide } as const;
  if (!isInterval) {
    lowering.add(node, { kind: 'sink', ...common, delivery: 'record', inputs: lowering.forward(node.input) });
    return;
  }
  const collect = lowering.add(node, {
    kind: 'collect-interval',
    inputs: lowering.exchange(node.input, { kind: 'global' }),
    slide,
    maxEmptyIntervals: lowering.maxEmptyIntervals,
  });
  lowering.add(node, { kind: 'sink', ...common, delivery: 'interval', inputs: lowering.forward(collect) });
}

/** Storm's rule: a tuple may be in windows for their length and one slide more. */
function heldBy({ windows }: BoltNode): BoltOperator['holdsAtMost'] {
  if (windows?.ackOn !== 'expiry') return undefined;
  const { unit, length, slideUnit, slide, lag } = windows;
  // A slide of the other kind adds nothing to tuples; what is too old leaves at multiples of the length.
  const held = length + (unit === slideUnit ? slide : unit === 'time' ? length : 0);
  return unit === 'time' ? { time: held + lag } : { tuples: held };
}
