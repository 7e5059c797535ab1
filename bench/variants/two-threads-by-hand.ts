/** What two threads gain by hand, without an engine: the limit of this machine for two workers. */
import { Worker } from 'node:worker_threads';
import { makeLines } from '../lines.js';
import { checksumOf, collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';

type Counts = Map<string, { n: number }>;

/** Lines of one message: what it costs to send it is shared by many. */
const BATCH = 10_000;
/** Messages that wait at a thread, so that it never waits for this one. */
const AHEAD = 2;

/** Batches go to two threads in turn, each counts in a `Map` of its own, and both are added up at the end. */
export async function twoThreadsByHand({ lines, seed }: VariantInput): Promise<Measurement> {
  const input = makeLines(lines, seed);
  const threads = [1, 2].map(() => new Worker(new URL('../jobs/count-lines.mjs', import.meta.url)));
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('online', resolve))));
  collectGarbage();
  const cpu = process.cpuUsage();
  const stop = startTimer();
  let next = 0;
  const batch = (): readonly string[] | undefined => {
    if (next >= input.length) return undefined;
    next += BATCH;
    return input.slice(next - BATCH, next);
  };
  const [counts, others] = await Promise.all(threads.map((thread) => countedBy(thread, batch)));
  for (const [word, { n }] of others!) {
    const box = counts!.get(word);
    if (box === undefined) counts!.set(word, { n });
    else box.n += n;
  }
  const time = stop();
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(threads.map((thread) => thread.terminate()));
  const checksum = checksumOf([...counts!].map(([word, { n }]) => [word, n] as const));
  return { ...time, count: lines, checksum, numbers: { cpuMs: (user + system) / 1_000 } };
}

/** Feeds a thread until there is no further batch. */
function countedBy(thread: Worker, batch: () => readonly string[] | undefined): Promise<Counts> {
  return new Promise((resolve, reject) => {
    let isTold = false;
    const feed = (): void => {
      const lines = batch();
      if (lines === undefined && isTold) return;
      isTold = lines === undefined;
      thread.postMessage(lines);
    };
    thread.on('error', reject);
    thread.on('message', (counts: Counts | undefined) => (counts === undefined ? feed() : resolve(counts)));
    for (let i = 0; i < AHEAD; i++) feed();
  });
}
