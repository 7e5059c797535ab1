/** Word count with checkpoints in a folder, at-least-once and exactly-once, in both models. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Guarantee, type RunOptions, topology } from 'raingauge';
import { textFile } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { makeLines } from '../lines.js';
import {
  checksumOf,
  collectGarbage,
  type Measurement,
  startTimer,
  type Variant,
  type VariantInput,
} from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';
import { withFolder } from '../temporary-folder.js';

/** Lines of one interval, whose counts are one file. */
const LINES_PER_INTERVAL = 100_000;

/** The micro-batch model under that guarantee. */
export function microBatchUnder(guarantee: Guarantee): Variant {
  return (input) => withFolder((folder) => measured(input, { ...MICRO_BATCH, settings: { guarantee } }, folder));
}

/** Record mode under that guarantee. */
export function recordUnder(guarantee: Guarantee): Variant {
  return (input) => withFolder((folder) => measured(input, { mode: 'record', settings: { guarantee } }, folder));
}

/** The same job, and a snapshot each second or tenth batch. Only how results and positions are committed differs. */
async function measured({ lines, seed }: VariantInput, options: RunOptions, folder: string): Promise<Measurement> {
  const results = join(folder, 'results');
  const job = topology('word-count', (t) => {
    t.source('lines', memory<string>([]))
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1] as const)
      .reduceByKey((a, b) => a + b)
      .to('out', textFile(results));
  });
  const reader = preparedReader(makeLines(lines, seed), { intervalRecords: LINES_PER_INTERVAL });
  collectGarbage();
  const stop = startTimer();
  await runToEnd(job, {
    ...options,
    checkpoint: { folder: join(folder, 'checkpoint') },
    readers: new Map([['lines', reader]]),
  });
  const time = stop();
  return { ...time, count: lines, checksum: checksumOf(await countsIn(results)) };
}

/** What all files say together. */
async function countsIn(folder: string): Promise<Iterable<readonly [string, number]>> {
  const counts = new Map<string, number>();
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const [, word, n] of text.matchAll(/^\((.+),(\d+)\)$/gm))
      counts.set(word!, (counts.get(word!) ?? 0) + Number(n));
  }
  return counts;
}
