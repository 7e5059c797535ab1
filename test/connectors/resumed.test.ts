/** Sources that another process goes on with: behind every record the same rest, and a file only when it is the same one. */

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/connectors/open-source.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { generator, memory, stdin, type TextFileOptions, textFile } from '../../src/topology/source-specs.js';
import type { SourceSpec } from '../../src/topology/specs.js';
import { drain, takeSome } from '../conformance/drain.js';

interface Start {
  readonly from?: readonly number[];
  readonly resume?: readonly unknown[];
}

function open<T>(world: SimulatedWorld, spec: SourceSpec<T>, start: Start = {}): Promise<RawSource> {
  return openSource({ name: 'in', ...spec }, (role) => spec.functions?.[role], { world, ...start });
}

/** What a checkpoint keeps of a connector: within what `stamped` gives. */
const saved = (source: RawSource): unknown[] =>
  source.partitions.map((partition) => JSON.parse(JSON.stringify({ taken: 0, raw: partition.position?.() })));

async function restOf(source: RawSource, partition = 0): Promise<readonly unknown[]> {
  const { values, outcome } = await drain(source.partitions[partition]!);
  if (outcome !== 'ended') throw outcome;
  return values;
}

const words = Array.from({ length: 3_000 }, (_, i) => (i % 7 === 0 ? '' : `wörd ${i} ${'x'.repeat(i % 40)}`));

describe.each([
  ['memory', memory(words)],
  ['a generator', generator((index, random) => [index, random.int32()], { count: 3_000 })],
  ['a text file', textFile('in.txt')],
])('%s', (_name, spec: SourceSpec<unknown>) => {
  const files = { 'in.txt': words.map((word) => `${word}\r\n`).join('') };

  it('goes on behind any record, with or without a position', async () => {
    const whole = await restOf(await open(createSimulatedWorld({ files }), spec));
    expect(whole).toHaveLength(3_000);
    for (const stop of [0, 1, 2, 57, 1_500, 2_998, 2_999, 3_000]) {
      const world = createSimulatedWorld({ files });
      const first = await open(world, spec);
      await takeSome(first.partitions[0]!, stop);
      const resume = saved(first);
      for (const start of [{ from: [stop] }, { from: [stop], resume }]) {
        expect(await restOf(await open(world, spec, start))).toEqual(whole.slice(stop));
      }
    }
  });

  it('fails when there are less records than were read before', async () => {
    const opened = async () => restOf(await open(createSimulatedWorld({ files }), spec, { from: [3_001] }));
    await expect(opened()).rejects.toMatchObject({
      code: 'RG064',
      message: "source 'in' has only 3000 records in partition 0, but 3001 were read before the restart",
    });
  });
});

it('partitions go on each behind its own record', async () => {
  const world = createSimulatedWorld();
  const dice = generator((index) => index, { count: 10, partitions: 3 });
  const source = await open(world, dice, { from: [2, 0, 3] });
  expect([await restOf(source, 0), await restOf(source, 1), await restOf(source, 2)]).toEqual([[6, 9], [1, 4, 7], []]);
});

it('standard input goes on with what comes', async () => {
  const source = await openSource({ name: 'in', ...stdin() }, () => undefined, {
    world: createSimulatedWorld(),
    stdin: Readable.from([Buffer.from('a\nb\n')]),
    from: [5],
  });
  expect(await restOf(source)).toEqual(['a', 'b']);
});

