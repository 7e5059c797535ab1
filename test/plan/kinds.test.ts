/** What a checkpoint says of an operator's state, so that none is read as what it is not. */
import { expect, it } from 'vitest';
import { type Duration, millis, seconds } from '../../src/core/time.js';
import { compile } from '../../src/plan/compile.js';
import { kindTraits, stateKindOf } from '../../src/plan/kinds.js';
import { topology } from '../../src/topology/builder.js';
import { memory } from '../../src/topology/sink-specs.js';
import type { Stream } from '../../src/topology/stream.js';
import type { KeyedStream } from '../../src/topology/streams.js';
import { aSource } from '../compare/memory-ends.js';

const ADD = (a: number, b: number): number => a + b;

type Pairs = KeyedStream<string, number>;

it.each<[string, (pairs: Pairs, others: Pairs) => Stream<unknown>]>([
  ['window-group of pairs, 1000 ms each 1000 ms', (pairs) => pairs.groupByKey()],
  ['window-group of pairs, 4000 ms each 2000 ms', (pairs) => pairs.groupByKeyAndWindow(span(4, 2))],
  ['window-group of pairs of two streams, 1000 ms each 1000 ms', (pairs, others) => pairs.cogroup(others)],
  ['window-group of pairs of two streams, 1000 ms each 1000 ms', (pairs, others) => pairs.fullOuterJoin(others)],
  ['window-group of values, 1000 ms each 1000 ms', (pairs) => pairs.glom()],
  ['window-group of values, 4000 ms each 2000 ms', (pairs) => pairs.window(span(4, 2))],
  ['collect-interval each 1000 ms', (pairs) => pairs.transform((all) => all)],
  ['collect-interval of two streams each 1000 ms', (pairs, others) => pairs.transformWith(others, (all) => all)],
  ['window-reduce of 4000 ms each 2000 ms', (pairs) => pairs.reduceByKeyAndWindow({ ...span(4, 2), reduce: ADD })],
  ['session-window with a gap of 30 ms', (pairs) => pairs.sessionWindow({ gap: millis(30), reduce: ADD })],
  [
    'interval-join from -5 to 7 ms',
    (pairs, others) => pairs.intervalJoin(others, { before: millis(5), after: millis(7) }),
  ],
])('state is of a %s', (kind, build) => {
  const { operators } = compile(
    topology('job', { batchInterval: seconds(1) }, (t) => {
      const source = (id: string): Pairs => t.source(id, aSource<readonly [string, number]>()).filter(() => true);
      const others = source('others');
      build(source('in'), others).to('out', memory());
      others.to('rest', memory());
    }),
  );
  expect(operators.filter((operator) => kindTraits(operator).isStateful).map(stateKindOf)).toContain(kind);
});

function span(window: number, slide: number): Readonly<Record<'window' | 'slide', Duration>> {
  return { window: seconds(window), slide: seconds(slide) };
}
