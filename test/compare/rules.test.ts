/** Which rule a job's sinks and states get. */
import { expect, it } from 'vitest';
import { demandsOf, hasIntendedTime } from '../../src/compare/rules.js';
import type { Duration } from '../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { SinkNode } from '../../src/topology/graph.js';
import type { Stream } from '../../src/topology/streams.js';
import { aSink, aSource } from './memory-ends.js';
import type { AnyStream } from './oracle/evaluate-job.js';

const add = (a: number, b: number) => a + b;
const us = (count: number) => count as Duration;
const keyed = (t: TopologyBuilder) => t.source('in', aSource<readonly [string, number]>());

function demands(partitions: number, build: (t: TopologyBuilder) => AnyStream) {
  const { graph } = topology('job', (t) => void build(t).to('out', aSink()));
  return demandsOf(graph, () => partitions);
}

interface Word {
  readonly word: string;
}
const words = (t: TopologyBuilder) => t.source('in', aSource<Word>());
const bolt = (t: TopologyBuilder, name: string, options = {}) =>
  t.setBolt<Word, Word>(name, () => ({ execute: (tuple, out) => out.ack(tuple) }), options);

it.each<[string, number, (t: TopologyBuilder) => AnyStream, string]>([
  ['a bolt of one task on one partition', 1, (t) => bolt(t, 'b').shuffleGrouping(words(t)), 'equal sequence'],
  ['a bolt of one task on two partitions', 2, (t) => bolt(t, 'b').shuffleGrouping(words(t)), 'not demanded'],
  [
    'a stateless bolt on two partitions',
    2,
    (t) => bolt(t, 'b', { stateless: true }).shuffleGrouping(words(t)),
    'equal multiset',
  ],
  [
    'a bolt of several tasks behind a fields grouping',
    1,
    (t) => bolt(t, 'b', { parallelism: 2 }).fieldsGrouping(words(t), 'word'),
    'equal multiset',
  ],
  [
    'a bolt of several tasks behind a shuffle',
    1,
    (t) => bolt(t, 'b', { parallelism: 2 }).shuffleGrouping(words(t)),
    'not demanded',
  ],
  [
    'a bolt behind a stateless one of several tasks',
    1,
    (t) => bolt(t, 'b').shuffleGrouping(bolt(t, 'a', { parallelism: 2, stateless: true }).shuffleGrouping(words(t))),
    'not demanded',
  ],
  ['a bolt with ticks', 1, (t) => bolt(t, 'b', { tick: us(1_000_000) }).shuffleGrouping(words(t)), 'not demanded'],
])('%s: %s', (_name, partitions, build, rule) => {
  const demand = demands(partitions, build).sinks.get('out')!;
  expect(demand.rule).toBe(rule);
  if (rule === 'not demanded') expect(demand.note).toContain("order-sensitive: bolt 'b' may depend on the order");
});

