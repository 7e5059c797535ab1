/** Tests of a checkpoint folder: what comes back, what is refused and with which words, what is kept and what goes. */
import { describe, expect, it, vi } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import type { SnapshotRow } from '../../src/core/keyed-store.js';
import { writeCheckpoint } from '../../src/runtime/checkpoint-files.js';
import type { CheckpointFolderOptions } from '../../src/runtime/checkpoint-folder.js';
import type { Manifest } from '../../src/runtime/checkpoint-manifest.js';
import { exactJson, parseExactJson, seal, unseal } from '../../src/runtime/exact-json.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import {
  allocated,
  expectedState,
  metaOf,
  openFolder,
  operators,
  prepared,
  save,
  snapshotOf,
  stateOf,
} from './checkpoint-kit.js';
import { atOnce } from './crashes.js';
import { decorated, diskError } from './decorated-files.js';

const newFiles = (): SimulatedFiles => new SimulatedFiles(atOnce);

/** A folder with checkpoints of the epochs 1 to `epochs`, and the log of one batch more. */
async function folderOf(epochs: number, more: Partial<CheckpointFolderOptions> = {}): Promise<SimulatedFiles> {
  const files = newFiles();
  const folder = await openFolder(files, more);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await folder.log(allocated(epoch));
    await folder.save(snapshotOf(epoch));
  }
  await folder.log(allocated(epochs + 1));
  await folder.close();
  return files;
}

async function errorOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    expect(error.hint.length).toBeGreaterThan(10);
    return `${error.code} ${error.message} | ${error.hint}`;
  }
}

async function flip(files: SimulatedFiles, path: string, at = 40): Promise<void> {
  const content = await files.readWhole(path, 1e9);
  await files.writeAtomically(path, content.with(at, content[at]! ^ 1));
}

function everything(files: SimulatedFiles): Readonly<Record<string, string>> {
  return Object.fromEntries(files.paths.map((path) => [path, files.text(path)]));
}

describe('a checkpoint folder', () => {
  it('is new with nothing in it', async () => {
    const folder = await openFolder(newFiles());
    expect([folder.recovered, folder.latest(), folder.warnings, folder.interval.batches]).toEqual([
      { snapshot: undefined, log: [] },
      undefined,
      [],
      10,
    ]);
  });

  it('gives back the last snapshot and the log after it', async () => {
    const files = await folderOf(2);
    const folder = await openFolder(files);
    expect(stateOf(folder.recovered.snapshot)).toEqual(expectedState(2));
    expect(folder.recovered.log).toEqual([allocated(3)]);
    expect(folder.recovered.snapshot?.rows('other', 0)).toBeUndefined();
    expect([...(folder.recovered.snapshot?.rows('counts', 7) ?? ['none'])]).toEqual([]);
  });

  it('gives the log before the first snapshot', async () => {
    const files = await folderOf(0);
    expect((await openFolder(files)).recovered).toEqual({ snapshot: undefined, log: [allocated(1)] });
  });

  it('gives a restart in the process what a restart of the process would find', async () => {
    const folder = await openFolder(newFiles());
    await folder.log(allocated(1));
    await folder.save(snapshotOf(1));
    await folder.log(allocated(2));
    expect(stateOf(folder.latest())).toEqual(expectedState(1));
    expect(stateOf(folder.latest())).toEqual(expectedState(1));
    expect(folder.recovered.log).toEqual([allocated(2)]);
  });

  it('keeps the log of batches that were logged while the snapshot was written', async () => {
    const files = newFiles();
    const folder = await openFolder(files);
    await folder.log(allocated(1));
    const saving = folder.save(snapshotOf(1));
    await Promise.all([saving, folder.log(allocated(2)), folder.log(prepared(2))]);
    await folder.close();
    expect((await openFolder(files)).recovered.log).toEqual([allocated(2), prepared(2)]);
  });

  it('keeps three checkpoints, and the log since the oldest of them', async () => {
    const files = await folderOf(6, { segmentBytes: 100 });
    expect(await files.list('state/checkpoints')).toEqual(['chk-4', 'chk-5', 'chk-6']);
    expect(await files.list('state/log')).toEqual(['seg-00000005.log', 'seg-00000006.log', 'seg-00000007.log']);
    expect(await files.list('state')).toEqual(['checkpoints', 'job.json', 'log']);
  });

  it('splits large state over files and chunks, and pulls it in pieces between other work', async () => {
    const files = newFiles();
    const rows = Array.from(
      { length: 25_000 },
      (_, i): SnapshotRow => ({ kind: 'cell', space: 1, key: i, value: i, count: 0 }),
    );
    let turns = 0;
    const scheduler = {
      ...atOnce,
      soon: (run: () => void) => {
        turns += 1;
        setImmediate(run);
      },
    };
    const folder = await openFolder(files, { stateFileBytes: 50_000, scheduler });
    const close = vi.fn();
    const pieces = [rows, []];
    const store = { ...operators[0]!, task: 0, since: undefined, next: () => pieces.shift()!, close };
    await folder.save({ meta: metaOf(1), stores: [store] });
    await folder.close();
    expect([close.mock.calls.length, turns]).toEqual([1, 3]);
    expect((await files.list('state/checkpoints/chk-1')).length).toBe(4);
    expect([...((await openFolder(files)).recovered.snapshot?.rows('counts', 0) ?? [])]).toEqual(rows);
  });
});

