/** Fuzzes everything that a restart reads: whatever was changed, it is refused, or what comes back was promised once. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { prng } from '../../src/core/prng.js';
import type { LogRecord } from '../../src/runtime/durability.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { allocated, expectedState, openFolder, prepared, received, save, stateOf } from '../runtime/checkpoint-kit.js';
import { atOnce } from '../runtime/crashes.js';
import { expectOutcomes, failedAt, seedsOf } from './inputs.js';
import { mutated, pick } from './mutations.js';

const PART = 'checkpoint folders';
const { first, count } = seedsOf(PART);

type Written = Readonly<Record<string, Uint8Array>>;

/** A folder with three checkpoints, of which two add to the first, and a log that goes on after the last one, in several segments. */
async function written(): Promise<Written> {
  const files = new SimulatedFiles(atOnce);
  const folder = await openFolder(files, { segmentBytes: 700, stateFileBytes: 300 });
  for (let batch = 1; batch <= 7; batch++) {
    await Promise.all([folder.log(received(batch)), folder.log(allocated(batch))]);
    await folder.log(prepared(batch));
    if (batch % 2 === 0) await save(folder, batch);
  }
  await Promise.all([folder.log(received(8)), folder.log(allocated(8))]);
  await folder.close();
  const contents = files.paths.map(async (path) => [path, await files.readWhole(path, 1e9)] as const);
  return Object.fromEntries(await Promise.all(contents));
}

/** What was logged after an epoch. */
function logAfter(epoch: number): readonly LogRecord[] {
  const batches = Array.from({ length: 7 - epoch }, (_, i) => [
    received(epoch + 1 + i),
    allocated(epoch + 1 + i),
    prepared(epoch + 1 + i),
  ]);
  return [...batches.flat(), received(8), allocated(8)];
}

describe('a restart', () => {
  it(`survives ${count} changed folders without an uncaught error and without taking changed state`, async () => {
    const base = await written();
    const paths = Object.keys(base);
    expect(paths.filter((path) => path.includes('/log/')).length).toBeGreaterThan(2);
    expect(paths.filter((path) => path.includes('state-2.bin')).length).toBe(3);
    expect(Buffer.from(base['state/checkpoints/chk-6/manifest.json']!).toString()).toContain('"addsTo":{"epoch":4,');
    const outcomes = new Map<string, number>();
    for (let seed = first; seed < first + count; seed++) {
      const random = prng(seed);
      const path = pick(random, paths);
      const change = random.below(40) === 0 ? undefined : mutated(random, base[path]!, base[pick(random, paths)]!);
      try {
        const outcome = await outcomeOf(base, path, change);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } catch (error) {
        throw failedAt(PART, seed, error);
      }
    }
    expectOutcomes(PART, outcomes, ['RG054', 'fell back to 4', 'newest']);
  });
});

const states = new Map([2, 4, 6].map((epoch) => [epoch, expectedState(epoch)]));
const logs = new Map([0, 2, 4, 6].map((epoch) => [epoch, logAfter(epoch)]));

/** What a restart makes of a folder with one file that is changed, or gone. @throws Error for what it must not. */
async function outcomeOf(base: Written, path: string, change: Uint8Array | undefined): Promise<string> {
  const { [path]: before, ...rest } = base;
  const files = new SimulatedFiles(atOnce, change === undefined ? rest : { ...rest, [path]: change });
  try {
    const { recovered, warnings } = await openFolder(files);
    const { snapshot, log } = recovered;
    const epoch = snapshot?.meta.epoch ?? 0;
    const found = stateOf(snapshot);
    const wanted = logs.get(epoch)!;
    if (!isDeepStrictEqual(found, states.get(epoch)))
      throw new Error(`${path}: epoch ${epoch} came back as ${inspect(found, { depth: null })}`);
    if (!isDeepStrictEqual(log, wanted.slice(0, log.length))) throw new Error(`${path}: another log`);
    const isShort = log.length < wanted.length;
    const lastSegment = Object.keys(base).findLast((name) => name.includes('/log/'));
    if (isShort && path !== lastSegment) throw new Error(`${path}: the log is short`);
    // Only older state than the newest, or an end that looks like a crash, may come back, and then it is told.
    const isTold = warnings.length > 0 || (change !== undefined && isSame(change, before!));
    if ((epoch !== 6 || isShort) && !isTold && !isCutAtRecord(change, before!))
      throw new Error(`${path}: nothing was told about the change`);
    return epoch === 6 ? 'newest' : `fell back to ${epoch}`;
  } catch (error) {
    if (error instanceof StreamError && ['RG053', 'RG054', 'RG055'].includes(error.code)) return error.code;
    throw error;
  }
}

/** A log that ends between two records is no different from one whose last records were never written. */
function isCutAtRecord(change: Uint8Array | undefined, before: Uint8Array): boolean {
  return change === undefined || isSame(change, before.subarray(0, change.length));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
