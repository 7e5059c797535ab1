/** Tests of the log: every crash of its protocols, every kind of damage, groups, segments and failures. */

import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { prng } from '../../src/core/prng.js';
import { encodeSegmentHeader } from '../../src/runtime/log-format.js';
import { openSegmentedLog, type SegmentedLog, type SegmentedLogOptions } from '../../src/runtime/segmented-log.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import type { Files, OpenFile } from '../../src/runtime/world.js';
import { isLong, isWide } from '../breadth.js';
import { atOnce, crashesDuring, killsDuring } from './crashes.js';
import { decorated } from './decorated-files.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array): string => new TextDecoder().decode(content);
const newFiles = (): SimulatedFiles => new SimulatedFiles(atOnce);

function open(files: Files, more: Partial<SegmentedLogOptions> = {}): ReturnType<typeof openSegmentedLog> {
  return openSegmentedLog({ files, folder: 'log', job: 'words', ...more });
}

async function textsIn(files: Files, more: Partial<SegmentedLogOptions> = {}): Promise<readonly string[]> {
  const { log, entries } = await open(files, more);
  await log.close();
  return entries.map((entry) => textOf(entry.bytes));
}

/** Appends groups of records, one after another, and keeps what was asked for and what was acknowledged. */
class Writer {
  readonly asked: string[] = [];
  readonly acked: string[] = [];
  pruned = 0;

