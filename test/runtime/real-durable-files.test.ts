/** Tests of durable files and locks on the disk of this machine, and of a checkpoint folder on it. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import { realFiles } from '../../src/runtime/real-files.js';
import { realScheduler } from '../../src/runtime/real-world.js';
import { allocated, expectedState, openFolder, snapshotOf, stateOf } from './checkpoint-kit.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
let folder = '';
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raingauge-files-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function fresh(): string {
  count += 1;
  return join(folder, String(count));
}

describe('files on a disk', () => {
  it('are written, renamed, cut, listed and removed', async () => {
    const path = join(fresh(), 'deep', 'er');
    await realFiles.makeFolder(path);
    await realFiles.makeFolder(path);
    const file = await realFiles.create(`${path}/b.tmp`);
    await file.write(bytes('hello'));
    await file.write(new Uint8Array(3_000_000));
    await file.sync();
    await file.close();
    await realFiles.rename(`${path}/b.tmp`, `${path}/b`);
    await realFiles.syncFolder(path);
    await realFiles.truncate(`${path}/b`, 4);
    expect(new TextDecoder().decode(await realFiles.readWhole(`${path}/b`, 10))).toBe('hell');
    await (await realFiles.create(`${path}/a`)).close();
    expect([await realFiles.list(path), await realFiles.list(`${path}/none`)]).toEqual([['a', 'b'], []]);
    await realFiles.remove(`${path}/none`);
    await realFiles.remove(path);
    expect(await realFiles.list(path)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('say at once that the system takes no folder', async () => {
    for (const path of ['/proc/x', '/proc/x/y/z']) {
      await expect(realFiles.makeFolder(path)).rejects.toMatchObject({
        code: 'RG057',
        message: expect.stringMatching(/^'\/proc\/x.*' cannot be written: .*(ENOENT|EACCES|EPERM)/),
      });
    }
  });

  it.each<[string, (path: string) => Promise<unknown>, RegExp]>([
    [
      'create in a folder that is not there',
      (path) => realFiles.create(`${path}/no/x`),
      /no\/x' cannot be written: .*ENOENT/,
    ],
    ['create over a file', (path) => realFiles.create(`${path}/old`), /old' cannot be written: .*EEXIST/],
    [
      'make a folder over a file',
      (path) => realFiles.makeFolder(`${path}/old`),
      /old' is a file, but a folder is needed/,
    ],
    [
      'make a folder below a file',
      (path) => realFiles.makeFolder(`${path}/old/x/y`),
      /old\/x\/y' cannot be written: .*ENOTDIR/,
    ],
    ['rename what is not there', (path) => realFiles.rename(`${path}/no`, `${path}/new`), /ENOENT/],
    ['truncate what is not there', (path) => realFiles.truncate(`${path}/no`, 0), /ENOENT/],
    ['sync a folder that is not there', (path) => realFiles.syncFolder(`${path}/no`), /ENOENT/],
    ['lock where nothing can be written', (path) => realFiles.lock(`${path}/no/lock`), /ENOENT/],
  ])('refuse to %s', async (_name, call, message) => {
    const path = fresh();
    await mkdir(path);
    await writeFile(`${path}/old`, '');
    await expect(call(path)).rejects.toMatchObject({ code: 'RG057', message: expect.stringMatching(message) });
  });

  it.runIf(process.platform === 'linux')('name the errno of a full disk', async () => {
    const path = fresh();
    await mkdir(path);
    await expect(realFiles.append('/dev/full', 'x')).rejects.toMatchObject({ code: 'RG046' });
    await expect(realFiles.readWhole(path, 1)).rejects.toMatchObject({ code: 'RG041' });
  });
});

describe('a lock', () => {
  it('is held by one, and can be had again after its release', async () => {
    const path = fresh();
    const lock = await realFiles.lock(path);
    await expect(realFiles.lock(path)).rejects.toMatchObject({
      code: 'RG052',
      message: expect.stringContaining(`the process ${process.pid};`),
    });
    await lock.release();
    await (await realFiles.lock(path)).release();
    expect(await readFile(`${path}.2`, 'utf8')).toBe('free\n');
    await expect(readFile(`${path}.1`)).rejects.toThrow('ENOENT');
  });

  it('goes to one of many that want it, however they come', async () => {
    const stale = await staleText();
    for (let round = 0; round < 40; round++) {
      const path = fresh();
      await writeFile(`${path}.1`, stale);
      const random = prng(round);
      const waits = Array.from({ length: 12 }, () => random.below(40));
      const results = await Promise.allSettled(
        waits.map(async (turns) => {
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          return realFiles.lock(path);
        }),
      );
      expect(results.filter(({ status }) => status === 'fulfilled').length, `round ${round}`).toBe(1);
    }
  });

  it('of a process that was killed is taken over', async () => {
    const path = fresh();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      await writeFile(`${path}.1`, JSON.stringify({ pid: child.pid, host: hostname() }));
      await expect(realFiles.lock(path)).rejects.toMatchObject({
        code: 'RG052',
        message: expect.stringContaining(`the process ${child.pid};`),
      });
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('exit', resolve));
    }
    await (await realFiles.lock(path)).release();
  });

  it('is taken over after every crash while it was made: empty, torn, or of another boot or start', async () => {
    const whole = await textOfLock(fresh());
    const holder = JSON.parse(whole) as Record<string, unknown>;
    const left = [
      ...Array.from({ length: whole.length - 1 }, (_, length) => whole.slice(0, length)),
      '\0'.repeat(whole.length),
      JSON.stringify({ ...holder, boot: 'another boot' }),
      ...(holder['started'] === '' ? [] : [JSON.stringify({ ...holder, started: '1' })]),
    ];
    for (const text of left) {
      const path = fresh();
      await writeFile(`${path}.1`, text);
      const lock = await realFiles.lock(path);
      expect(await readFile(`${path}.2`, 'utf8')).toContain(`"pid":${process.pid},`);
      await lock.release();
    }
  });

  it('of another host is not judged', async () => {
    const path = fresh();
    await writeFile(`${path}.1`, JSON.stringify({ pid: 1, host: 'elsewhere', boot: 'x', started: '1' }));
    await expect(realFiles.lock(path)).rejects.toMatchObject({
      code: 'RG052',
      message: expect.stringContaining("the process 1 on 'elsewhere'"),
      hint: expect.stringContaining('remove'),
    });
  });

  it('that another took over is not released', async () => {
    const path = fresh();
    const lock = await realFiles.lock(path);
    await writeFile(`${path}.1`, 'another');
    await lock.release();
    expect(await readFile(`${path}.1`, 'utf8')).toBe('another');
  });
});

describe('a checkpoint folder on a disk', () => {
  it('goes on where it was closed', async () => {
    const real = { files: realFiles, scheduler: realScheduler, folder: fresh() };
    const first = await openFolder(realFiles, real);
    for (let epoch = 1; epoch <= 5; epoch++) {
      await Promise.all([first.log(allocated(epoch)), first.save(snapshotOf(epoch))]);
    }
    await first.log(allocated(6));
    await first.close();
    const again = await openFolder(realFiles, real);
    expect([stateOf(again.recovered.snapshot), again.recovered.log]).toEqual([expectedState(5), [allocated(6)]]);
    await again.close();
    expect(await realFiles.list(`${real.folder}/checkpoints`)).toEqual(['chk-3', 'chk-4', 'chk-5']);
    const anew = await openFolder(realFiles, { ...real, fromScratch: true });
    expect(anew.recovered).toEqual({ snapshot: undefined, log: [] });
    await anew.close();
  });
});

async function textOfLock(path: string): Promise<string> {
  const lock = await realFiles.lock(path);
  const text = await readFile(`${path}.1`, 'utf8');
  await lock.release();
  return text;
}

async function staleText(): Promise<string> {
  const holder = JSON.parse(await textOfLock(fresh())) as Record<string, unknown>;
  return JSON.stringify({ ...holder, boot: 'another boot' });
}
