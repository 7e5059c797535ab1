/** Latency of the record mode at half of its highest rate, with the generator on the same thread. */
import { type KeyedStream, type RunOptions, seconds, type Topology, topology } from 'raingauge';
import { foreach, none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { makeLines, WORDS_PER_LINE } from '../lines.js';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { preparedReader, type Reader } from '../prepared-reader.js';
import { runToEnd } from '../run-job.js';

/** Length of the run, and of its beginning that does not count (s). */
const RUN_SECONDS = 4;
const WARM_SECONDS = 1;
const RECORD: RunOptions = { mode: 'record' };

/**
 * 1. The highest rate is measured first, in this process, with acking.
 * 2. Then lines are due at half of that rate by the clock, whether or not the engine is ready for them (open loop). The
 *    source is asked again by `setImmediate`, so nothing else waits.
 * 3. The latency of a line is the time from when it was due until the last of its words was counted.
 */
export async function halfRateLatency({ lines, seed }: VariantInput): Promise<Measurement> {
  const input = makeLines(Math.min(lines, 200_000), seed);
  const rate = (await highestRate(input)) / 2;
  const latencies = new Float64Array(Math.ceil(rate * RUN_SECONDS) + 1);
  let words = 0;
  let measuredCount = 0;
  let began = Number.POSITIVE_INFINITY;
  const job = wordCount((counts) =>
    counts.to(
      'out',
      foreach((_, { timestamp }) => {
        words += 1;
        if (words % WORDS_PER_LINE !== 0) return;
        began = Math.min(began, timestamp);
        if (timestamp < began + WARM_SECONDS * 1e6) return;
        latencies[measuredCount++] = clock() - timestamp;
      }),
    ),
  );
  const reader = openLoop(input, rate);
  collectGarbage();
  const stop = startTimer();
  await runToEnd(job, { ...RECORD, readers: new Map([['lines', reader]]) });
  const time = stop();
  const sorted = latencies.slice(0, measuredCount).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const numbers = { rate, p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999), maxUs: at(1) };
  return { ...time, count: words / WORDS_PER_LINE, numbers };
}

/** Lines a second when they are all there. The second of two runs counts: the latency is that of compiled code too. */
async function highestRate(input: readonly string[]): Promise<number> {
  const drain = async (): Promise<number> => {
    const began = performance.now();
    await runToEnd(
      wordCount((counts) => counts.to('out', none())),
      { ...RECORD, readers: new Map([['lines', preparedReader(input)]]) },
    );
    return (input.length / (performance.now() - began)) * 1_000;
  };
  await drain();
  return drain();
}

function wordCount(end: (counts: KeyedStream<string, number>) => unknown): Topology {
  return topology('word-count', { batchInterval: seconds(1) }, (t) => {
    const words = t.source('lines', memory<string>([])).flatMap((line) => line.split(' '));
    end(words.map((word) => [word, 1] as const).runningReduce((a, b) => a + b));
  });
}

/** Line i is due i / rate seconds after the first poll, and has that time. */
function openLoop(lines: readonly string[], rate: number): Reader {
  const total = Math.floor(rate * RUN_SECONDS);
  const gap = 1e6 / rate;
  let start = Number.NaN;
  let next = 0;
  const due = (): number => Math.min(total, Math.floor((clock() - start) / gap) + 1);
  const whenDue = (wake: () => void): void => {
    if (due() > next) wake();
    else setImmediate(whenDue, wake);
  };
  return {
    partitions: [
      {
        failure: undefined,
        poll: (block, max) => {
          if (Number.isNaN(start)) start = clock();
          const end = Math.min(next + max, due());
          for (; next < end; next++) block.push(lines[next % lines.length], start + next * gap);
          block.ended = next === total;
        },
        onReady: (wake) => setImmediate(whenDue, wake),
        commit: () => undefined,
      },
    ],
    close: async () => undefined,
  };
}

/** Microseconds, as the engine's real clock counts them. */
function clock(): number {
  return (performance.timeOrigin + performance.now()) * 1_000;
}