  async group(log: SegmentedLog, texts: readonly string[]): Promise<void> {
    this.asked.push(...texts);
    await Promise.all(
      texts.map(async (text) => {
        await log.append(bytes(text));
        this.acked.push(text);
      }),
    );
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (cause) {
    return cause instanceof StreamError ? `${cause.code} ${cause.message}` : `not a StreamError: ${String(cause)}`;
  }
}

/** A log of nine records in three segments. */
async function nineRecords(): Promise<{ readonly files: SimulatedFiles; readonly names: readonly string[] }> {
  const files = newFiles();
  const { log } = await open(files, { segmentBytes: 130 });
  for (let i = 1; i <= 9; i++) await log.append(bytes(`record-${i}`));
  await log.close();
  return { files, names: await files.list('log') };
}

async function changed(
  files: SimulatedFiles,
  path: string,
  change: (content: Uint8Array) => Uint8Array,
): Promise<void> {
  await files.writeAtomically(path, change(await files.readWhole(path, 1e9)));
}

function flipped(at: number): (content: Uint8Array) => Uint8Array {
  return (content) => content.with(at < 0 ? content.length + at : at, content.at(at)! ^ 0x10);
}

describe('a log after a loss of power', () => {
  it('holds a prefix of what was asked for, and all that was acknowledged, in every crash state', async () => {
    const files = newFiles();
    const writer = new Writer();
    const crashes = await crashesDuring(
      files,
      async () => {
        const { log } = await open(files, { segmentBytes: 150 });
        await writer.group(log, ['a', 'bb']);
        await writer.group(log, ['ccc']);
        await writer.group(log, ['d'.repeat(20_000), 'eeeee', 'f']);
        await writer.group(log, ['gg']);
        await writer.group(log, ['h', 'i', 'j']);
        await log.close();
      },
      () => ({ asked: writer.asked.length, acked: writer.acked.length }),
    );
    expect(crashes.length).toBeGreaterThan(60);
    for (const crash of crashes) {
      const found = await textsIn(crash.files);
      expect(found, crash.step).toEqual(writer.asked.slice(0, found.length));
      expect(found.length, crash.step).toBeGreaterThanOrEqual(crash.promised.acked);
      expect(found.length, crash.step).toBeLessThanOrEqual(crash.promised.asked);
      const { log } = await open(crash.files);
      await log.append(bytes('after'));
      await log.close();
      expect(await textsIn(crash.files), crash.step).toEqual([...found, 'after']);
    }
  });

  it('holds what is needed in every crash state of pruning', async () => {
    const files = newFiles();
    const { log } = await open(files, { segmentBytes: 60 });
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await log.append(bytes(text));
    const crashes = await crashesDuring(
      files,
      () => log.prune(5),
      () => undefined,
    );
    expect(crashes.length).toBe(4);
    for (const crash of crashes) {
      expect(await textsIn(crash.files, { neededFrom: 5, knownTo: 6 }), crash.step).toEqual(['e', 'f']);
      const { log: next } = await open(crash.files, { neededFrom: 5, knownTo: 6 });
      await next.append(bytes('g'));
      await next.prune(6);
      await next.close();
      expect(await textsIn(crash.files, { neededFrom: 6, knownTo: 7 }), crash.step).toEqual(['f', 'g']);
    }
  });

  it('loses nothing that a restart found, when the power goes after a kill', async () => {
    const kills = await killsDuring((files) => {
      const writer = new Writer();
      const run = async (): Promise<void> => {
        const { log } = await open(files, { segmentBytes: 100 });
        await writer.group(log, ['a']);
        await writer.group(log, ['b', 'c']);
        await writer.group(log, ['d']);
      };
      return { done: run(), promised: () => writer.acked.length };
    });
    expect(kills.length).toBeGreaterThan(10);
    for (const kill of kills) {
      let found: readonly string[] = [];
      const crashes = await crashesDuring(
        kill.files,
        async () => {
          const { log, entries } = await open(kill.files);
          found = entries.map((entry) => textOf(entry.bytes));
          await log.append(bytes('z'));
          found = [...found, 'z'];
        },
        () => found,
      );
      for (const crash of crashes) {
        const again = await textsIn(crash.files);
        expect(again.slice(0, crash.promised.length), `${kill.step}, then ${crash.step}`).toEqual(crash.promised);
        expect(again.length).toBeGreaterThanOrEqual(kill.promised);
        expect(['a', 'b', 'c', 'd'].slice(0, again.filter((text) => text !== 'z').length)).toEqual(
          again.filter((text) => text !== 'z'),
        );
      }
    }
  });

  it(`keeps its promise through ${isLong ? 5_000 : isWide ? 150 : 75} random lives`, async () => {
    for (let seed = 1; seed <= (isLong ? 5_000 : isWide ? 150 : 75); seed++) {
      const random = prng(seed);
      const files = newFiles();
      let promised: readonly string[] = [];
      for (let life = 0; life < 4; life++) {
        const { log, entries } = await open(files, { segmentBytes: 100 + random.below(400) });
        const found = entries.map((entry) => textOf(entry.bytes));
        expect(found.slice(0, promised.length), `seed ${seed}`).toEqual(promised);
        const writer = new Writer();
        const groups = random.below(5);
        for (let i = 0; i < groups; i++) {
          const texts = Array.from({ length: 1 + random.below(4) }, (_, j) =>
            `${life}-${i}-${j}`.padEnd(random.below(90)),
          );
          await writer.group(log, texts);
        }
        const stopAt = random.below(4);
        let step = 0;
        files.onStep = () => {
          if (++step > stopAt) throw new Error('the power is gone');
        };
        await writer.group(log, ['last', 'of', 'all']).catch(() => undefined);
        files.onStep = undefined;
        promised = [...found, ...writer.acked];
        files.crash(random);
      }
    }
  });
});

describe('a damaged log', () => {
  it('is refused with segment and byte when a bit is flipped, or is a promised prefix when only its last record is', async () => {
    const { files, names } = await nineRecords();
    expect(names.length).toBe(3);
    let refused = 0;
    for (const name of names) {
      const path = `log/${name}`;
      const content = await files.readWhole(path, 1e6);
      for (let at = 0; at < content.length; at++) {
        await files.writeAtomically(path, flipped(at)(content));
        const code = await codeOf(open(files));
        if (code === 'none') {
          expect(name, `byte ${at}`).toBe(names.at(-1));
          expect(at).toBeGreaterThan(content.length - 28 - 8 - 1);
        } else {
          expect(code, `byte ${at}`).toMatch(/^RG05[345] .*log\/seg-/);
          if (code.startsWith('RG054')) expect(code).toMatch(/at byte \d+/);
          refused += 1;
        }
        // What was cut or begun by the opening is taken back.
        for (const other of await files.list('log')) if (!names.includes(other)) await files.remove(`log/${other}`);
        await files.writeAtomically(path, content);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });

  it.each([
    ['a segment in the middle is missing', 1, undefined, 'log/seg-00000002.log'],
    ['the first segment is missing', 0, undefined, 'log/seg-00000001.log'],
    ['the middle segment is cut at a record', 1, (content: Uint8Array) => content.slice(0, 29 + 36), 'begins with 7'],
    ['the middle segment is cut in a record', 1, (content: Uint8Array) => content.slice(0, -3), 'at byte'],
    ['the middle segment is empty', 1, () => new Uint8Array(), 'at byte 0'],
  ])('is refused when %s', async (_name, index, change, expected) => {
    const { files, names } = await nineRecords();
    const path = `log/${names[index]}`;
    if (change === undefined) await files.remove(path);
    else await changed(files, path, change);
    const before = files.paths.map((name) => files.text(name));
    const code = await codeOf(open(files));
    expect(code).toMatch(/^RG054 /);
    expect(code).toContain(expected);
    expect(files.paths.map((name) => files.text(name))).toEqual(before);
  });

  it('is refused when its newest segment is gone and a checkpoint knew of it', async () => {
    const { files, names } = await nineRecords();
    await files.remove(`log/${names.at(-1)}`);
    expect(await codeOf(open(files, { neededFrom: 2, knownTo: 9 }))).toMatch(/^RG054 .*ends with record 6.*record 9/);
    for (const name of names) await files.remove(`log/${name}`);
    expect(await codeOf(open(files, { neededFrom: 2, knownTo: 9 }))).toMatch(/^RG054 .*seg-00000001.log.* is missing/);
  });

  it('is refused when the torn end was known to be durable', async () => {
    const { files, names } = await nineRecords();
    await changed(files, `log/${names.at(-1)}`, (content) => content.slice(0, -1));
    expect(await codeOf(open(files, { knownTo: 9 }))).toMatch(/^RG054 /);
    const { entries, torn } = await open(files, { knownTo: 8 });
    expect([entries.length, torn]).toEqual([8, 35]);
  });

  it('does not trust a length beyond the end', async () => {
    const { files, names } = await nineRecords();
    await changed(files, `log/${names[0]}`, (content) => {
      const copy = content.slice();
      copy.fill(0xff, 29 + 20, 29 + 24);
      return copy;
    });
    expect(await codeOf(open(files))).toMatch(/^RG054 .*a record of 4294967295 bytes goes beyond the end, at byte 29/);
  });

  it('is of a newer raingauge when its version is higher', async () => {
    const files = newFiles();
    const header = Buffer.from(encodeSegmentHeader({ job: 'words', segment: 1, first: 1 }));
    header.writeUInt16LE(2, 4);
    const { crc32 } = await import('node:zlib');
    header.writeUInt32LE(crc32(header.subarray(0, -4)), header.length - 4);
    await files.writeAtomically('log/seg-00000001.log', header);
    expect(await codeOf(open(files))).toMatch(/^RG055 .*version 2.*up to 1/);
  });

  it('is of another job when its beginning says so', async () => {
    const { files } = await nineRecords();
    expect(await codeOf(open(files, { job: 'orders' }))).toMatch(/^RG053 .*'words'.*'orders'/);
  });
});

describe('a log', () => {
  it('shares one sync between appends of one turn, and those that come while another sync runs', async () => {
    const inner = newFiles();
    let syncs = 0;
    const files = decorated(inner, {
      sync: (file) => {
        syncs += 1;
        return file.sync();
      },
    });
    const { log } = await open(files);
    await log.append(bytes('first'));
    syncs = 0;
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.append(bytes(String(i)))));
    expect(syncs).toBe(1);
    const running = log.append(bytes('x'));
    await Promise.resolve();
    await Promise.resolve();
    const later = Promise.all(Array.from({ length: 50 }, (_, i) => log.append(bytes(String(i)))));
    await Promise.all([running, later]);
    expect(syncs).toBe(3);
  });

  it.each(['write', 'sync'] as const)('stops for good when a %s fails', async (kind) => {
    const inner = newFiles();
    let calls = 0;
    let isBroken = false;
    const fail = async (): Promise<void> => {
      calls += 1;
      throw new StreamError('RG057', 'the disk reports an error (EIO)', 'check the disk');
    };
    const files = decorated(inner, {
      [kind]: (file: OpenFile, data: Uint8Array) =>
        isBroken ? fail() : kind === 'write' ? file.write(data) : file.sync(),
    });
    const { log } = await open(files);
    await log.append(bytes('a'));
    isBroken = true;
    const both = [log.append(bytes('b')), log.append(bytes('c'))];
    for (const append of both) await expect(append).rejects.toMatchObject({ code: 'RG057' });
    isBroken = false;
    await expect(log.append(bytes('d'))).rejects.toMatchObject({ code: 'RG057' });
    expect(calls).toBe(1);
    await log.close();
    inner.kill();
    expect((await textsIn(inner)).slice(0, 1)).toEqual(['a']);
  });

  it('writes large records without copying them', async () => {
    const inner = newFiles();
    const written: Uint8Array[] = [];
    const files = decorated(inner, {
      write: (file, data) => {
        written.push(data);
        return file.write(data);
      },
    });
    const { log } = await open(files);
    const large = new Uint8Array(5_000_000).fill(7);
    await log.append(large);
    expect(written.includes(large)).toBe(true);
    const { entries } = await open(inner);
    expect(Buffer.compare(entries[0]!.bytes, large)).toBe(0);
  });

  it('keeps no more segments than are needed, and always the newest', async () => {
    const { files } = await nineRecords();
    const { log } = await open(files, { segmentBytes: 130 });
    await log.prune(7);
    expect(await files.list('log')).toEqual(['seg-00000003.log']);
    await log.prune(100);
    expect(await files.list('log')).toEqual(['seg-00000003.log']);
    await log.append(bytes('ten'));
    await log.prune(100);
    expect(await files.list('log')).toEqual(['seg-00000004.log']);
    await log.close();
    const { entries } = await open(files, { neededFrom: 10 });
    expect(entries.map(({ sequence }) => sequence)).toEqual([10]);
  });

  it('begins with nothing, and takes empty records', async () => {
    const files = newFiles();
    const first = await open(files);
    expect([first.entries, first.log.next, await files.list('log')]).toEqual([[], 1, []]);
    await first.log.append(new Uint8Array());
    await first.log.close();
    expect(await textsIn(files)).toEqual(['']);
  });
});
