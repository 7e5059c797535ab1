/** Bolts may be declared before what they read. */
import { expect, it } from 'vitest';
import { runTuples } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt } from '../../src/topology/components.js';
import { functionId, inputsOf } from '../../src/topology/graph.js';
import { memory } from '../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const adding = (by: number) => (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    out.emit({ n: tuple.values.n + by }, tuple);
    out.ack(tuple);
  },
});

it('a bolt that was declared before its input reads it', async () => {
  const backwards = topology('backwards', (t) => {
    const last = t.setBolt<N, N>('last', adding(100));
    const first = t.setBolt<N, N>('first', adding(10));
    last.to('out', memory());
    last.shuffleGrouping(first.filter(({ n }) => n < 13));
    first.shuffleGrouping(t.setSpout<N>('spout', () => ({ nextTuple: () => 'done' })));
  });
  const { nodes } = backwards.graph;
  expect(nodes.map(({ uid }) => uid)).toEqual(['spout', 'first', 'filter-3', 'last', 'sink:out']);
  for (const node of nodes) for (const input of inputsOf(node)) expect(input.node).toBeLessThan(node.id);
  expect(typeof backwards.functions.get(functionId(2, 'filter'))).toBe('function');
  const messages = [1, 2, 3].map((n) => ({ id: n, values: { n } }));
  const { outputs, acked } = await runTuples(backwards, { spouts: { spout: { messages } } });
  expect([outputs['out'], acked]).toEqual([
    [{ n: 111 }, { n: 112 }],
    [3, 1, 2],
  ]);
});

it('nodes in order keep their numbers', () => {
  const job = topology('job', (t) => {
    const spout = t.setSpout<N>('spout', () => ({ nextTuple: () => 'done' }));
    t.setBolt<N, N>('bolt', adding(1)).shuffleGrouping(spout).to('out', memory());
  });
  expect(job.graph.nodes.map(({ id, uid }) => [id, uid])).toEqual([
    [0, 'spout'],
    [1, 'bolt'],
    [2, 'sink:out'],
  ]);
});
