/** Tests of the real World: its clock and timers, its files. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRealWorld } from '../../src/runtime/real-world.js';

const world = createRealWorld();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raingauge-world-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the real clock and scheduler', () => {
  it('reads microseconds since the epoch', () => {
    expect(Math.abs(world.clock.now() / 1_000 - Date.now())).toBeLessThan(1_000);
  });

  it('fires a timer at its time or after, never before, and a past one soon', async () => {
    for (const wait of [-5_000, 0, 1, 999, 1_001, 2_500]) {
      const due = world.clock.now() + wait;
      await new Promise<void>((resolve) => world.scheduler.at(due, resolve));
      expect(world.clock.now()).toBeGreaterThanOrEqual(due);
    }
  });

  it('does not fire a cancelled timer', async () => {
    let fired = false;
    const cancelled = world.scheduler.at(world.clock.now() + 1_000, () => {
      fired = true;
    });
    cancelled.cancel();
    await new Promise<void>((resolve) => world.scheduler.at(world.clock.now() + 5_000, resolve));
    expect(fired).toBe(false);
  });

  it('lets other due work have its turn first', async () => {
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      world.scheduler.soon(() => seen.push('a'));
      world.scheduler.soon(() => {
        seen.push('b');
        resolve();
      });
      seen.push('now');
    });
    expect(seen).toEqual(['now', 'a', 'b']);
  });
});

describe('real files', () => {
  it('writes a file whole, with its folder, and leaves nothing else there', async () => {
    const path = join(folder, 'new', 'out.txt');
    await world.files.writeAtomically(path, 'one\n');
    await world.files.writeAtomically(path, 'two\n');
    await world.files.append(path, 'three\n');
    const chunks: Uint8Array[] = [];
    for await (const chunk of world.files.read(path, 4)) chunks.push(chunk);
    expect([Buffer.concat(chunks).toString(), await world.files.size(path)]).toEqual(['three\n', 10]);
    await expect(access(`${path}.${process.pid}.tmp`)).rejects.toThrow();
  });

  it('names what is wrong with a path', async () => {
    await expect(world.files.size(join(folder, 'no.txt'))).rejects.toMatchObject({ code: 'RG040' });
    await expect(world.files.size(folder)).rejects.toMatchObject({ code: 'RG041' });
    await writeFile(join(folder, 'file'), '');
    await expect(world.files.writeAtomically(join(folder, 'file', 'below'), '')).rejects.toMatchObject({
      code: 'RG046',
    });
    await expect(world.files.append(folder, 'x')).rejects.toMatchObject({ code: 'RG046' });
  });

  it('tells when a file has grown', async () => {
    const path = join(folder, 'growing.txt');
    await writeFile(path, '');
    await new Promise<void>((resolve) => {
      const watch = world.files.watch(path, () => {
        watch.cancel();
        resolve();
      });
      void world.files.append(path, 'more\n');
    });
  });
});
