/** A job whose results tell of each record how often it was counted, and what a run of it left in its folders. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellsOf, openCheckpoint } from '../../src/cli/state-folder.js';
import { StreamError } from '../../src/core/errors.js';
import type { Mode } from '../../src/runtime/events.js';
import { GUARANTEES } from '../../src/topology/specs.js';
import { isLong } from '../breadth.js';
import { projectFolderOf } from '../cli/command.js';

export { isLong };

export const MODES: readonly Mode[] = ['micro-batch', 'record'];

/** Every mode with every guarantee. */
export const PROMISES = MODES.flatMap((mode) => GUARANTEES.map((guarantee) => ({ mode, guarantee })));

/** Records of the job, and its keys: record n has the key n % KEYS. Partition p of two has the records p, p + 2 … */
export const RECORDS = isLong ? 4_000 : 1_000;
/** So many a second make it last four seconds. */
export const RATE = RECORDS / 4;
/** A record in the middle. */
export const MIDDLE = (RECORDS * 3) / 8;
const KEYS = 7;

/**
 * Each interval's records of a key, by their numbers, and each key's total as it grows. `first` is a function of each number, in
 * worker or driver, which gives it back. `prelude` stands before everything.
 */
export function numbersJob({ first = '(n) => n', name = 'numbers', totals = 'totals', prelude = '' } = {}): string {
  return `${prelude}
import { existsSync, writeFileSync } from 'node:fs';
import { seconds, topology } from 'raingauge';
import { textFile } from 'raingauge/sinks';
import { generator } from 'raingauge/sources';

const first = ${first};

export default topology('${name}', { batchInterval: seconds(0.1) }, (t) => {
  const numbers = t
    .source('numbers', generator((index) => index, { count: ${RECORDS}, partitions: 2 }))
    .map(first, { uid: 'first' })
    .map((n) => [n % ${KEYS}, n]);
  numbers
    .mapValues(String)
    .reduceByKey({ uid: 'counts', reduce: (a, b) => a + ' ' + b })
    .to('counts', textFile('counts'));
  numbers
    .mapValues(() => 1)
    .runningReduce({ uid: '${totals}', reduce: (a, b) => a + b })
    .to('totals', textFile('totals'));
});
`;
}

/** A folder with the job; it gets all that its runs write. */
export function numbersFolder(options: Parameters<typeof numbersJob>[0] = {}): string {
  return projectFolderOf({ 'job.mjs': numbersJob(options) });
}

/** What came of it, over all lives. */
export interface Found {
  /** Records that are in no interval, and those that are there more than once, as often as that. */
  readonly lost: readonly number[];
  readonly duplicated: readonly number[];
  /** Of each key's totals 1, 2 … up to its records: those that are missing, and those that are there again. */
  readonly missingTotals: number;
  readonly repeatedTotals: number;
  /** Lines that no run of the job could have written. */
  readonly wrong: readonly string[];
}

/** Reads what is visible in the folders `counts` and `totals`. */
export function foundIn(folder: string, records = RECORDS): Found {
  const times = new Uint32Array(records);
  const totals = Array.from({ length: KEYS }, (_, key) => new Uint32Array(Math.ceil((records - key) / KEYS)));
  const wrong: string[] = [];
  for (const line of linesIn(join(folder, 'counts'))) {
    const [, key, values] = /^\((\d+),([\d ]+)\)$/.exec(line) ?? [];
    const numbers = values?.split(' ').map(Number) ?? [];
    if (numbers.length === 0 || numbers.some((n) => n % KEYS !== Number(key) || n >= records)) wrong.push(line);
    else for (const n of numbers) times[n]! += 1;
  }
  for (const line of linesIn(join(folder, 'totals'))) {
    const [, key, total] = /^\((\d+),(\d+)\)$/.exec(line) ?? [];
    const own = totals[Number(key)];
    if (own === undefined || !(Number(total) >= 1 && Number(total) <= own.length)) wrong.push(line);
    else own[Number(total) - 1]! += 1;
  }
  const count = (isCounted: (times: number) => boolean): number =>
    totals.reduce((sum, own) => sum + own.filter(isCounted).length, 0);
  return {
    lost: Array.from(times.keys()).filter((n) => times[n] === 0),
    duplicated: Array.from(times.keys()).flatMap((n) => Array<number>(Math.max(0, times[n]! - 1)).fill(n)),
    missingTotals: count((each) => each === 0),
    repeatedTotals: count((each) => each > 1),
    wrong,
  };
}

/** Nothing lost, nothing twice. */
export const EXACT: Found = { lost: [], duplicated: [], missingTotals: 0, repeatedTotals: 0, wrong: [] };

/** Lines of the visible files, in no order of files. */
function linesIn(folder: string): readonly string[] {
  return visibleFiles(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1));
}

/** Names of the files that a sink shows. */
export function visibleFiles(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}

/**
 * Whether a number may be given out again after a restart: all that the newest checkpoint does not hold is read again, and an interval that
 * was open in it is given out from its state, also when it was seen meanwhile.
 */
export async function restartsAt(checkpoint: string): Promise<(n: number) => boolean> {
  const offsets = new Map<number, number>();
  const open = new Set<number>();
  try {
    const found = await openCheckpoint(checkpoint, undefined);
    for (const { partition, offset } of found.manifest.meta.sources) offsets.set(partition, offset);
    for (const { uid, value } of cellsOf(found)) if (uid !== 'totals') for (const n of numbersIn(value)) open.add(n);
  } catch (error) {
    // Killed before the first checkpoint: everything begins again.
    if (!(error instanceof StreamError) || error.code !== 'RG040') throw error;
  }
  return (n) => open.has(n) || Math.floor(n / 2) >= (offsets.get(n % 2) ?? 0);
}

/** The numbers of a text such as `7 14 21`, or of such texts in a list of pairs. */
function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'string') return value.split(' ').map(Number);
  return Array.isArray(value) ? value.flatMap(numbersIn) : [];
}
