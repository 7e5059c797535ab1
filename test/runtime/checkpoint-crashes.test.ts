/** Tests of what a checkpoint folder promises: every crash state of its protocols gives a promised prefix, and never nothing. */

import { describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import type { CheckpointFolder } from '../../src/runtime/checkpoint-folder.js';
import type { LogRecord } from '../../src/runtime/durability.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { isLong } from '../breadth.js';
import { allocated, expectedState, openFolder, prepared, received, save, stateOf } from './checkpoint-kit.js';
import { atOnce, type Crash, crashesDuring, killsDuring } from './crashes.js';

/** What was asked for and what was acknowledged so far. */
interface Promised {
  readonly asked: readonly LogRecord[];
  readonly acked: number;
  readonly saved: number;
  readonly saving: number;
}

/** A driver that logs and saves, and keeps count. */
class Driver {
  readonly asked: LogRecord[] = [];
  acked = 0;
  saved = 0;
  saving = 0;

  async log(folder: CheckpointFolder, ...records: readonly LogRecord[]): Promise<void> {
    this.asked.push(...records);
    const before = this.acked;
    await Promise.all(
      records.map((record, i) => folder.log(record).then(() => (this.acked = Math.max(this.acked, before + i + 1)))),
    );
  }

  async save(folder: CheckpointFolder, epoch: number): Promise<void> {
    this.saving = epoch;
    await save(folder, epoch);
    this.saved = epoch;
  }

  promised(): Promised {
    return { asked: [...this.asked], acked: this.acked, saved: this.saved, saving: this.saving };
  }
}

async function twoEpochs(files: SimulatedFiles, driver: Driver): Promise<void> {
  const folder = await openFolder(files, { keep: 1, segmentBytes: 300 });
  await driver.log(folder, allocated(1));
  await driver.save(folder, 1);
  await driver.log(folder, prepared(1), allocated(2));
  await driver.save(folder, 2);
  await folder.close();
}

async function threeEpochs(files: SimulatedFiles, driver: Driver): Promise<void> {
  const folder = await openFolder(files, { keep: 2, segmentBytes: 400 });
  await driver.log(folder, allocated(1));
  await driver.log(folder, prepared(1), allocated(2));
  await driver.save(folder, 1);
  await driver.log(folder, prepared(2));
  await Promise.all([driver.save(folder, 2), driver.log(folder, received(3), allocated(3))]);
  await driver.log(folder, prepared(3));
  await driver.save(folder, 3);
  await driver.log(folder, allocated(4));
  await folder.close();
}

/** Whole, two increments, and the same again, so that what belongs together is pruned together. */
async function sixEpochs(files: SimulatedFiles, driver: Driver): Promise<void> {
  const folder = await openFolder(files, { keep: 2, increments: 2 });
  for (let epoch = 1; epoch <= 7; epoch++) {
    await driver.log(folder, allocated(epoch));
    await driver.save(folder, epoch);
  }
  await folder.close();
  const kept = (await files.list('state/checkpoints')).join();
  if (kept !== 'chk-4,chk-5,chk-6,chk-7') throw new Error(`kept: ${kept}`);
}

/** Opens what a crash left, checks it against what was promised, goes on with it, and opens it again. */
async function check({ files, promised, step }: Crash<Promised>): Promise<void> {
  const folder = await openFolder(files);
  const { snapshot, log } = folder.recovered;
  const epoch = snapshot?.meta.epoch ?? 0;
  expect(
    folder.warnings.filter((warning) => warning.includes('damaged')),
    step,
  ).toEqual([]);
  expect(epoch, step).toBeGreaterThanOrEqual(promised.saved);
  expect(epoch, step).toBeLessThanOrEqual(promised.saving);
  expect(stateOf(snapshot), step).toEqual(expectedState(epoch));
  const isAfter = ({ batch }: LogRecord): boolean => batch > epoch;
  expect(log, step).toEqual(promised.asked.filter(isAfter).slice(0, log.length));
  expect(log.length, step).toBeGreaterThanOrEqual(promised.asked.slice(0, promised.acked).filter(isAfter).length);
  await folder.log(allocated(10));
  await save(folder, 9);
  await folder.close();
  const again = await openFolder(files);
  expect([stateOf(again.recovered.snapshot), again.recovered.log], step).toEqual([expectedState(9), [allocated(10)]]);
}

describe('a checkpoint folder', () => {
  it('gives a promised state in every crash state of logging, saving and pruning', async () => {
    const files = new SimulatedFiles(atOnce);
    const driver = new Driver();
    const crashes = await crashesDuring(
      files,
      () => threeEpochs(files, driver),
      () => driver.promised(),
    );
    expect(crashes.length).toBeGreaterThan(300);
    for (const crash of crashes) await check(crash);
  });

  it('gives a promised state in every crash state of increments and their pruning', async () => {
    const files = new SimulatedFiles(atOnce);
    const driver = new Driver();
    const crashes = await crashesDuring(
      files,
      () => sixEpochs(files, driver),
      () => driver.promised(),
    );
    expect(crashes.length).toBeGreaterThan(500);
    for (const crash of crashes) await check(crash);
  });

  it('gives a promised state after a kill at every step, and then a loss of power', async () => {
    const kills = await killsDuring((files) => {
      const driver = new Driver();
      return { done: twoEpochs(files, driver), promised: () => driver.promised() };
    });
    expect(kills.length).toBeGreaterThan(50);
    const met = new Set<string>();
    for (const kill of kills) {
      let seen: Promised | undefined;
      const crashes = await crashesDuring(
        kill.files,
        async () => {
          const { recovered } = await openFolder(kill.files);
          const epoch = recovered.snapshot?.meta.epoch ?? 0;
          const before = kill.promised.asked.filter(({ batch }) => batch <= epoch);
          // What a restart was told is acted on, so it is promised from now on.
          seen = { ...kill.promised, saved: epoch, acked: before.length + recovered.log.length };
        },
        () => seen ?? kill.promised,
        met,
      );
      for (const crash of crashes) await check({ ...crash, step: `${kill.step}, then ${crash.step}` });
    }
  });

  it('is refused or whole in every crash state of beginning anew', async () => {
    const files = new SimulatedFiles(atOnce);
    await threeEpochs(files, new Driver());
    const crashes = await crashesDuring(
      files,
      () => openFolder(files, { fromScratch: true, plan: 'p2' }),
      () => undefined,
    );
    for (const crash of crashes) {
      const outcome = await openFolder(crash.files).then(
        (folder) => stateOf(folder.recovered.snapshot),
        (error: { code: string }) => error.code,
      );
      expect([text('RG054'), text(undefined), text(expectedState(3))], crash.step).toContain(text(outcome));
      crash.files.kill();
      const anew = await openFolder(crash.files, { fromScratch: true });
      expect(anew.recovered).toEqual({ snapshot: undefined, log: [] });
    }
  });

  it(`keeps its promise through ${isLong ? 25_000 : 100} random series of four crashes`, async () => {
    for (let seed = 1; seed <= (isLong ? 25_000 : 100); seed++) {
      const random = prng(seed);
      const files = new SimulatedFiles(atOnce);
      let saved = 0;
      let next = 1;
      for (let life = 0; life < 4; life++) {
        const folder = await openFolder(files, {
          keep: 1 + random.below(3),
          increments: random.below(5),
          segmentBytes: 200 + random.below(600),
        });
        const epoch = folder.recovered.snapshot?.meta.epoch ?? 0;
        expect(epoch, `seed ${seed}`).toBeGreaterThanOrEqual(saved);
        expect(stateOf(folder.recovered.snapshot), `seed ${seed}`).toEqual(expectedState(epoch));
        const batches = folder.recovered.log.map(({ batch }) => batch);
        expect(batches, `seed ${seed}`).toEqual(batches.map((_, i) => epoch + 1 + i));
        expect(epoch + batches.length, `seed ${seed}`).toBeGreaterThanOrEqual(next - 1);
        next = epoch + batches.length + 1;
        saved = epoch;
        let left = random.below(120);
        files.onStep = () => {
          if (left-- <= 0) throw new Error('the power is gone');
        };
        try {
          for (; ; next++) {
            await folder.log(allocated(next));
            if (random.below(2) === 0) {
              await save(folder, next);
              saved = next;
            }
          }
        } catch {
          files.onStep = undefined;
          files.crash(random);
        }
      }
    }
  });
});

function text(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? 'undefined'
  );
}
