/** Fuzzes everything that a restart reads: whatever was changed, it is refused, or what comes back was promised once. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { type Prng, prng } from '../../src/core/prng.js';
import type { LogRecord } from '../../src/runtime/durability.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { allocated, expectedState, openFolder, prepared, received, save, stateOf } from './checkpoint-kit.js';
import { atOnce } from './crashes.js';

const { RAINGAUGE_LONG, RAINGAUGE_SEED, RAINGAUGE_INPUTS } = process.env;
/** `RAINGAUGE_SEED=5000001 RAINGAUGE_INPUTS=1000000` takes a part of a long run. */
const FIRST = Number(RAINGAUGE_SEED ?? 1);
const INPUTS = Number(RAINGAUGE_INPUTS ?? (RAINGAUGE_LONG === '1' ? 10_000_000 : 20_000));
const TIMEOUT_MS = 4 * 3_600_000;

/** A folder with three checkpoints, of which two add to the first, and a log that goes on after the last one, in several segments. */
async function written(): Promise<Readonly<Record<string, Uint8Array>>> {
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

function mutated(random: Prng, content: Uint8Array, other: Uint8Array): Uint8Array {
  const copy = content.slice();
  const at = random.below(content.length);
  const length = Math.min(content.length - at, 1 + random.below(40));
  switch (random.below(9)) {
    case 0:
      copy[at]! ^= 1 << random.below(8);
      return copy;
    case 1:
      copy[at] = random.below(256);
      return copy;
    case 2:
      return copy.fill(random.below(2) * 255, at, at + length);
    case 3:
      return copy.slice(0, at);
    case 4:
      return Uint8Array.from([...copy.slice(0, at), ...copy.slice(at + length)]);
    case 5:
      return Uint8Array.from([...copy.slice(0, at + length), ...copy.slice(at)]);
    case 6:
      return Uint8Array.from([...copy, ...other.slice(0, random.below(other.length))]);
    case 7:
      return other.slice();
    default:
      for (let i = 0; i < 1 + random.below(6); i++) copy[random.below(copy.length)] = random.below(256);
      return copy;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

describe('a restart', () => {
  it(`survives ${INPUTS} changed folders without an uncaught error and without taking changed state`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const base = await written();
    const paths = Object.keys(base);
    expect(paths.filter((path) => path.includes('/log/')).length).toBeGreaterThan(2);
    expect(paths.filter((path) => path.includes('state-2.bin')).length).toBe(3);
    expect(Buffer.from(base['state/checkpoints/chk-6/manifest.json']!).toString()).toContain('"addsTo":{"epoch":4,');
    const lastSegment = paths.filter((path) => path.includes('/log/')).at(-1);
    const states = new Map([2, 4, 6].map((epoch) => [epoch, expectedState(epoch)]));
    const logs = new Map([0, 2, 4, 6].map((epoch) => [epoch, logAfter(epoch)]));
    const outcomes = new Map<string, number>();
    for (let seed = FIRST; seed < FIRST + INPUTS; seed++) {
      const random = prng(seed);
      const path = paths[random.below(paths.length)]!;
      const change =
        random.below(40) === 0 ? undefined : mutated(random, base[path]!, base[paths[random.below(paths.length)]!]!);
      const { [path]: _gone, ...rest } = base;
      const files = new SimulatedFiles(atOnce, change === undefined ? rest : { ...rest, [path]: change });
      let outcome: string;
      try {
        const folder = await openFolder(files);
        const { snapshot, log } = folder.recovered;
        const epoch = snapshot?.meta.epoch ?? 0;
        const found = stateOf(snapshot);
        const wanted = logs.get(epoch)!;
        const isTold = folder.warnings.length > 0 || (change !== undefined && isSame(change, base[path]!));
        if (!isDeepStrictEqual(found, states.get(epoch)))
          throw new Error(`seed ${seed}: ${path}: epoch ${epoch} came back as ${inspect(found, { depth: null })}`);
        if (!isDeepStrictEqual(log, wanted.slice(0, log.length))) throw new Error(`seed ${seed}: ${path}: another log`);
        if (log.length < wanted.length && path !== lastSegment)
          throw new Error(`seed ${seed}: ${path}: the log is short`);
        // Only older state than the newest, or an end that looks like a crash, may come back, and then it is told.
        if ((epoch !== 6 || log.length < wanted.length) && !isTold && !isCutAtRecord(change, path, base)) {
          throw new Error(`seed ${seed}: ${path}: nothing was told about the change`);
        }
        outcome = epoch === 6 ? 'newest' : `fell back to ${epoch}`;
      } catch (error) {
        if (!(error instanceof StreamError)) throw new Error(`seed ${seed}: ${path}`, { cause: error });
        if (!['RG053', 'RG054', 'RG055'].includes(error.code)) throw error;
        outcome = error.code;
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(['RG054', 'fell back to 4', 'newest']));
  });
});

/** A log that ends between two records is no different from one whose last records were never written. */
function isCutAtRecord(
  change: Uint8Array | undefined,
  path: string,
  base: Readonly<Record<string, Uint8Array>>,
): boolean {
  return change === undefined || isSame(change, base[path]!.subarray(0, change.length));
}
