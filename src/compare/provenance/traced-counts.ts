/**
 * Counts on traced values: the built-in sum of ones has no room for a provenance, so a count becomes what it is said to be made of,
 * with a reduce that has. Keys, windows and results stay: also 0 for an empty window, as long as the count would give it.
 */
import type { IntervalNode, NarrowNode, Node, StreamRef, UnionNode, WindowNode } from '../../topology/graph.js';
import { added, NO_RECORDS, plainRecord, provenanceOf, subtracted, type Traced, traced } from './traced.js';

/** A node without what is given to it when it is added. */
type NewNode = Pick<NarrowNode, 'kind' | 'input'> | Pick<UnionNode, 'kind' | 'inputs'> | NewWindow;
type NewWindow =
  | Pick<IntervalNode, 'kind' | 'input'>
  | Pick<WindowNode, 'kind' | 'input' | 'window' | 'slide' | 'inverse' | 'keepEmptyKeys'>;

/** Where the nodes of a count go to. `last` takes the id of the count itself: who reads it, reads that. */
export interface CountRewriting {
  add(suffix: string, node: NewNode, functions: Readonly<Record<string, unknown>>): StreamRef;
  last(suffix: string, node: NewNode, functions: Readonly<Record<string, unknown>>): void;
}

/** `countByValue` and `countByValueAndWindow`: each value is a key with 1, and the ones are summed. */
export function rewriteCountByValue(node: IntervalNode | WindowNode, { add, last }: CountRewriting): void {
  const ones = add('~ones', { kind: 'map', input: node.input }, { map: valueWithOne });
  if (!('window' in node)) return last('', { kind: 'reduceByKey', input: ones }, { reduce: sum });
  const { window, slide } = node;
  last(
    '',
    { kind: 'reduceByKeyAndWindow', input: ones, window, slide, inverse: true, keepEmptyKeys: false },
    { reduce: sum, inverse: difference },
  );
}

/** What a count counts over (us). */
export interface CountWindow {
  readonly window: WindowNode['window'];
  readonly slide: WindowNode['window'];
}

/**
 * `count` and `countByWindow`: the one key null gets 1 for each record, and is kept while windows are empty.
 *
 * Where a window is shorter than its slide, records between two windows count as data, which keep windows firing, but are in none: they
 * come in as zeros on a way of their own.
 */
export function rewriteCount(
  node: IntervalNode | WindowNode,
  { window, slide }: CountWindow,
  { add, last }: CountRewriting,
): void {
  const ones = add('~ones', { kind: 'map', input: node.input }, { map: nullWithOne });
  const kept = (input: StreamRef, length: CountWindow['window'], suffix: string): StreamRef =>
    add(
      suffix,
      { kind: 'reduceByKeyAndWindow', input, window: length, slide, inverse: true, keepEmptyKeys: true },
      { reduce: sum, inverse: difference },
    );
  const drop = (input: StreamRef): void => last('~number', { kind: 'map', input }, { map: withoutKey });
  if (window >= slide) return drop(kept(ones, window, ''));
  const zeros = add('~zeros', { kind: 'mapValues', input: ones }, { mapValues: () => traced(0, NO_RECORDS) });
  const data = kept(zeros, slide, '~data');
  const inWindow = add(
    '',
    { kind: 'reduceByKeyAndWindow', input: ones, window, slide, inverse: false, keepEmptyKeys: false },
    { reduce: sum },
  );
  const both = add('~both', { kind: 'union', inputs: [data, inWindow] }, {});
  drop(add('~sum', { kind: 'reduceByKey', input: both }, { reduce: sum }));
}

/** True for a node that is rewritten. */
export function isCount(node: Node): node is IntervalNode | WindowNode {
  return ['count', 'countByWindow', 'countByValue', 'countByValueAndWindow'].includes(node.kind);
}

function valueWithOne(record: unknown): unknown {
  return [plainRecord(record), traced(1, provenanceOf(record))];
}

function nullWithOne(record: unknown): unknown {
  return [null, traced(1, provenanceOf(record))];
}

function withoutKey(pair: unknown): unknown {
  return (pair as readonly [null, Traced])[1];
}

function sum(a: Traced<number>, b: Traced<number>): Traced<number> {
  return traced(a.value + b.value, added(a, b));
}

function difference(a: Traced<number>, b: Traced<number>): Traced<number> {
  return traced(a.value - b.value, subtracted(a, b));
}