it.each<[string, number, (t: TopologyBuilder) => AnyStream, string]>([
  ['a narrow chain of one partition', 1, (t) => keyed(t).mapValues((n) => n + 1), 'equal sequence'],
  ['a narrow chain of two partitions', 2, (t) => keyed(t).mapValues((n) => n + 1), 'equal multiset'],
  ['calls in order', 1, (t) => keyed(t).mapAsync(async (pair) => pair), 'equal sequence'],
  ['calls in any order', 1, (t) => keyed(t).mapAsync(async (pair) => pair, { ordered: false }), 'equal multiset'],
  [
    'running totals behind calls of values in order',
    1,
    (t) =>
      keyed(t)
        .mapValuesAsync(async (n) => n)
        .runningReduce(add),
    'equal multiset',
  ],
  [
    'running totals behind calls in any order',
    1,
    (t) =>
      keyed(t)
        .mapValuesAsync(async (n) => n, { ordered: false })
        .runningReduce(add),
    'equal final value and count per key',
  ],
  [
    'an array of each partition, behind calls',
    2,
    (t) =>
      keyed(t)
        .mapAsync(async (pair) => pair)
        .glom(),
    'equal windows',
  ],
  [
    'a diamond',
    1,
    (t) => {
      const s = keyed(t);
      return s.union(s);
    },
    'equal multiset',
  ],
  ['an interval operator', 2, (t) => keyed(t).reduceByKey(add), 'equal windows'],
  [
    'what follows a window',
    1,
    (t) =>
      keyed(t)
        .reduceByKey(add)
        .map(([, n]) => n),
    'equal windows',
  ],
  ['running totals of one partition', 1, (t) => keyed(t).runningReduce(add), 'equal multiset'],
  ['running totals of two partitions', 2, (t) => keyed(t).runningReduce(add), 'equal final value and count per key'],
  [
    'running totals of a diamond',
    1,
    (t) => {
      const s = keyed(t);
      return s.union(s).runningReduce(add);
    },
    'equal final value and count per key',
  ],
  ['running totals of windows', 2, (t) => keyed(t).reduceByKey(add).runningReduce(add), 'equal windows'],
  [
    'states that are asked for, in order',
    1,
    (t) =>
      keyed(t)
        .map(([key]) => key)
        .stateQuery(t.source('states', aSource<readonly [string, number]>())),
    'equal windows',
  ],
  [
    'states that are asked for, of two partitions',
    2,
    (t) =>
      keyed(t)
        .map(([key]) => key)
        .stateQuery(t.source('states', aSource<readonly [string, number]>())),
    'not demanded',
  ],
  ['groups of one partition', 1, (t) => keyed(t).groupByKey(), 'equal windows'],
  ['an array of each partition of a source', 2, (t) => keyed(t).glom(), 'equal windows'],
  ['what a partition of a source becomes', 2, (t) => keyed(t).mapPartitions((values) => values), 'equal windows'],
  [
    'what a partition behind a shuffle becomes',
    1,
    (t) =>
      keyed(t)
        .groupByKey()
        .mapPartitions((values) => [values.length]),
    'not demanded',
  ],
  [
    'a reduce that says it depends on the order',
    2,
    (t) => keyed(t).reduceByKey({ reduce: add, orderSensitive: true }),
    'not demanded',
  ],
  ['the same of one partition', 1, (t) => keyed(t).reduceByKey({ reduce: add, orderSensitive: true }), 'equal windows'],
  ['states of each record', 2, (t) => keyed(t).mapWithState<number, number>({ map: () => 1 }), 'not demanded'],
  [
    'states of each record of one partition',
    1,
    (t) => keyed(t).mapWithState<number, number>({ map: () => 1 }),
    'equal multiset',
  ],
  [
    'snapshots of states',
    1,
    (t) =>
      keyed(t)
        .mapWithState<number, number>({ map: () => 1 })
        .stateSnapshots(),
    'equal windows',
  ],
  ['a join by time', 2, (t) => keyed(t).intervalJoin(keyed(t), { before: us(1), after: us(1) }), 'equal multiset'],
  [
    'what follows order-sensitive totals',
    2,
    (t) =>
      keyed(t)
        .runningReduce(add)
        .map(([, n]) => n),
    'not demanded',
  ],
  ['process on two partitions', 2, (t) => keyed(t).process({ uid: 'p', onRecord: () => {} }), 'not demanded'],
  [
    'updateStateByKey',
    2,
    (t) => keyed(t).updateStateByKey<number>((values, state) => values.reduce(add, state ?? 0)),
    'equal windows',
  ],
])('%s', (_name, partitions, build, rule) => {
  expect(demands(partitions, build).sinks.get('out')!.rule).toBe(rule);
});

it.each<[string, number, (t: TopologyBuilder) => AnyStream, string]>([
  ['reduce', 2, (t) => keyed(t).reduce({ uid: 'op', reduce: (a) => a, orderSensitive: true }), 'reads 2 partitions'],
  ['reduceByWindow', 2, (t) => overWindow(t), 'reads 2 partitions'],
  ['transform', 2, (t) => keyed(t).transform((all) => all, { uid: 'op', orderSensitive: true }), 'reads 2 partitions'],
  [
    'transformWith',
    2,
    (t) => keyed(t).transformWith(keyed(t), (all) => all, { uid: 'op', orderSensitive: true }),
    'reads 4 partitions or paths',
  ],
  [
    'mapValues',
    2,
    (t) =>
      keyed(t)
        .groupByKey({ uid: 'groups' })
        .mapValues((list) => list[0], { uid: 'op', orderSensitive: true }),
    "looks into the lists of groupByKey 'groups'",
  ],
  ...(['keyBy', 'top', 'countByValue', 'intervalJoin'] as const).map(
    (kind): [string, number, (t: TopologyBuilder) => AnyStream, string] => [
      kind,
      2,
      (t) => behindGroups(t, kind),
      "puts into its results the lists of groupByKey 'groups'",
    ],
  ),
  [
    'mapPartitions',
    1,
    (t) =>
      keyed(t)
        .groupByKey()
        .mapPartitions((all) => all, { uid: 'op' }),
    'depends on which task has which element',
  ],
])('names what depends on more than is promised: %s', (kind, partitions, build, why) => {
  const { rule, note } = demands(partitions, build).sinks.get('out')!;
  expect(rule).toBe('not demanded');
  expect(note).toContain(`-sensitive: ${kind} 'op' `);
  expect(note).toContain(why);
});

