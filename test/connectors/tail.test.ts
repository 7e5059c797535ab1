/** Tests of a log that is read through its rotations, in one life and over several. */
import { appendFile, copyFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../src/connectors/open-source.js';
import { prng } from '../../src/core/prng.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { readAgainFrom } from '../../src/runtime/stamp-position.js';
import { tail } from '../../src/topology/file-specs.js';
import { drain, takeSome } from '../conformance/drain.js';

interface Start {
  readonly from?: readonly number[];
  readonly resume?: readonly unknown[];
}

const open = (world: SimulatedWorld, start: Start = {}): Promise<RawSource> =>
  openSource({ name: 'in', ...tail('log/app.log') }, () => undefined, { world, ...start });

const saved = (source: RawSource, taken: number): unknown =>
  JSON.parse(JSON.stringify({ taken, raw: source.partitions[0]!.position?.() }));

/** What is there now. */
async function now(world: SimulatedWorld, source: RawSource): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for (;;) {
    await world.run();
    if (source.partitions[0]!.take(values, 1_000) !== 'more') break;
  }
  if (source.partitions[0]!.failure !== undefined) throw source.partitions[0]!.failure;
  return values;
}

/** What rotates a log away: the numbered files move up by one. */
async function rotate({ files }: SimulatedWorld, way: 'rename' | 'copy', kept = 9): Promise<void> {
  for (let n = kept; n >= 1; n--) {
    if ((await files.list('log')).includes(`app.log.${n}`))
      await files.rename(`log/app.log.${n}`, `log/app.log.${n + 1}`);
  }
  if (way === 'rename') return files.rename('log/app.log', 'log/app.log.1');
  const content = await files.readWhole('log/app.log', 1_000_000);
  await files.writeAtomically('log/app.log.1', content);
  await files.truncate('log/app.log', 0);
}

const worldWith = (content: string): SimulatedWorld => createSimulatedWorld({ files: { 'log/app.log': content } });