describe('a damaged checkpoint', () => {
  it.each(['manifest.json', 'state-1.bin'])(
    'of which %s is changed stands back for the one before, and is kept',
    async (name) => {
      const files = await folderOf(3);
      await flip(files, `state/checkpoints/chk-3/${name}`);
      const folder = await openFolder(files);
      expect(stateOf(folder.recovered.snapshot)).toEqual(expectedState(2));
      expect(folder.recovered.log).toEqual([allocated(3), allocated(4)]);
      expect(folder.warnings).toEqual([expect.stringMatching(/chk-3.*is damaged.*checksum.*chk-3\.damaged.*older/)]);
      await folder.save(snapshotOf(3));
      await folder.close();
      expect(await files.list('state/checkpoints')).toEqual(['chk-1', 'chk-2', 'chk-3', 'chk-3.damaged']);
      expect(stateOf((await openFolder(files)).recovered.snapshot)).toEqual(expectedState(3));
    },
  );

  it('of which a part is missing stands back too', async () => {
    const files = await folderOf(2);
    await files.remove('state/checkpoints/chk-2/state-1.bin');
    expect(stateOf((await openFolder(files)).recovered.snapshot)).toEqual(expectedState(1));
  });

  it('is one that stands under another epoch’s name', async () => {
    const files = await folderOf(2);
    await files.rename('state/checkpoints/chk-1', 'state/checkpoints/chk-9');
    const folder = await openFolder(files);
    expect(folder.recovered.snapshot?.meta.epoch).toBe(2);
    expect(folder.warnings).toEqual([expect.stringContaining('it is of epoch 1, and stands where 9 belongs')]);
  });

  it('is refused when none is whole, and nothing is changed', async () => {
    const files = await folderOf(3);
    for (const epoch of [1, 2, 3]) await flip(files, `state/checkpoints/chk-${epoch}/state-1.bin`);
    const before = everything(files);
    expect(await errorOf(openFolder(files))).toMatch(
      /^RG054 each of the 3 checkpoints .*state-1.bin.*\| .*--from-scratch/,
    );
    expect(everything(files)).toEqual(before);
    const folder = await openFolder(files, { fromScratch: true });
    expect(folder.recovered).toEqual({ snapshot: undefined, log: [] });
    expect(files.text('state/replaced/checkpoints/chk-3/manifest.json')).toBe(
      before['state/checkpoints/chk-3/manifest.json'],
    );
  });

  it('does not stand back where results up to it were seen, and is whole again when it is put back', async () => {
    const files = await folderOf(3);
    await flip(files, 'state/checkpoints/chk-3/state-1.bin');
    const before = everything(files);
    expect(await errorOf(openFolder(files, { fallsBack: false }))).toMatch(
      /^RG054 .*checksum is wrong; the results up to epoch 3 may have been seen, and would be seen twice from epoch 2 on: exactly-once/,
    );
    expect(everything(files)).toEqual(before);
    await flip(files, 'state/checkpoints/chk-3/state-1.bin');
    // An older one that is damaged is of no account.
    await flip(files, 'state/checkpoints/chk-2/manifest.json');
    expect(stateOf((await openFolder(files, { fallsBack: false })).recovered.snapshot)).toEqual(expectedState(3));
  });

  it('is refused when all are gone, or the job’s file is', async () => {
    const files = await folderOf(1);
    await files.remove('state/checkpoints');
    expect(await errorOf(openFolder(files))).toMatch(/^RG054 .*the checkpoints are missing/);
    const other = await folderOf(1);
    await other.remove('state/job.json');
    expect(await errorOf(openFolder(other))).toMatch(/^RG054 .*job.json.*it is missing/);
  });

  it('is refused when the log does not reach back to it', async () => {
    const files = await folderOf(2, { segmentBytes: 100 });
    await flip(files, 'state/checkpoints/chk-2/state-1.bin');
    await files.remove('state/log/seg-00000002.log');
    expect(await errorOf(openFolder(files))).toMatch(/^RG054 .*seg-00000002.log' is damaged: the segment is missing/);
  });

  it('tells how much of the log a crash had left unfinished', async () => {
    const files = await folderOf(1);
    await files.append('state/log/seg-00000001.log', 'half a rec');
    const folder = await openFolder(files);
    expect(folder.warnings).toEqual([expect.stringMatching(/seg-00000001.log' had 10 bytes from byte \d+ on/)]);
    expect(folder.recovered.log).toEqual([allocated(2)]);
  });
});

describe('increments', () => {
  /** Checkpoints of the epochs 1 to `epochs`, whole every third time. */
  async function chains(epochs: number, more: Partial<CheckpointFolderOptions> = {}): Promise<SimulatedFiles> {
    const files = newFiles();
    const folder = await openFolder(files, { increments: 2, ...more });
    for (let epoch = 1; epoch <= epochs; epoch++) {
      await folder.log(allocated(epoch));
      await save(folder, epoch);
    }
    await folder.close();
    return files;
  }

  const addsTo = (files: SimulatedFiles, epoch: number): unknown =>
    (
      parseExactJson(
        unseal('manifest', files.text(`state/checkpoints/chk-${epoch}/manifest.json`))!.content,
      ) as Manifest
    ).addsTo?.epoch;

  it('hold only what changed, and come back as the whole state', async () => {
    const files = await chains(8);
    expect(await files.list('state/checkpoints')).toEqual([4, 5, 6, 7, 8].map((epoch) => `chk-${epoch}`));
    expect([4, 5, 6, 7, 8].map((epoch) => addsTo(files, epoch))).toEqual([undefined, 4, 5, undefined, 7]);
    const size = async (epoch: number): Promise<number> =>
      (await files.readWhole(`state/checkpoints/chk-${epoch}/state-1.bin`, 1e6)).length;
    expect(await size(8)).toBeLessThan((await size(7)) / 2);
    expect(stateOf((await openFolder(files)).recovered.snapshot)).toEqual(expectedState(8));
  });

  it('go on after a restart where they were', async () => {
    const files = await chains(2);
    const folder = await openFolder(files, { increments: 2 });
    expect(folder.addsTo).toBe(2);
    await save(folder, 3);
    expect([addsTo(files, 3), folder.addsTo, stateOf(folder.latest())]).toEqual([2, undefined, expectedState(3)]);
  });

  it.each([
    ['the last one', 6, 5],
    ['one in between', 5, 4],
    ['the whole one', 4, 3],
  ])('of which %s is damaged stand back for the checkpoint before', async (_name, flipped, left) => {
    const files = await chains(6);
    await flip(files, `state/checkpoints/chk-${flipped}/state-1.bin`);
    const folder = await openFolder(files, { increments: 2 });
    expect(stateOf(folder.recovered.snapshot)).toEqual(expectedState(left));
    expect(folder.recovered.log.map(({ batch }) => batch)).toEqual([4, 5, 6].filter((batch) => batch > left));
    expect(folder.warnings.length).toBe(6 - left);
    expect(folder.warnings.at(-1)).toMatch(/its checksum is wrong/);
    for (const epoch of [left + 1, left + 2]) await save(folder, epoch);
    await folder.close();
    const again = await openFolder(files);
    expect([again.warnings, stateOf(again.recovered.snapshot)]).toEqual([[], expectedState(left + 2)]);
  });

  it('say what they add to when that is damaged, or is another one', async () => {
    const files = await chains(3);
    const other = newFiles();
    const anew = await openFolder(other);
    await anew.save(snapshotOf(1));
    await files.writeAtomically(
      'state/checkpoints/chk-1/manifest.json',
      await other.readWhole('state/checkpoints/chk-1/manifest.json', 1e6),
    );
    await files.writeAtomically(
      'state/checkpoints/chk-1/state-1.bin',
      await other.readWhole('state/checkpoints/chk-1/state-1.bin', 1e6),
    );
    const { warnings, recovered } = await openFolder(files);
    expect(recovered.snapshot?.meta.epoch).toBe(1);
    expect(warnings).toEqual([
      expect.stringMatching(/it adds to another checkpoint of epoch 1 than the one that is there; .*chk-3.damaged/),
      expect.stringMatching(/chk-2' is damaged: it adds to another checkpoint of epoch 1 than .*chk-2.damaged/),
    ]);
  });

  it('never add to what was not saved last', async () => {
    const empty = await openFolder(newFiles());
    await expect(empty.save(snapshotOf(2, 1))).rejects.toThrow('adds to 1, and undefined was saved');
    const folder = await openFolder(newFiles());
    await save(folder, 3);
    await expect(folder.save(snapshotOf(4, 2))).rejects.toThrow('adds to 2, and 3 was saved');
  });
});

describe('a folder that does not fit', () => {
  const counts = operators[0]!;
  const windows = operators[1]!;

  it.each<[string, Partial<CheckpointFolderOptions>, RegExp]>([
    ['another job', { job: 'orders' }, /^RG053 .*it is of the job 'words', and this is 'orders'/],
    ['another mode', { mode: 'record' }, /^RG053 .*it was written in micro-batch mode, and this run is in record mode/],
    [
      'fewer tasks',
      { operators: [{ ...counts, tasks: 3 }, windows] },
      /^RG053 .*number of tasks of 'counts' was 2, and is 3/,
    ],
    [
      'another kind',
      { operators: [{ ...counts, kind: 'process' }, windows] },
      /^RG053 .*the kind of 'counts' was running-reduce, and is process/,
    ],
    [
      'another version',
      { operators: [{ ...counts, schemaVersion: 2 }, windows] },
      /^RG053 .*schema version of 'counts' was 1, and is 2/,
    ],
    [
      'an operator that is gone',
      { operators: [counts] },
      /^RG053 .*no operator with state named 'windows' \| .*--allow-non-restored/,
    ],
    [
      'a source that is gone',
      { sources: ['text'], plan: 'of the renamed source' },
      /^RG053 .*a place in the source 'lines', which the job does not have \| .*--allow-non-restored/,
    ],
  ])('is refused: %s', async (_name, now, message) => {
    const files = await folderOf(1);
    const before = everything(files);
    expect(await errorOf(openFolder(files, now))).toMatch(message);
    expect(everything(files)).toEqual(before);
    expect(await errorOf(openFolder(files))).toBe('none');
  });

  it('fits when only the plan’s hash differs, and remembers the new one', async () => {
    const files = await folderOf(1);
    const folder = await openFolder(files, { plan: 'p2' });
    expect([stateOf(folder.recovered.snapshot), folder.warnings]).toEqual([expectedState(1), []]);
    expect(files.text('state/job.json')).toContain('p2');
  });

  it('begins empty for an operator that is new', async () => {
    const files = await folderOf(1);
    const { recovered } = await openFolder(files, { operators: [...operators, { ...counts, uid: 'new' }] });
    expect([recovered.snapshot?.rows('new', 0), recovered.snapshot?.rows('counts', 0) === undefined]).toEqual([
      undefined,
      false,
    ]);
  });

  it('drops the state of an operator that is gone when it is told to, and says so', async () => {
    const files = await folderOf(1);
    const folder = await openFolder(files, { operators: [counts], allowNonRestored: true });
    expect(folder.warnings).toEqual([expect.stringContaining("'windows'")]);
  });

  it('is refused while another driver holds it, and free after that', async () => {
    const files = newFiles();
    const first = await openFolder(files);
    expect(await errorOf(openFolder(files))).toMatch(/^RG052 .*held by the process 1/);
    await first.close();
    expect(await errorOf(openFolder(files))).toBe('none');
  });

  it.each(['state/job.json', 'state/checkpoints/chk-2/manifest.json'])(
    'is refused when %s is newer, also where an older one fits',
    async (path) => {
      const files = await folderOf(2);
      const kind = path.includes('job') ? 'job' : 'manifest';
      await files.writeAtomically(path, seal(kind, 2, unseal(kind, files.text(path))!.content));
      const before = everything(files);
      expect(await errorOf(openFolder(files))).toMatch(
        /^RG055 .*format 2; this raingauge reads versions up to 1 \| use the raingauge/,
      );
      expect(everything(files)).toEqual(before);
    },
  );
});

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EIO'])('ends the job with RG057 for good: %s', async (errno) => {
    const files = await folderOf(1);
    let isFull = false;
    const failing = decorated(files, {
      write: (file, data) => (isFull ? Promise.reject(diskError(errno)) : file.write(data)),
    });
    const folder = await openFolder(failing);
    isFull = true;
    expect(await errorOf(folder.save(snapshotOf(2)))).toMatch(new RegExp(`^RG057 .*${errno}`));
    isFull = false;
    expect(await errorOf(folder.log(allocated(3)))).toMatch(/^RG057/);
    expect(await errorOf(folder.save(snapshotOf(3)))).toMatch(/^RG057/);
    await folder.close();
    const again = await openFolder(files);
    expect([stateOf(again.recovered.snapshot), again.recovered.log]).toEqual([expectedState(1), [allocated(2)]]);
    await again.save(snapshotOf(2));
  });

  it('tells which value no checkpoint can hold, and closes all stores', async () => {
    class Order {}
    const files = newFiles();
    const folder = await openFolder(files);
    let closed = 0;
    const row = { kind: 'cell' as const, space: 'totals', key: 'k7', value: { order: new Order() }, count: 1 };
    const stores = [0, 1].map((task) => ({
      ...operators[0]!,
      task,
      since: undefined,
      next: () => [row],
      close: () => {
        closed += 1;
      },
    }));
    expect(await errorOf(folder.save({ meta: metaOf(1), stores }))).toMatch(
      /^RG056 the state of 'counts' at the key "k7" is or holds an instance of Order, which a checkpoint cannot hold/,
    );
    expect(closed).toBe(2);
    await folder.close();
    expect((await openFolder(files)).recovered.snapshot).toBeUndefined();
  });

  it('never shows a checkpoint before it is whole', async () => {
    const files = newFiles();
    const seen = new Set<string>();
    files.onStep = () => void files.list('state').then((names) => seen.add(names.join()));
    await files.makeFolder('state');
    const describe = (): never => {
      throw diskError('EIO');
    };
    const writing = { files, scheduler: atOnce, folder: 'state', snapshot: snapshotOf(1), describe };
    await expect(writeCheckpoint(writing)).rejects.toMatchObject({ code: 'RG057' });
    expect([...seen].some((names) => /chk-1(,|$)/.test(names))).toBe(false);
  });
});

describe('exact JSON', () => {
  it('keeps what JSON drops', () => {
    const value = {
      a: [Number.NaN, -0, Number.POSITIVE_INFINITY, undefined, 12n, '$x', '$', 1e300],
      b: { c: undefined, d: null },
    };
    const evil: unknown = JSON.parse('{"__proto__":{"x":1}}');
    expect(parseExactJson(exactJson(value))).toStrictEqual(value);
    expect(JSON.stringify(parseExactJson(exactJson(evil)))).toBe(JSON.stringify(evil));
  });
});
