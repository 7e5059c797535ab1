/** Tests of a folder as a source: order, what counts as a file, what survives a restart, and files that are not what they were. */
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/connectors/open-source.js';
import { millis } from '../../src/core/time.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { readAgainFrom } from '../../src/runtime/stamp-position.js';
import { type FolderOptions, folder } from '../../src/topology/file-specs.js';
import { parseSourceUri } from '../../src/topology/uri.js';
import { drain, takeSome } from '../conformance/drain.js';
import { decorated } from '../runtime/decorated-files.js';

interface Start {
  readonly from?: readonly number[];
  readonly resume?: readonly unknown[];
}

function open(world: SimulatedWorld, options: FolderOptions = { once: true }, start: Start = {}): Promise<RawSource> {
  return openSource({ name: 'in', ...folder('in', options) }, () => undefined, { world, ...start });
}

const saved = (source: RawSource, taken = 0): unknown =>
  JSON.parse(JSON.stringify({ taken, raw: source.partitions[0]!.position?.() }));

const read = async (source: RawSource) => {
  const drained = await drain(source.partitions[0]!);
  await source.close();
  return drained;
};

/** Files that appear one after the other, each with its time. */
async function arrive(world: SimulatedWorld, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await world.files.writeAtomically(`in/${name}`, content);
}

describe('a folder', () => {
  it('is read in order of time, then of names, each file by itself', async () => {
    const world = createSimulatedWorld({
      files: { 'in/b': 'b1\nb2', 'in/a': 'a1\n', 'in/.hidden': 'x\n', 'in/sub/c': 'y\n' },
    });
    await arrive(world, { '0-late': 'late\n', empty: '' });
    expect(await read(await open(world))).toEqual({ values: ['a1', 'b1', 'b2', 'late'], outcome: 'ended' });
  });

  it('reads names of its pattern only', async () => {
    const files = { 'in/a.csv': '1', 'in/a.csv.tmp': '2', 'in/axcsv': '3', 'in/bb.csv': '4', 'in/(a).csv': '5' };
    const values = async (pattern: string) =>
      (await read(await open(createSimulatedWorld({ files }), { once: true, pattern }))).values;
    expect(await values('*.csv')).toEqual(['5', '1', '4']);
    expect(await values('?.csv')).toEqual(['1']);
    expect(await values('(*')).toEqual(['5']);
  });

  it('passes over hidden files and folders, whatever the pattern', async () => {
    const world = createSimulatedWorld({ files: { 'in/.a': '1', 'in/b': '2', 'in/.c/d': '3', 'in/.e.csv': '4' } });
    for (const pattern of ['*', '.*', '*.csv'])
      expect((await read(await open(world, { once: true, pattern }))).values).toEqual(pattern === '*' ? ['2'] : []);
    expect((await read(await open(world, { once: true }))).values).toEqual(['2']);
  });

  it('looks again and again, and does not read a file that was renamed afterwards', async () => {
    const world = createSimulatedWorld({ files: { 'in/a': '1\n' } });
    const source = await open(world, {});
    const partition = source.partitions[0]!;
    await world.run(0);
    expect(await takeSome(partition, 1)).toEqual(['1']);
    await arrive(world, { b: '2\n' });
    await world.files.rename('in/a', 'in/a.done');
    await world.run(500_000);
    const values: unknown[] = [];
    partition.take(values, 10);
    await world.run(2_000_000);
    expect([partition.take(values, 10), values]).toEqual(['idle', ['2']]);
    const closed = source.close();
    await world.complete(closed);
  });

  it('waits until a file is left alone, by option', async () => {
    const world = createSimulatedWorld({ files: { 'in/a': 'one\n' } });
    const source = await open(world, { stableFor: millis(1_000), scanEvery: millis(400) });
    const values: unknown[] = [];
    const look = async (until: number) => {
      await world.run(until);
      source.partitions[0]!.take(values, 10);
      return values.length;
    };
    expect(await look(900_000)).toBe(0);
    await world.files.append('in/a', 'two\n');
    expect(await look(1_900_000)).toBe(0);
    expect(await look(2_500_000)).toBe(2);
    await world.complete(source.close());
  });

  it.each<[string, (world: SimulatedWorld) => Promise<void>, RegExp]>([
    ['grew', (world) => world.files.append('in/a', '2\n'), /'in\/a' grew from 2 to 4 bytes after it was read/],
    ['was cut', (world) => world.files.truncate('in/a', 1), /'in\/a' was cut from 2 to 1 bytes after it was read/],
    ['was replaced', (world) => arrive(world, { a: 'x\n' }), /'in\/a' was replaced after it was read/],
  ])('fails when a file %s after it was read', async (_what, change, message) => {
    const world = createSimulatedWorld({ files: { 'in/a': '1\n' } });
    const source = await open(world, {});
    await world.run(0);
    source.partitions[0]!.take([], 10);
    await change(world);
    await world.run(500_000);
    expect(source.partitions[0]!.failure).toMatchObject({ code: 'RG064', message: expect.stringMatching(message) });
    await source.close();
  });

  it('does not mind a file that is put back from a copy, or removed', async () => {
    const world = createSimulatedWorld({ files: { 'in/a': '1\n', 'in/b': '2\n' } });
    const source = await open(world, {});
    await world.run(0);
    await arrive(world, { a: '1\n' });
    await world.files.remove('in/b');
    await world.run(2_000_000);
    const values: unknown[] = [];
    expect([source.partitions[0]!.take(values, 10), values]).toEqual(['idle', ['1', '2']]);
    await world.complete(source.close());
  });

  it('fails when a file is not whole as it is read', async () => {
    const world = createSimulatedWorld({ files: { 'in/a': '1\n' } });
    let reads = 0;
    const growing = {
      ...world,
      files: decorated(
        world.files,
        {},
        {
          async *read(path, from = 0) {
            yield* world.files.read(path, from);
            if (from === 0 && path === 'in/a' && ++reads === 2) yield new TextEncoder().encode('2\n');
          },
        },
      ),
    };
    const { values, outcome } = await read(await open(growing as unknown as SimulatedWorld));
    expect([values, outcome]).toEqual([
      ['1', '2'],
      expect.objectContaining({
        code: 'RG064',
        message: expect.stringContaining('had 2 bytes when its turn came, and 4'),
      }),
    ]);
  });

  it('is no folder', async () => {
    const world = createSimulatedWorld({ files: { in: 'x' } });
    await expect(open(world)).rejects.toMatchObject({
      code: 'RG040',
      message: "'in' is a file, but a folder is needed",
    });
    await expect(open(createSimulatedWorld())).rejects.toMatchObject({ code: 'RG040' });
  });
});

