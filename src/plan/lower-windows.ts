/** Lowers what is reduced per interval or window: to pairs, a window, and what takes the pairs apart again. */
import type { IntervalNode, Node, SpanNode, StreamRef, WindowNode } from '../topology/graph.js';
import { HASH, type Lowering } from './lowering.js';
import type { MapOperator, WindowReduceOperator } from './plan.js';
import { greatestCommonDivisor } from './slides.js';

/** How a node is reduced. `pairs` makes pairs of its records, `unpairs` takes results apart. */
interface Reduction {
  readonly pairs?: MapOperator['shape'];
  readonly unpairs?: MapOperator['shape'];
  readonly reduce: WindowReduceOperator['reduce'];
  readonly inverse?: WindowReduceOperator['inverse'];
  readonly window?: number | undefined;
  readonly keepEmptyKeys?: boolean;
  readonly emitEmpty?: boolean;
  readonly max?: number | undefined;
  /** The role of a function that says which results are told. */
  readonly filter?: boolean | undefined;
}

type ReducedNode = (IntervalNode | WindowNode | SpanNode) & { readonly input: StreamRef };

/** A node that is reduced: one row an operator. */
export function lowerReduction(lowering: Lowering, node: ReducedNode): void {
  const whole = { pairs: 'null-key', unpairs: 'drop-key' } as const;
  switch (node.kind) {
    case 'reduceByKey':
      return reduced(lowering, node, { reduce: 'user' });
    case 'reduce':
      return reduced(lowering, node, { ...whole, reduce: 'user' });
    case 'countByValue':
      return reduced(lowering, node, { pairs: 'unit', reduce: 'sum' });
    case 'count':
      return reduced(lowering, node, { ...whole, pairs: 'constant', reduce: 'sum', emitEmpty: true });
    case 'combineByKey':
      return reduced(lowering, node, { reduce: 'combine', window: node.window });
    case 'aggregate':
      return reduced(lowering, node, { ...whole, reduce: 'combine', window: node.window });
    case 'distinct':
      return reduced(lowering, node, { pairs: 'unit', unpairs: 'keep-key', reduce: 'sum', window: node.window });
    case 'top':
      return reduced(lowering, node, { ...whole, reduce: 'top', max: node.max, window: node.window });
    case 'countByWindow': {
      const counted = { pairs: 'constant', unpairs: 'drop-key', reduce: 'sum', inverse: 'difference' } as const;
      return reduced(lowering, node, { ...counted, window: node.window, emitEmpty: true });
    }
    case 'countByValueAndWindow': {
      const { window } = node;
      return reduced(lowering, node, {
        pairs: 'unit',
        reduce: 'sum',
        inverse: inverseOf(lowering, node, 'difference'),
        window,
      });
    }
    case 'reduceByKeyAndWindow':
    case 'reduceByWindow': {
      const { window, keepEmptyKeys, isFiltered } = node;
      const inverse = node.inverse ? inverseOf(lowering, node, 'user') : 'none';
      const form = node.kind === 'reduceByWindow' ? whole : {};
      return reduced(lowering, node, { ...form, reduce: 'user', inverse, window, keepEmptyKeys, filter: isFiltered });
    }
    default:
      throw new Error(`${node.kind} is not reduced`);
  }
}

/** Where a window is its slide, nothing is left to take out; but a key that is kept is. */
function inverseOf<I extends 'user' | 'difference'>(lowering: Lowering, node: WindowNode, inverse: I): I | 'none' {
  return node.window !== lowering.slide(node) || node.keepEmptyKeys ? inverse : 'none';
}

function reduced(lowering: Lowering, node: ReducedNode, reduction: Reduction): void {
  const slide = lowering.slide(node);
  const {
    pairs,
    unpairs,
    reduce,
    inverse = 'none',
    window = slide,
    keepEmptyKeys = false,
    emitEmpty = false,
    max,
  } = reduction;
  const source =
    pairs === undefined ? node.input : mapped(lowering, node, node.input, pairs, lowering.slideOf(node.input));
  let last = lowering.add(node, {
    kind: 'window-reduce',
    window,
    slide,
    reduce,
    ...(max === undefined ? {} : { max }),
    inverse,
    emitEmpty,
    keepEmptyKeys,
    ...(keepEmptyKeys && inverse !== 'none' ? { maxKeys: lowering.maxKeys(node as WindowNode) } : {}),
    pane: greatestCommonDivisor(window, slide),
    maxEmptyIntervals: lowering.maxEmptyIntervals,
    inputs: lowering.exchange(source, HASH),
  });
  if (reduction.filter === true) last = lowering.add(node, { kind: 'filter', inputs: lowering.forward(last), slide });
  if (unpairs !== undefined) last = mapped(lowering, node, last, unpairs, slide);
  lowering.markPerInterval(node);
  lowering.setOutput(node, 'default', [{ operator: last, output: 'default' }]);
}

/** Adds a built-in map. */
export function mapped(
  lowering: Lowering,
  node: Node,
  input: StreamRef | number,
  shape: MapOperator['shape'],
  slide: number,
): number {
  return lowering.add(node, { kind: 'map', shape, inputs: lowering.forward(input), slide });
}
