/** The oracle’s event time against results written by hand. */
import { describe, expect, it } from 'vitest';
import type { TopologyBuilder } from '../../../src/topology/builder.js';
import type { State } from '../../../src/topology/state-spec.js';
import type { Element } from '../memory-ends.js';
import { plain, results, us } from './evaluate-job.js';

describe('event time', () => {
  const events = (...all: (readonly [event: number, ingest: number])[]): Element[] =>
    all.map(([value, at]) => ({ value, at }));
  const timed = (t: TopologyBuilder, idleTimeout?: number) =>
    plain(t).timestamps({
      uid: 'time',
      extract: (n) => n,
      maxOutOfOrderness: us(5),
      ...(idleTimeout === undefined ? {} : { idleTimeout: us(idleTimeout) }),
    });

  it('late: below the own partition’s watermark, not at it; the late output carries the watermark', async () => {
    const { out, answer } = await results({ in: [events([20, 1], [15, 2], [14, 3], [16, 4])] }, (t) =>
      timed(t).map((n) => n),
    );
    expect(out).toEqual([
      [20, 20],
      [15, 15],
      [16, 16],
    ]);
    expect(answer.late.get('time')).toMatchObject([{ value: 14, timestamp: 15 }]);
    expect((await results({ in: [events([20, 1], [14, 3])] }, (t) => timed(t).late)).out).toEqual([[14, 15]]);
  });

  it('late is decided for each partition by itself', async () => {
    const { out } = await results({ in: [events([100, 1]), events([20, 2], [1, 3])] }, (t) => timed(t).map((n) => n));
    expect(out).toEqual([
      [100, 100],
      [20, 20],
    ]);
  });

  it('heartbeats of the ingest clock do not pass, so they close nothing', async () => {
    const { out } = await results({ in: [[...events([12, 1]), { beat: 200 }]] }, (t) => timed(t).count());
    expect(out).toEqual([[1, 20, 'window']]);
  });

  it('idleTimeout: silence moves the watermark on, from the last record on', async () => {
    const idle = {
      in: [[{ beat: 500 }, ...events([12, 1000]), { beat: 1010 }, { beat: 1030 }, ...events([36, 1031], [37, 1032])]],
    };
    const { out, answer } = await results(idle, (t) => timed(t, 20).map((n) => n));
    expect(out).toEqual([
      [12, 12],
      [37, 37],
    ]);
    expect(answer.late.get('time')).toMatchObject([{ value: 36, timestamp: 37 }]);
  });

  it('a timeout of `mapWithState` stands behind the record that it followed, however late that came', async () => {
    const { out } = await results({ in: [[...events([-48, 250]), { beat: 300 }]] }, (t) =>
      timed(t, 20)
        .map((n) => ['a', n] as const)
        .mapWithState({
          map: (_key, value: number | undefined, state: State<number>) => {
            if (value !== undefined) state.update(value);
          },
          timeout: us(7),
        })
        .stateSnapshots(),
    );
    // It is gone within the interval in which it came.
    expect(out).toEqual([]);
  });
});