describe('a folder that another process goes on with', () => {
  const contents = Array.from({ length: 20 }, (_, file) =>
    Array.from({ length: (file * 37) % 200 }, (_, line) => `${file}-${line} ${'x'.repeat(line % 90)}\n`).join(''),
  );

  /** The same files in every world; those from `first` on are not there yet. */
  async function worldWith(count: number): Promise<SimulatedWorld> {
    const world = createSimulatedWorld({ files: { 'in/.keep': '' } });
    for (let file = 0; file < count; file++) await arrive(world, { [`f${(file * 7) % 20}`]: contents[file]! });
    return world;
  }

  it('gives the rest behind any record, also of files that came since', async () => {
    const all = (await read(await open(await worldWith(20)))).values;
    expect(all.length).toBeGreaterThan(1_500);
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(2_000), async (count, stop) => {
        const world = await worldWith(count);
        const first = await open(world);
        const taken = (await takeSome(first.partitions[0]!, stop)).length;
        const resume = [saved(first, taken)];
        await first.close();
        for (let file = count; file < 20; file++) await arrive(world, { [`f${(file * 7) % 20}`]: contents[file]! });
        const rest = await read(await open(world, { once: true }, { from: [taken], resume }));
        expect(rest).toEqual({ values: all.slice(taken), outcome: 'ended' });
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the order of then for what is read again, though an older file has come since', async () => {
    const world = await worldWith(3);
    const first = await open(world);
    const before = (await read(first)).values;
    const later = { taken: before.length, raw: JSON.parse(JSON.stringify(first.partitions[0]!.position?.())) };
    // In the order of time it would be the first.
    const older = createSimulatedWorld({ files: { 'in/old': 'old\n' } });
    const merged = {
      ...world,
      files: decorated(
        world.files,
        {},
        {
          list: async (path: string) => [...(await world.files.list(path)), 'old'].sort(),
          identify: async (path: string) =>
            path.endsWith('/old') ? { size: 4, modified: 0, device: 2, inode: 9 } : world.files.identify(path),
          size: (path: string) => (path.endsWith('/old') ? older : world).files.size(path),
          read: (path: string, from?: number) => (path.endsWith('/old') ? older : world).files.read(path, from),
        },
      ),
    };
    const again = await open(
      merged as unknown as SimulatedWorld,
      { once: true },
      { from: [0], resume: [readAgainFrom(undefined, later)] },
    );
    expect((await read(again)).values).toEqual([...before, 'old']);
  });

  it.each<[string, (world: SimulatedWorld) => Promise<void>]>([
    ['removed', (world) => world.files.remove('in/f0')],
    ['replaced', (world) => arrive(world, { f0: contents[5]! })],
    ['cut', (world) => world.files.truncate('in/f0', 1)],
  ])('fails when a file whose records are not done is %s', async (_what, change) => {
    const world = createSimulatedWorld({ files: { 'in/f0': contents[3]! } });
    const first = await open(world);
    await takeSome(first.partitions[0]!, 5);
    const resume = [saved(first, 5)];
    await first.close();
    await change(world);
    const again = (async () => (await read(await open(world, { once: true }, { from: [5], resume }))).outcome)();
    expect(await again.catch((error: unknown) => error)).toMatchObject({ code: 'RG064' });
  });

  it('remembers so many files, and what is not newer than those it forgot counts as read', async () => {
    const world = await worldWith(10);
    const options = { once: true, rememberedFilesMax: 3 };
    const first = await open(world, options);
    const all = (await read(first)).values;
    const place = saved(first, all.length) as { raw: { known: { files: unknown[]; forgotten: number } } };
    expect([place.raw.known.files.length, place.raw.known.forgotten]).toEqual([3, 7]);
    await arrive(world, { new: 'new\n' });
    const again = await open(world, options, { from: [all.length], resume: [place] });
    expect(await read(again)).toEqual({ values: ['new'], outcome: 'ended' });
    await expect(open(world, options, { from: [0], resume: [place] })).rejects.toMatchObject({ code: 'RG064' });
  });
});

describe('a folder that is shared out', () => {
  const options = { once: true, partitions: 3 } as const;
  const files = Object.fromEntries(
    Array.from({ length: 24 }, (_, file) => [`in/f${file}`, `${file}: a\n${file}: b\n${file}: c\n`]),
  );
  /** They come one after the other. */
  const worldOf = async (those: readonly (readonly [string, string])[]): Promise<SimulatedWorld> => {
    const world = createSimulatedWorld({ files: { 'in/.keep': '' } });
    for (const [path, content] of those) await world.files.writeAtomically(path, content);
    return world;
  };
  const readAll = async (source: RawSource) => {
    const values = await Promise.all(source.partitions.map(async (one) => (await drain(one)).values));
    await source.close();
    return values;
  };
  const places = (source: RawSource, taken: readonly number[]) =>
    source.partitions.map((one, index) => JSON.parse(JSON.stringify({ taken: taken[index], raw: one.position?.() })));

  it('gives each file to one partition, in order of time and then of names, the same ones each time', async () => {
    const world = createSimulatedWorld({ files });
    const shared = await readAll(await open(world, options));
    const alone = (await read(await open(world))).values;
    expect(shared.flat().toSorted()).toEqual(alone.toSorted());
    for (const values of shared) {
      expect(values.length).toBeGreaterThanOrEqual(6);
      expect(values).toEqual(alone.filter((value) => values.includes(value)));
    }
    expect(await readAll(await open(world, options))).toEqual(shared);
  });

  it('goes on in each partition behind any record, with files that came since', async () => {
    const whole = await readAll(await open(await worldOf(Object.entries(files)), options));
    await fc.assert(
      fc.asyncProperty(fc.nat(24), fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)), async (count, stops) => {
        const world = await worldOf(Object.entries(files).slice(0, count));
        const first = await open(world, options);
        const taken: number[] = [];
        const before: unknown[][] = [];
        for (const [index, stop] of stops.entries()) {
          before.push(await takeSome(first.partitions[index]!, stop));
          taken.push(before[index]!.length);
        }
        const resume = places(first, taken);
        await first.close();
        for (const [path, content] of Object.entries(files).slice(count))
          await world.files.writeAtomically(path, content);
        const rest = await readAll(await open(world, options, { from: taken, resume }));
        for (const [index, values] of rest.entries()) expect([...before[index]!, ...values]).toEqual(whole[index]);
      }),
      { numRuns: 40 },
    );
  });

  it('knows a file that was read by the name that it had, though the new name is of another partition', async () => {
    const world = createSimulatedWorld({ files });
    const first = await open(world, options);
    const read = await Promise.all(first.partitions.map(async (one) => (await drain(one)).values.length));
    const resume = places(first, read);
    await first.close();
    for (let file = 0; file < 24; file++) await world.files.rename(`in/f${file}`, `in/done-${file}`);
    await arrive(world, { new: 'new\n' });
    const again = await readAll(await open(world, options, { from: read, resume }));
    expect(again.flat()).toEqual(['new']);
    // Half of the first partition is to be read again: its files are found under their new names, wherever these belong.
    const half = Math.floor(read[0]! / 2);
    const back = await open(world, options, {
      from: [half, ...read.slice(1)],
      resume: resume.map((later) => readAgainFrom(undefined, later)),
    });
    expect((await readAll(back)).flat().toSorted()).toHaveLength(read[0]! - half + 1);
  });

  it.each([1, 2, 4])('is not shared out anew by a restart with %i partitions', async (partitions) => {
    const world = createSimulatedWorld({ files });
    const first = await open(world, options);
    const taken = await Promise.all(first.partitions.map(async (one) => (await drain(one)).values.length));
    const resume = places(first, taken);
    await first.close();
    const start = { from: Array.from({ length: partitions }, (_, index) => taken[index] ?? 0), resume };
    await expect(open(world, { once: true, partitions }, start)).rejects.toMatchObject({
      code: 'RG053',
      message: `source 'in' has shared the folder 'in' out to 3 partitions, and now there are ${partitions}`,
      hint: expect.stringContaining('partitions: 3'),
    });
  });

  it('is a spec with so many partitions, and never with none', () => {
    expect(folder('in', { partitions: 3 }).capabilities).toMatchObject({ partitions: 3, replayable: true });
    expect(parseSourceUri('folder:in?partitions=3')).toEqual(folder('in', { partitions: 3 }));
    expect(() => folder('in', { partitions: 0 })).toThrow(expect.objectContaining({ code: 'RG011' }));
  });
});

it('real files are told apart by their place on the disk', async () => {
  const path = await mkdtemp(join(tmpdir(), 'raingauge-folder-'));
  const world = createRealWorld();
  const reopen = (start: Start = {}) =>
    openSource({ name: 'in', ...folder(path, { once: true, pattern: '*.txt' }) }, () => undefined, { world, ...start });
  try {
    for (const [index, name] of ['b', 'a', 'c'].entries()) {
      await writeFile(join(path, `${name}.part`), `${name}\n`.repeat(index + 1));
      await utimes(join(path, `${name}.part`), 1_000 + index, 1_000 + index);
      await rename(join(path, `${name}.part`), join(path, `${name}.txt`));
    }
    const first = await reopen();
    expect((await read(first)).values).toEqual(['b', 'a', 'a', 'c', 'c', 'c']);
    const resume = [saved(first, 6)];
    await rename(join(path, 'b.txt'), join(path, 'done-b.txt'));
    await writeFile(join(path, 'd.txt'), 'd\n');
    expect((await read(await reopen({ from: [6], resume }))).values).toEqual(['d']);
  } finally {
    await rm(path, { recursive: true });
  }
});
