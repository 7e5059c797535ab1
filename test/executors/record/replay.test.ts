/** Replay of records of sources: no window closes over a record that is still under way, whatever gets lost. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prng } from '../../../src/core/prng.js';
import { millis } from '../../../src/core/time.js';
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import { TimedPartition } from '../../../src/testing/timed-partition.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import { isLong } from '../../breadth.js';

const B = millis(10);

const job = topology('replay', { batchInterval: B }, (t) => {
  const pairs = t.source('in', memory<string, number>([]));
  // Each record is a power of two of its window, so that a bit that is missing is a record that was lost.
  pairs.reduceByKeyAndWindow({ window: B, reduce: (a, b) => a | b }).to('windows', none());
  pairs.runningReduce({ uid: 'seen', reduce: (a, b) => a | b }).to('running', none());
});

it('a record whose tuples or acks are lost still gets into its window, and is folded in at least once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 8 }),
      async (seed, parallelism, maxSpoutPending) => {
        const random = prng(seed);
        const records = Array.from({ length: 30 }, (_, i) => ({
          key: `k${random.below(4)}`,
          bit: 1 << (i % 30),
          time: Math.floor((i * B) / 7),
        }));
        const sequence = {
          values: records.map(({ key, bit }) => [key, bit]),
          timestamps: records.map(({ time }) => time),
          heartbeats: Array.from({ length: 6 }, (_, i) => ({
            at: records.filter(({ time }) => time < (i + 1) * B).length,
            watermark: (i + 1) * B,
          })),
        };
        const sinks = new Map(['windows', 'running'].map((name) => [name, new CapturedSink('record')]));
        const run = await startVirtual(
          job,
          (world) => ({
            mode: 'record',
            parallelism,
            chaining: false,
            settings: { attemptsMax: 1_000 },
            readers: new Map([
              [
                'in',
                { partitions: [new TimedPartition(sequence, world, { ends: true })], close: async () => undefined },
              ],
            ]),
            writers: sinks,
            record: { messageTimeout: millis(5), maxSpoutPending },
            channels: {
              tuples: () => () => random.below(4) > 0,
              acks: (_component, send) => (root, generation, high, low) => {
                if (random.below(4) > 0) send(root, generation, high, low);
              },
            },
          }),
          { seed },
        );
        const result = await run.end();
        expect([result.outcome, result.error]).toEqual(['finished', undefined]);
        expect(result.replayed).toBeGreaterThan(0);
        const windows = new Map<string, number>();
        const keys = new Map<string, number>();
        for (const { key, bit, time } of records) {
          const name = `${key} ${Math.floor(time / B)}`;
          windows.set(name, (windows.get(name) ?? 0) | bit);
          keys.set(key, (keys.get(key) ?? 0) | bit);
        }
        const closed = sinks
          .get('windows')!
          .results.map(
            ({ value, timestamp }) =>
              [
                `${(value as [string, number])[0]} ${Math.floor(timestamp / B)}`,
                (value as [string, number])[1],
              ] as const,
          );
        expect(closed).toHaveLength(windows.size);
        expect(Object.fromEntries(closed)).toEqual(Object.fromEntries(windows));
        expect(Object.fromEntries(result.state('seen') as Iterable<[string, number]>)).toEqual(
          Object.fromEntries(keys),
        );
      },
    ),
    { numRuns: isLong ? 1_000 : 40, seed: 1 },
  );
});

it.each(['fail', 'dead-letter'] as const)(
  'a record whose tuples never arrive: after the last replay onError (%s) decides, as about any other failure',
  async (onError) => {
    const sequence = { values: [['a', 1]], timestamps: [0], heartbeats: [] };
    const run = await startVirtual(job, (world) => ({
      mode: 'record',
      chaining: false,
      settings: { attemptsMax: 3, onError },
      readers: new Map([
        ['in', { partitions: [new TimedPartition(sequence, world, { ends: true })], close: async () => undefined }],
      ]),
      writers: new Map(['windows', 'running'].map((name) => [name, new CapturedSink('record')])),
      record: { messageTimeout: millis(5) },
      // One of its two tuples is lost, again and again.
      channels: {
        acks: (_component, send) => send,
        tuples: (component) => (component === 'seen' ? () => false : undefined),
      },
    }));
    const result = await run.end();
    expect(result.replayed).toBe(2);
    if (onError === 'fail') {
      expect(result.outcome).toBe('failed');
      expect(result.error).toMatchObject({ code: 'RG035' });
      expect(result.error!.message).toContain('timed out 3 times');
      expect(result.deadLetterCount).toBe(0);
    } else {
      expect(result.outcome).toBe('finished');
      expect(result.deadLetters.map(({ error }) => error.code)).toEqual(['RG035']);
    }
  },
);
