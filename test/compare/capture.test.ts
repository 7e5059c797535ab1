/** Tests of the captured results of exactly-once jobs: they are there, and their latency over, when they are committed. */
import { describe, expect, it } from 'vitest';
import { Capture, MeasuredLatency } from '../../src/compare/capture.js';
import { openMemorySink } from '../../src/connectors/memory-sink.js';
import type { SinkWriter } from '../../src/runtime/sink.js';

const at = (timestamp: number) => ({ timestamp, windowEnd: Number.NaN, partition: 0 });

function open(next?: SinkWriter, transactional = true, interval?: number) {
  let now = 0;
  const latencies = { record: new MeasuredLatency(), window: new MeasuredLatency() };
  const clock = { now: () => now };
  const capture = new Capture({ clock, latencies, lastHeartbeat: 1_000_000, next, interval, transactional });
  const moveTo = (time: number): void => {
    now = time;
  };
  return { capture, latencies, moveTo };
}

describe('a capture that commits by epoch', () => {
  it('has results at their commit, with the latency up to it', async () => {
    const { capture, latencies, moveTo } = open();
    moveTo(100);
    capture.accept('a', at(50));
    await capture.transactions!.prepare(1);
    capture.accept('b', at(60));
    expect([capture.values, capture.lastHandOver]).toEqual([[], Number.NEGATIVE_INFINITY]);
    moveTo(5_000);
    await capture.transactions!.commit(1);
    expect([capture.values, capture.timestamps[0], capture.lastHandOver]).toEqual([['a'], 50, 5_000]);
    expect(latencies.record.histogram.percentile(100)).toBeGreaterThan(4_900);
    await capture.transactions!.prepare(2);
    await capture.transactions!.recover(1);
    await capture.transactions!.commit(2);
    expect(capture.values).toEqual(['a']);
  });

  it('takes intervals apart', async () => {
    const { capture } = open(undefined, true, 1_000);
    capture.accept({ end: 2_000, values: ['a', 'b'] }, at(0));
    await capture.transactions!.prepare(1);
    await capture.transactions!.commit(1);
    expect([capture.values, [...capture.windowEnds.slice(0, 2)]]).toEqual([
      ['a', 'b'],
      [2_000, 2_000],
    ]);
  });

  it('commits the sink behind it as well', async () => {
    const results: unknown[] = [];
    const { capture } = open(openMemorySink(results, true));
    const { transactions } = capture;
    capture.accept('a', at(0));
    const prepared = transactions!.prepare(1);
    capture.accept('b', at(0));
    await prepared;
    await transactions!.commit(1);
    expect([results, capture.values]).toEqual([['a'], ['a']]);
    await transactions!.prepare(2);
    await transactions!.recover(1);
    capture.accept('c', at(0));
    await transactions!.prepare(2);
    await transactions!.commit(2);
    expect([results, capture.values]).toEqual([
      ['a', 'c'],
      ['a', 'c'],
    ]);
    await capture.synced();
    await capture.close();
  });

  it('is one only when asked', () => {
    const { capture } = open(undefined, false);
    capture.accept('a', at(0));
    expect([capture.values, capture.transactions]).toEqual([['a'], undefined]);
  });
});
