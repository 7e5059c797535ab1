/** Times of occurrence: records in the intervals of their own times, late ones, and silence; in both modes, at every parallelism. */
import { describe, expect, it } from 'vitest';
import type { TopologyBuilder } from '../../src/topology/builder.js';
import { memory } from '../../src/topology/source-specs.js';
import { add, B, runner, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  const run = runner(variant);

  describe('timestamps', () => {
    interface Event {
      readonly at: number;
      readonly n: number;
    }
    const at = (time: number, n = 1): Event => ({ at: time * B, n });
    const events = (t: TopologyBuilder) => t.source('in', memory<Event>([]));

    it('put records into the intervals of their own times, and set late ones aside, once and in order', async () => {
      const build = (t: TopologyBuilder) =>
        events(t)
          .timestamps({ extract: (event) => event.at, maxOutOfOrderness: times(1) })
          .map(({ n }) => ['sum', n] as const)
          .reduceByKey(add);
      // 0.5 equals the watermark behind 1.5 and is not late; 0.4 is.
      const input = [[at(0.2), at(1.5, 10)], [at(0.5, 100), at(0.4, 1_000)], [at(4, 10_000), at(2.9, 5)], [at(6)]];
      const { outputs, late } = await run(build, { in: input });
      expect(outputs['out']).toEqual([[['sum', 101]], [['sum', 10]], [], []]);
      expect(late).toEqual([at(0.4, 1_000), at(2.9, 5)]);
    });

    it('late records are a stream of their own, at the watermark that they missed', async () => {
      const build = (t: TopologyBuilder) =>
        events(t)
          .timestamps({ extract: (event) => event.at, maxOutOfOrderness: times(0) })
          .late.map(({ n }) => n);
      const { outputs, late } = await run(build, { in: [[at(2), at(1, 7), at(0, 8)], [at(3), at(2, 9)], []] });
      expect(outputs['out']).toEqual([[], [], [7, 8]]);
      expect(late.map((event) => (event as Event).n)).toEqual([7, 8, 9]);
    });

    it('without idleTimeout silence holds windows open; with it they close', async () => {
      const build = (idle: object) => (t: TopologyBuilder) =>
        events(t)
          .timestamps({ extract: (event) => event.at, maxOutOfOrderness: times(1), ...idle })
          .count();
      const input = { in: [[at(0.5)], [], [], [], []] };
      expect((await run(build({}), input)).outputs['out']).toEqual([[], [], [], [], []]);
      // From the heartbeat at 2 on the watermark is at 0.5 - 1 + (2 - 0), and so on.
      expect((await run(build({ idleTimeout: times(2) }), input)).outputs['out']).toEqual([[1], [0], [0], [0], []]);
    });

    it('come behind filters, and before a diamond', async () => {
      const build = (t: TopologyBuilder) => {
        const timed = events(t)
          .filter(({ n }) => n > 0)
          .timestamps({ extract: (event) => event.at, maxOutOfOrderness: times(0) });
        return timed
          .map(({ n }) => n)
          .union(timed.map(({ n }) => -n))
          .count();
      };
      const { outputs, late } = await run(build, { in: [[at(0), at(9, 0)], [at(1.1)], [at(0.3)], [at(3)]] });
      expect(outputs['out']).toEqual([[2], [2], [0], []]);
      expect(late).toEqual([at(0.3)]);
    });
  });
});
