/** A checkpoint folder that the disk does not give back: refused by name, and left as it is. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { unreadable } from '../../src/runtime/file-errors.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Files } from '../../src/runtime/world.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { decorated } from '../runtime/decorated-files.js';
import { MODES, runVirtual } from './both-modes.js';

const job = topology('kept', { batchInterval: millis(10) }, (t) => {
  t.source('in', memory(['a', 'b', 'a']))
    .map((word) => [word, 1] as const)
    .runningReduce({ uid: 'counts', reduce: (a, b) => a + b })
    .to('out', memorySink());
});

/** A bad sector is damage, and an older checkpoint may do; where nothing may be read, nobody knows. */
const REFUSALS = [
  ['EIO', 'RG054', /'progress\/.*EIO/],
  ['EACCES', 'RG040', /'progress\/.*you may not read it/],
] as const;

it.each(MODES.flatMap((mode) => REFUSALS.map((refusal) => [mode, ...refusal] as const)))(
  'fault row 45: a checkpoint folder that cannot be read is refused and stays as it is, %s, %s',
  async (mode, errno, code, why) => {
    const world = createSimulatedWorld();
    const how = { mode, checkpoint: { folder: 'progress' } } as const;
    await runVirtual(job, how, world);
    const before = contentOf(world.files.paths, (path) => world.files.text(path));
    const readWhole: Files['readWhole'] = (path) => Promise.reject(unreadable(path, { code: errno }));
    const broken = { ...world, files: decorated(world.files, {}, { readWhole }) } as typeof world;
    const refused = await runVirtual(job, how, broken).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code, message: expect.stringMatching(why) });
    expect(contentOf(world.files.paths, (path) => world.files.text(path))).toEqual(before);
    expect((await runVirtual(job, how, world)).outcome).toBe('finished');
  },
);

function contentOf(paths: readonly string[], read: (path: string) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.filter((path) => path !== 'progress/lock').map((path) => [path, read(path)]));
}
