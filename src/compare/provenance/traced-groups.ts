/**
 * Operators on lists of traced values: what they gather stays traced element by element, and a map behind them makes one traced list, join
 * or element of it, so that the user gets plain values as always.
 */

import type { Node, PairedNode, SpanNode, StreamRef } from '../../topology/graph.js';
import { intervalCall, pairedIntervalCall } from '../../topology/interval-stream.js';
import {
  added,
  NO_RECORDS,
  type Provenance,
  plainRecord,
  provenanceOf,
  type Traced,
  traced,
  tracedRecord,
} from './traced.js';
import { lookingAtPlain, tracedEach } from './traced-functions.js';

/** Where the nodes go to. `last` takes the id of the node itself: who reads it, reads that. */
export interface GroupRewriting {
  add(suffix: string, node: object, functions: Readonly<Record<string, unknown>>): StreamRef;
  last(suffix: string, node: object, functions: Readonly<Record<string, unknown>>): void;
  /** Finds the user's function. */
  user(role: string): unknown;
}

/** Rewrites a node of this family. False for any other. */
export function rewriteGroup(node: Node, rewriting: GroupRewriting): boolean {
  const { user } = rewriting;
  switch (node.kind) {
    case 'groupByKey':
    case 'groupByKeyAndWindow':
      return behind(node, rewriting, {}, { kind: 'mapValues' }, { mapValues: tracedList });
    case 'cogroup':
      return behind(node, rewriting, {}, { kind: 'mapValues' }, { mapValues: tracedLists });
    case 'join':
    case 'leftOuterJoin':
    case 'rightOuterJoin':
    case 'fullOuterJoin':
    case 'intervalJoin':
      return behind(node, rewriting, {}, { kind: 'mapValues' }, { mapValues: tracedJoin });
    case 'glom':
      return behind(node, rewriting, {}, { kind: 'map' }, { map: tracedRecords });
    case 'top': {
      const by = lookingAtPlain(user('by') as (value: unknown) => unknown);
      const text = textAndOrigin(user('text') as (value: unknown) => string);
      return behind(node, rewriting, { by, text }, { kind: 'map' }, { map: tracedRecords });
    }
    case 'distinct':
      return distinct(node, rewriting);
    case 'mapPartitions': {
      const map = user('mapPartitions') as (values: readonly unknown[], partition: number) => unknown;
      const mapPartitions = (values: readonly unknown[], partition: number) =>
        tracedEach(map(values.map(plainRecord), partition), madeOf(values));
      return alone(node, rewriting, { mapPartitions });
    }
    case 'transform': {
      const call = user('transform') as (values: readonly unknown[], end: number) => unknown;
      const transform = (values: readonly unknown[], end: number) =>
        tracedEach(call(values.map(plainRecord), end), madeOf(values)) as Iterable<unknown>;
      return alone(node, rewriting, { transform, flatMap: intervalCall(transform) });
    }
    case 'transformWith':
      return transformWith(node, rewriting);
    default:
      return false;
  }
}

function transformWith(node: PairedNode, rewriting: GroupRewriting): boolean {
  const call = rewriting.user('transform') as (a: readonly unknown[], b: readonly unknown[], end: number) => unknown;
  const transform = (values: readonly unknown[], others: readonly unknown[], end: number) => {
    const from = added(madeOf(values), madeOf(others));
    return tracedEach(call(values.map(plainRecord), others.map(plainRecord), end), from) as Iterable<unknown>;
  };
  return alone(node, rewriting, { transform, flatMap: pairedIntervalCall(transform) });
}

/** An element is a key, and what it is made of is summed. */
function distinct(node: SpanNode, { add, last }: GroupRewriting): boolean {
  const { input, window, slide } = node;
  const keys = add('~keys', { kind: 'map', input }, { map: recordAsKey });
  const span = { window, slide, inverse: false, keepEmptyKeys: false };
  const each = window === undefined ? { kind: 'reduceByKey' } : { kind: 'reduceByKeyAndWindow', ...span };
  const summed = add('', { ...each, input: keys }, { reduce: sumOf });
  last('~elements', { kind: 'map', input: summed }, { map: keyAsRecord });
  return true;
}

/** The node as it is, and a map behind it. */
function behind(
  node: Node,
  { add, last }: GroupRewriting,
  functions: Readonly<Record<string, unknown>>,
  map: { readonly kind: 'map' | 'mapValues' },
  mapFunctions: Readonly<Record<string, unknown>>,
): boolean {
  const { id: _id, uid: _uid, place: _place, ...parts } = node;
  const input = add('', parts, functions);
  last('~traced', { ...map, input }, mapFunctions);
  return true;
}

function alone(node: Node, { last }: GroupRewriting, functions: Readonly<Record<string, unknown>>): boolean {
  const { id: _id, uid: _uid, place: _place, ...parts } = node;
  last('', parts, functions);
  return true;
}

/** Of equal elements those are taken whose origin comes first: so both modes and the oracle take the same. */
function textAndOrigin(text: (value: unknown) => string): (record: unknown) => string {
  return (record) => {
    const { count, sum, xor } = provenanceOf(record);
    return `${text(plainRecord(record))}\0${count} ${sum} ${xor}`;
  };
}

function madeOf(records: readonly unknown[]): Provenance {
  return records.map(provenanceOf).reduce(added, NO_RECORDS);
}

function tracedList(values: readonly Traced[]): Traced {
  return traced(values.map(plainValue), values.reduce(added, NO_RECORDS));
}

function tracedLists([values, others]: readonly [readonly Traced[], readonly Traced[]]): Traced {
  return traced([values.map(plainValue), others.map(plainValue)], [...values, ...others].reduce(added, NO_RECORDS));
}

function tracedJoin([a, b]: readonly [Traced | undefined, Traced | undefined]): Traced {
  return traced([a?.value, b?.value], added(a ?? NO_RECORDS, b ?? NO_RECORDS));
}

function tracedRecords(records: readonly unknown[]): unknown {
  return tracedRecord(records.map(plainRecord), madeOf(records));
}

function recordAsKey(record: unknown): unknown {
  return [plainRecord(record), traced(null, provenanceOf(record))];
}

function keyAsRecord([key, from]: readonly [unknown, Traced]): unknown {
  return tracedRecord(key, from);
}

function sumOf(a: Traced, b: Traced): Traced {
  return traced(null, added(a, b));
}

function plainValue(value: Traced): unknown {
  return value.value;
}
