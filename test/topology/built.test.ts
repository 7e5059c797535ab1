/** A topology is what its function has built when it returns: nothing comes to it afterwards. */
import { expect, it } from 'vitest';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream } from '../../src/topology/streams.js';

const bolt = () => ({ execute: () => undefined });
/** The bolt is declared before what it reads, so that nodes are put in order. */
const parts = (t: TopologyBuilder) => {
  const declared = t.setBolt<{ n: number }, { n: number }>('bolt', bolt);
  const pairs = t.source('in', memory([['a', 1]] as const)) as KeyedStream<string, number>;
  const sums = pairs.mapWithState<number, number>({ map: (_key, n) => n });
  sums.to('out', none());
  const fields = pairs.map(([, n]) => ({ n }));
  declared.shuffleGrouping(fields);
  return { t, declared, pairs, sums, fields };
};

it.each<[string, (built: ReturnType<typeof parts>) => unknown]>([
  ['source', ({ t }) => t.source('more', memory([1]))],
  ['setBolt', ({ t }) => t.setBolt('more', bolt)],
  ['map', ({ pairs }) => pairs.map((pair) => pair)],
  ['to', ({ pairs }) => pairs.to('more', none())],
  ['stateSnapshots', ({ sums }) => sums.stateSnapshots()],
  ['allGrouping', ({ declared, fields }) => declared.allGrouping(fields)],
  ['customGrouping', ({ declared, fields }) => declared.customGrouping(fields, () => ({ chooseTasks: () => 0 }))],
])('%s() on a topology that is built is refused, at its line', (name, call) => {
  let kept: ReturnType<typeof parts> | undefined;
  const { graph } = topology('built', (t) => {
    kept = parts(t);
  });
  const nodes = graph.nodes.length;
  expect(() => call(kept!)).toThrow(
    expect.objectContaining({
      code: 'RG023',
      message: `${name}() was called on a topology that is built`,
      place: expect.objectContaining({ file: expect.stringContaining('built.test') }),
    }),
  );
  expect(graph.nodes).toHaveLength(nodes);
});

it('a function that builds later is refused, and what it builds then is not taken', async () => {
  let late: Promise<unknown> | undefined;
  const build = (t: TopologyBuilder): Promise<void> => {
    const built = (async () => {
      const stream = t.source('in', memory([1]));
      await undefined;
      stream.to('out', none());
    })();
    late = built;
    return built;
  };
  expect(() => topology('later', build as never)).toThrow(
    expect.objectContaining({
      code: 'RG023',
      message: "the function that builds topology 'later' returned a promise",
      place: expect.objectContaining({ file: expect.stringContaining('built.test') }),
    }),
  );
  await expect(late).rejects.toMatchObject({ code: 'RG023' });
});

it('a topology without a function is refused', () => {
  expect(() => topology('nothing', {}, undefined as never)).toThrow(
    expect.objectContaining({ code: 'RG004', message: "topology() needs a function 'build', but got undefined" }),
  );
});

it.each([
  ['a generator', function* () {}],
  // biome-ignore lint/suspicious/noThenProperty: that is the point
  ['a promise', () => ({ then: () => undefined })],
])('what returned %s has not described its topology yet', (what, build) => {
  const message = `the function that builds topology 'late' returned ${what}`;
  expect(() => topology('late', build as never)).toThrow(expect.objectContaining({ code: 'RG023', message }));
});