describe('a text file', () => {
  const original = `${words.join('\n')}\n`;
  const contents = fc.array(fc.constantFrom('a\n', '\n', '\r\n', 'é', '\uFEFF', `${'long '.repeat(900)}\n`), {
    maxLength: 40,
  });

  it('goes on at the right byte, over several files, marks and lines without an end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(contents, { minLength: 1, maxLength: 3 }), fc.nat(1_000), async (texts, draw) => {
        const files = Object.fromEntries(texts.map((text, i) => [`${i}.txt`, text.join('')]));
        const spec = textFile(Object.keys(files));
        const whole = await restOf(await open(createSimulatedWorld({ files }), spec));
        const stop = draw % (whole.length + 1);
        const world = createSimulatedWorld({ files });
        const first = await open(world, spec);
        await takeSome(first.partitions[0]!, stop);
        const second = await open(world, spec, { from: [stop], resume: saved(first) });
        const further = draw % (whole.length - stop + 1);
        expect(await takeSome(second.partitions[0]!, further)).toEqual(whole.slice(stop, stop + further));
        const third = await open(world, spec, { from: [stop + further], resume: saved(second) });
        expect(await restOf(third)).toEqual(whole.slice(stop + further));
      }),
    );
  });

  it('does not read again what lies before its position', async () => {
    const content = words.map((word) => `${word}\n`).join('');
    const world = createSimulatedWorld({ files: { 'old.txt': 'one\ntwo\n', 'in.txt': content } });
    const spec = textFile(['old.txt', 'in.txt']);
    const first = await open(world, spec);
    await takeSome(first.partitions[0]!, 2_900);
    const resume = saved(first);
    await world.files.remove('old.txt');
    const froms: (number | undefined)[] = [];
    const files = Object.assign(Object.create(world.files), {
      read: (path: string, from?: number) => {
        froms.push(from);
        return world.files.read(path, from);
      },
      size: (path: string) => world.files.size(path),
    });
    const second = await open({ ...world, files }, spec, { from: [2_900], resume });
    expect(await restOf(second)).toEqual(words.slice(2_898));
    expect(froms.at(-1)).toBeGreaterThan(content.length / 2);
  });

  it('counts its lines on for errors', async () => {
    const bad = Buffer.concat([Buffer.from('line\n'.repeat(4_000)), Buffer.from([0xff, 10])]);
    const world = createSimulatedWorld({ files: { 'in.txt': bad } });
    const spec = textFile('in.txt', { invalidUtf8: 'fail' });
    const first = await open(world, spec);
    await takeSome(first.partitions[0]!, 1_900);
    const second = await open(world, spec, { from: [1_900], resume: saved(first) });
    await takeSome(second.partitions[0]!, 1_600);
    const third = await open(world, spec, { from: [3_500], resume: saved(second) });
    await expect(restOf(third)).rejects.toMatchObject({ message: "line 4001 of the file 'in.txt' is not valid UTF-8" });
  });

  it('goes by the record where the position is ahead of it', async () => {
    const world = createSimulatedWorld({ files: { 'in.txt': original } });
    const first = await open(world, textFile('in.txt'));
    await takeSome(first.partitions[0]!, 2_000);
    const resume = saved(first);
    for (const from of [0, 1, 1_900]) {
      expect(await restOf(await open(world, textFile('in.txt'), { from: [from], resume }))).toEqual(words.slice(from));
    }
  });

  it.each([{ follow: true }, { follow: false }])('may have grown ($follow)', async (options: TextFileOptions) => {
    const world = createSimulatedWorld({ files: { 'in.txt': 'one\ntwo\nthr' } });
    const spec = textFile('in.txt', options);
    const first = await open(world, spec);
    expect(await takeSome(first.partitions[0]!, 2)).toEqual(['one', 'two']);
    const resume = saved(first);
    await world.files.append('in.txt', 'ee\nfour\n');
    const second = await open(world, spec, { from: [2], resume });
    expect(await takeSome(second.partitions[0]!, 2)).toEqual(['three', 'four']);
    await second.close();
  });

  it.each([
    ['was cut', original.slice(0, 5_000), /was cut to \d+ bytes, but \d+ bytes of it were read/],
    ['was cut at its end', original.slice(0, -10), /was cut to \d+ bytes/],
    ['was emptied', '', 'was cut to 0 bytes'],
    ['has another beginning', `X${original}`, 'was replaced: its first 4096 bytes'],
    [
      'was rewritten before the position',
      original.replace('wörd 1501 ', 'wörd 1502 '),
      'was changed: the bytes before',
    ],
  ])('that %s fails the job', async (_what, content, message) => {
    const world = createSimulatedWorld({ files: { 'in.txt': original } });
    const first = await open(world, textFile('in.txt'));
    await takeSome(first.partitions[0]!, 1_550);
    await world.run();
    const resume = saved(first);
    await world.files.writeAtomically('in.txt', content);
    const opened = open(world, textFile('in.txt'), { from: [1_550], resume });
    await expect(opened).rejects.toMatchObject({ code: 'RG064', message: expect.stringMatching(message) });
  });

  it('that is gone fails the job', async () => {
    const world = createSimulatedWorld({ files: { 'in.txt': original } });
    const first = await open(world, textFile('in.txt'));
    await takeSome(first.partitions[0]!, 10);
    await world.files.remove('in.txt');
    const opened = open(world, textFile('in.txt'), { from: [10], resume: saved(first) });
    await expect(opened).rejects.toMatchObject({ code: 'RG040' });
  });
});