/** Lists in no promised order, put into something else. */
function behindGroups(t: TopologyBuilder, kind: 'keyBy' | 'top' | 'countByValue' | 'intervalJoin'): AnyStream {
  const groups = keyed(t).groupByKey({ uid: 'groups' });
  switch (kind) {
    case 'keyBy':
      return groups.keyBy(([key]) => key, { uid: 'op' });
    case 'top':
      return groups.top({ uid: 'op', max: 1, by: () => 1 });
    case 'countByValue':
      return groups.countByValue({ uid: 'op' });
    case 'intervalJoin':
      return groups.intervalJoin(keyed(t), { uid: 'op', before: us(1), after: us(1) });
  }
}

function overWindow(t: TopologyBuilder) {
  return keyed(t).reduceByWindow({ uid: 'op', window: us(2_000_000), reduce: (a) => a, orderSensitive: true });
}

it('looks for an order only where there is one: a map that says it, and is given no lists', () => {
  const demand = demands(2, (t) => keyed(t).mapValues((n) => n, { orderSensitive: true })).sinks.get('out')!;
  expect(demand).toEqual({ rule: 'equal multiset', note: null });
});

it('remembers which functions count as free of order, where none is promised', () => {
  const assumed = (partitions: number) =>
    demands(partitions, (t) =>
      keyed(t)
        .reduceByKey({ uid: 'sums', reduce: add })
        .groupByKey({ uid: 'groups' })
        .mapValues((list) => list.length, { uid: 'lengths' }),
    ).sinks.get('out')!.assumed;
  expect(assumed(1)).toBeUndefined();
  expect(assumed(2)).toEqual(["reduceByKey 'sums'"]);
  const lists = demands(2, (t) =>
    keyed(t)
      .groupByKey()
      .mapValues((list) => list.length, { uid: 'lengths' }),
  );
  expect(lists.sinks.get('out')!.assumed).toEqual(["mapValues 'lengths'"]);
  const total = demands(2, (t) =>
    keyed(t)
      .groupByKey()
      .runningReduce({ uid: 'totals', reduce: (all, list) => [...all, ...list] }),
  );
  expect(total.sinks.get('out')!.assumed).toEqual(["runningReduce 'totals'"]);
});

it('looks at each operator once, however many ways lead through it', () => {
  const demand = demands(2, (t) => {
    let stream = keyed(t).reduce({ uid: 'op', reduce: (a) => a }) as Stream<readonly [string, number]>;
    for (let i = 0; i < 40; i++) stream = stream.union(stream.filter(() => true));
    return stream;
  });
  expect(demand.sinks.get('out')!.assumed).toEqual(["reduce 'op'"]);
});

it('says why it demands less, naming the operator', () => {
  const { sinks, states } = demands(3, (t) => keyed(t).runningReduce({ uid: 'totals', reduce: add }));
  expect(sinks.get('out')!.note).toContain("'totals' reads 3 partitions");
  expect(states.get('totals')).toEqual({ rule: 'equal final state per key', note: null });
});

it('knows where latency cannot be told: behind timestamps', () => {
  const { graph } = topology('job', (t) => {
    const source = t.source('in', aSource<number>());
    source.to('plain', aSink());
    source.timestamps({ extract: (n) => n, maxOutOfOrderness: 0 as Duration }).to('timed', aSink());
  });
  const sinks = graph.nodes.filter((node): node is SinkNode => node.kind === 'sink');
  expect(sinks.map((sink) => [sink.name, hasIntendedTime(graph, sink.input)])).toEqual([
    ['plain', true],
    ['timed', false],
  ]);
});

it.each<[string, number, (t: TopologyBuilder) => AnyStream, string | undefined, string]>([
  ['groups of two partitions', 2, (t) => keyed(t).groupByKey(), 'value in any order', 'lists of groupByKey'],
  ['a cogroup of two partitions', 2, (t) => keyed(t).cogroup(keyed(t)), 'values in any order', 'lists of cogroup'],
  [
    'groups over a window',
    2,
    (t) =>
      keyed(t)
        .groupByKey()
        .window({ window: us(2_000_000) }),
    'value in any order',
    'lists of groupByKey',
  ],
  [
    'groups that moved to other tasks',
    2,
    (t) => keyed(t).groupByKey().partitionBy(),
    'value in any order',
    'lists of groupByKey',
  ],
  [
    'groups that are joined',
    2,
    (t) => keyed(t).groupByKey().join(keyed(t)),
    'values in any order',
    'lists of groupByKey',
  ],
  ['arrays of a source of two partitions', 2, (t) => keyed(t).glom(), 'list in any order', 'lists of glom'],
  ['arrays behind a shuffle', 1, (t) => keyed(t).reduceByKey(add).glom(), 'elements', 'batch-sensitive: glom'],
])('says what is compared of %s', (_name, partitions, build, view, note) => {
  const demand = demands(partitions, build).sinks.get('out')!;
  expect(demand).toMatchObject({ rule: 'equal windows', view, note: expect.stringContaining(note) as unknown });
});
