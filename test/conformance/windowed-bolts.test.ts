/** What closes the windows of a bolt that goes by a timestamp, where it reads several streams: the same in both modes. */
import { describe, expect, it } from 'vitest';
import { captureSinks } from '../../src/testing/captured-sinks.js';
import { TimedPartition } from '../../src/testing/timed-partition.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { B, times } from './interval-cases.js';

interface Event {
  readonly name: string;
  /** In intervals. */
  readonly at: number;
}
/** When it comes, and what: both in intervals. */
type Arrival = readonly [comes: number, name: string, at: number];

const INTERVALS = 8;
/** The interval in which the second stream goes on. */
const SECOND_AGAIN = 4;

describe.each(['micro-batch', 'record'] as const)('%s', (mode) => {
  /** Windows of one interval that closed while there was input: before the second stream went on, or not. */
  const run = async (
    first: readonly Arrival[],
    second: readonly Arrival[],
    { lag = 0, idles = true, until = INTERVALS } = {},
  ): Promise<readonly string[]> => {
    const job = topology('windows', { batchInterval: B }, (t) => {
      t.setWindowedBolt<Event, { readonly told: string }>(
        'windows',
        () => ({
          execute: ({ events, start, end }, out) => {
            const names = events.map(({ values }) => values.name).join('');
            out.emit({ told: `[${start / B}, ${end / B}) ${names}` });
          },
        }),
        {
          window: times(1),
          timestamp: ({ at }) => at * B,
          lag: times(lag),
          watermarkInterval: times(0.5),
          // Record at a time the end of an input waits for the tuples, and they for the end: silence closes the last windows.
          ...(idles ? { idleTimeout: times(4) } : {}),
        },
      )
        .shuffleGrouping(t.source('first', memory<Event>([])))
        .shuffleGrouping(t.source('second', memory<Event>([])))
        .to('out', none());
    });
    const sinks = captureSinks(job, { mode });
    const close = async () => undefined;
    const started = await startVirtual(job, (world) => {
      const reader = (arrivals: readonly Arrival[]) => {
        const heartbeats = Array.from({ length: INTERVALS }, (_, i) => ({
          at: arrivals.filter(([comes]) => comes <= i).length,
          watermark: (i + 1) * B,
        }));
        const values = arrivals.map(([, name, at]): Event => ({ name, at }));
        const sequence = { values, timestamps: arrivals.map(([comes]) => comes * B), heartbeats };
        return { partitions: [new TimedPartition(sequence, world, { ends: true })], close };
      };
      const readers = new Map([
        ['first', reader(first)],
        ['second', reader(second)],
      ]);
      return { mode, readers, writers: new Map(sinks) };
    });
    const { error } = await started.end();
    if (error !== undefined) throw error;
    const told = sinks.get('out')!.results.filter(({ timestamp }) => timestamp < until * B);
    return told.map(({ value, timestamp }) => {
      const when = timestamp < SECOND_AGAIN * B ? 'early' : 'late';
      return `${(value as { told: string }).told} ${when}`;
    });
  };

  const SOME: readonly Arrival[] = [
    [0, 'a', 0.1],
    [1, 'b', 2.5],
    [2, 'c', 4],
  ];

  it('none closes before each input stream has had a tuple', async () => {
    expect(await run(SOME, [[SECOND_AGAIN, 'x', 3]])).toEqual(['[0, 1) a late', '[2, 3) b late']);
  });

  it('then the one that is behind decides, less the lag', async () => {
    const others: readonly Arrival[] = [
      [0, 'x', 1],
      [SECOND_AGAIN, 'y', 4],
    ];
    expect(await run(SOME, others)).toEqual(['[0, 1) a early', '[1, 2) x late', '[2, 3) b late']);
    expect(await run(SOME, others, { lag: 1 })).toEqual(['[0, 1) a late', '[1, 2) x late', '[2, 3) b late']);
  });

  it('without an idleTimeout the end of the input closes the last ones as micro-batches; record at a time an error says so', async () => {
    const ran = run([[0, 'a', 0.1]], [[0, 'x', 0.2]], { idles: false, until: Number.POSITIVE_INFINITY });
    if (mode === 'micro-batch') expect(await ran).toEqual(['[0, 1) ax late']);
    else
      await expect(ran).rejects.toMatchObject({
        code: 'RG035',
        message: expect.stringContaining('timed out 4 times'),
        hint: expect.stringContaining("give 'windows' an idleTimeout"),
      });
  });
});