/** The watch of a simulated file wakes when the file of that name changes. */
describe('a tailed log', () => {
  it('reads the rest of what was renamed away first, then the new file', async () => {
    const world = worldWith('1\n2\n');
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1', '2']);
    await world.files.append('log/app.log', '3\nla');
    await rotate(world, 'rename');
    await world.files.append('log/app.log.1', 'st\n');
    await world.files.append('log/app.log', '4\n');
    expect(await now(world, source)).toEqual(['3', 'last', '4']);
    await world.complete(source.close());
    expect((await drain(source.partitions[0]!)).outcome).toBe('ended');
  });

  it('counts a last line without its end when the log begins anew', async () => {
    const world = worldWith('1\nhalf');
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1']);
    await rotate(world, 'rename');
    await world.files.append('log/app.log', '2\n');
    expect(await now(world, source)).toEqual(['half', '2']);
    await world.complete(source.close());
  });

  it('reads the rest from the copy when the log is truncated, also when it has grown beyond its old length', async () => {
    const world = worldWith('1\n2\n');
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1', '2']);
    await world.files.append('log/app.log', '3\n');
    await rotate(world, 'copy');
    await world.files.append('log/app.log', 'four and five and six\n');
    expect(await now(world, source)).toEqual(['3', 'four and five and six']);
    await rotate(world, 'copy');
    await world.files.append('log/app.log', 'x\n');
    expect(await now(world, source)).toEqual(['x']);
    await world.complete(source.close());
  });

  it('reads what was rotated twice before it looked', async () => {
    const world = worldWith('1\n');
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1']);
    await world.files.append('log/app.log', '2\n');
    await rotate(world, 'rename');
    await world.files.append('log/app.log', '3\n');
    await rotate(world, 'rename');
    await world.files.append('log/app.log', '4\n');
    await world.files.append('log/app.log.9.gz', 'packed\n');
    expect(await now(world, source)).toEqual(['2', '3', '4']);
    await world.complete(source.close());
  });

  it.each<[string, (world: SimulatedWorld) => Promise<void>, RegExp]>([
    [
      'is cut without a copy',
      async (world) => {
        await world.files.truncate('log/app.log', 0);
        await world.files.append('log/app.log', '3\n');
      },
      /'log\/app.log' was cut or rewritten \(2 bytes, of which 4 were read\), and there is no copy of it beside it/,
    ],
    [
      'is rewritten in place, longer',
      async (world) => {
        await world.files.truncate('log/app.log', 0);
        await world.files.append('log/app.log', '3\n4\n5\n');
      },
      /'log\/app.log' was cut or rewritten/,
    ],
    [
      'is gone before its end was known',
      async (world) => {
        await world.files.remove('log/app.log');
        await world.files.append('log/app.log', '3\n');
      },
      /'log\/app.log' was rotated away/,
    ],
    [
      'is written to after the new one has begun',
      async (world) => {
        await rotate(world, 'rename');
        await world.files.append('log/app.log', '3\n');
        await world.run();
        await world.files.append('log/app.log.1', 'late\n');
        await world.files.append('log/app.log', '4\n');
      },
      /'log\/app.log.1' grew from 4 to 9 bytes after 'log\/app.log' had begun anew/,
    ],
  ])('fails when the log %s', async (_what, change, message) => {
    const world = worldWith('1\n2\n');
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1', '2']);
    await change(world);
    const failed = (async () => {
      await now(world, source);
      await now(world, source);
    })();
    await expect(failed).rejects.toMatchObject({ code: 'RG064', message: expect.stringMatching(message) });
    await source.close();
  });

  it('begins with what was rotated away before, oldest first, or skips it', async () => {
    const files = { 'log/app.log.2': '1\n', 'log/app.log.1': '2\n', 'log/app.log': '3\n', 'log/app.log.3.gz': 'x\n' };
    const world = createSimulatedWorld({ files: { 'log/app.log.3.gz': 'x\n' } });
    for (const [path, content] of Object.entries(files)) await world.files.writeAtomically(path, content);
    const source = await open(world);
    expect(await now(world, source)).toEqual(['1', '2', '3']);
    await world.complete(source.close());
    const spec = tail('log/app.log', { rotated: 'skip' });
    const skipping = await openSource({ name: 'in', ...spec }, () => undefined, { world });
    expect(await now(world, skipping)).toEqual(['3']);
    await world.complete(skipping.close());
  });

  it('is not there', async () => {
    await expect(open(createSimulatedWorld())).rejects.toMatchObject({ code: 'RG040' });
    await expect(open(createSimulatedWorld({ files: { 'log/app.log/x': '' } }))).rejects.toMatchObject({
      code: 'RG041',
    });
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'gives every line once, in order, over lives and rotations at any instant, seed %i',
    async (seed) => {
      const random = prng(seed).fork('tail');
      const world = worldWith('');
      let written = 0;
      const taken: unknown[] = [];
      let life = await open(world);
      for (let step = 0; step < 60; step++) {
        const choice = random.below(10);
        if (choice < 5) {
          const lines = Array.from(
            { length: 1 + random.below(30) },
            () => `line ${written++} ${'x'.repeat(random.below(60))}\n`,
          );
          await world.files.append('log/app.log', lines.join(''));
        } else if (choice < 7) {
          // An empty log is not rotated (logrotate: notifempty).
          if ((await world.files.size('log/app.log')) > 0) {
            // A log that is truncated before anything of it was read is not known again.
            const way = seed < 20 ? 'rename' : 'copy';
            if (way === 'copy') taken.push(...(await now(world, life)));
            if (way === 'copy') await world.files.append('log/app.log', `line ${written++}\n`);
            await rotate(world, way, 60);
            await world.files.append('log/app.log', `line ${written++}\n`);
          }
        } else if (choice < 9) {
          taken.push(...(await now(world, life)));
        } else {
          const values: unknown[] = [];
          await world.run();
          life.partitions[0]!.take(values, random.below(40));
          taken.push(...values);
          const place = saved(life, taken.length);
          await world.complete(life.close());
          life = await open(world, { from: [taken.length], resume: [place] });
        }
      }
      taken.push(...(await now(world, life)));
      const last = saved(life, taken.length);
      await world.complete(life.close());
      expect(taken.map((line) => Number(String(line).split(' ')[1]))).toEqual(
        Array.from({ length: written }, (_, n) => n),
      );
      // From the beginning again, as a job without a checkpoint does that has logged what it read.
      const again = await open(world, { from: [0], resume: [readAgainFrom(undefined, last)] });
      expect(await now(world, again)).toEqual(taken);
      await world.complete(again.close());
    },
  );
});

describe('a tailed log on a disk', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'raingauge-tail-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is read through a rename, a copy with truncation, and a restart', async () => {
    const path = join(folder, 'app.log');
    const world = createRealWorld();
    const reopen = (start: Start = {}) =>
      openSource({ name: 'in', ...tail(path) }, () => undefined, { world, ...start });
    await writeFile(path, '1\n2\n');
    const source = await reopen();
    expect(await takeSome(source.partitions[0]!, 2)).toEqual(['1', '2']);
    await appendFile(path, '3\n');
    await rename(path, `${path}.1`);
    await writeFile(path, '4\n');
    expect(await takeSome(source.partitions[0]!, 2)).toEqual(['3', '4']);
    const resume = [saved(source, 4)];
    await source.close();
    await appendFile(path, '5\n');
    await copyFile(path, `${path}.2`);
    await truncate(path, 0);
    await appendFile(path, '6\n');
    const again = await reopen({ from: [4], resume });
    expect(await takeSome(again.partitions[0]!, 2)).toEqual(['5', '6']);
    await again.close();
  });
});
