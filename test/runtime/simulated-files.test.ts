/** Tests of files in memory: what a crash may do to them, and what it must not. */
import { describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { atOnce } from './crashes.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The contents of each crash state, as `path=text` in order. */
function statesOf(files: SimulatedFiles, max = 1_000): readonly string[] {
  const states = [...files.crashStates(max)].map((state) =>
    state.paths.map((path) => `${path}=${state.text(path).replaceAll('\0', '_')}`).join(' '),
  );
  // States that differ in an empty folder read the same here.
  return [...new Set(states)].sort();
}

async function opened(): Promise<{
  readonly files: SimulatedFiles;
  readonly file: Awaited<ReturnType<SimulatedFiles['create']>>;
}> {
  const files = new SimulatedFiles(atOnce);
  await files.makeFolder('f');
  const file = await files.create('f/a');
  return { files, file };
}

describe('a loss of power', () => {
  it('may take a name that was not synced, and the content that was', async () => {
    const { files, file } = await opened();
    await file.write(bytes('ab'));
    await file.sync();
    expect(statesOf(files)).toEqual(['', 'f/a=ab']);
    await files.syncFolder('f');
    expect(statesOf(files)).toEqual(['f/a=ab']);
  });

  it('may take, tear and reorder writes that were not synced', async () => {
    const { files, file } = await opened();
    await files.syncFolder('f');
    await file.write(bytes('ab'));
    await file.sync();
    await file.write(bytes('cd'));
    await file.write(bytes('ef'));
    expect(statesOf(files)).toEqual(
      [
        'f/a=ab',
        'f/a=ab__',
        'f/a=abc',
        'f/a=abcd',
        ...['f/a=ab____', 'f/a=ab__e', 'f/a=ab__ef', 'f/a=abc_e', 'f/a=abc_ef', 'f/a=abc___'],
        ...['f/a=abcd__', 'f/a=abcde', 'f/a=abcdef'],
      ].sort(),
    );
  });

  it('leaves a rename done or not, and never half', async () => {
    const files = new SimulatedFiles(atOnce, { 'f/a': 'new', 'f/b': 'old' });
    await files.rename('f/a', 'f/b');
    expect(statesOf(files)).toEqual(['f/a=new f/b=old', 'f/b=new']);
    await files.syncFolder('f');
    expect(statesOf(files)).toEqual(['f/b=new']);
  });

  it('takes what came before a rename between folders along with it', async () => {
    const files = new SimulatedFiles(atOnce, { 'g/x': '' });
    await files.makeFolder('f');
    const file = await files.create('f/a');
    await file.sync();
    await files.rename('f/a', 'g/a');
    await files.syncFolder('g');
    expect(statesOf(files)).toEqual(['g/a= g/x=']);
  });

  it('may leave a folder that was removed, in part', async () => {
    const files = new SimulatedFiles(atOnce, { 'f/c/a': '1', 'f/c/b': '2', 'f/d': '' });
    await files.remove('f/c');
    expect(statesOf(files)).toContain('f/c/b=2 f/d=');
    expect(await files.list('f')).toEqual(['d']);
    await files.syncFolder('f');
    expect(statesOf(files)).toEqual(['f/d=']);
  });

  it('finds a file that is written atomically old or new, and never a part, at each of its steps', async () => {
    const files = new SimulatedFiles(atOnce, { 'f/a': 'old' });
    const seen = new Set<string>();
    files.onStep = () => {
      for (const state of files.crashStates(1_000)) seen.add(state.text('f/a'));
    };
    await files.writeAtomically('f/a', 'new');
    expect([...seen].sort()).toEqual(['new', 'old']);
    expect(files.paths).toEqual(['f/a']);
  });

  it('cannot undo a truncation', async () => {
    const files = new SimulatedFiles(atOnce, { a: 'abcdef' });
    await files.append('a', 'xyz');
    await files.truncate('a', 3);
    expect(statesOf(files)).toEqual(['a=abc']);
    await files.append('a', 'Q');
    expect([files.text('a'), statesOf(files)]).toEqual(['abcQ', ['a=abc', 'a=abcQ', 'a=abc_']]);
  });

  it('is refused where there are too many ways to it, so that a test cannot miss any', async () => {
    const files = new SimulatedFiles(atOnce);
    for (let i = 0; i < 10; i++) await files.append('a', 'xx');
    expect(() => statesOf(files, 1_000)).toThrow(/ways to crash with 11 operations/);
  });

  it('by chance leaves one of those states, frees locks and ends open files', async () => {
    const found = new Set<string>();
    let states: readonly string[] = [];
    for (let seed = 1; seed <= 200; seed++) {
      const { files, file } = await opened();
      await files.lock('f/lock');
      await file.write(bytes('ab'));
      states = statesOf(files);
      files.crash(prng(seed));
      found.add(files.paths.map((path) => `${path}=${files.text(path).replaceAll('\0', '_')}`).join(' '));
      await expect(file.write(bytes('c'))).rejects.toMatchObject({ code: 'RG057' });
      await (await files.lock('f/lock')).release();
    }
    for (const state of states) if (state !== 'f/a=a') expect([...found]).toContain(state);
  });
});

describe('the end of a process', () => {
  it('loses nothing that was written', async () => {
    const { files, file } = await opened();
    await file.write(bytes('ab'));
    files.kill();
    expect(files.text('f/a')).toBe('ab');
    expect(statesOf(files)).toEqual(['', 'f/a=', 'f/a=__', 'f/a=a', 'f/a=ab']);
  });
});

describe('files in memory', () => {
  it('answer as files on a disk do', async () => {
    const files = new SimulatedFiles(atOnce, { 'f/a': 'abc' });
    await expect(files.create('f/a')).rejects.toMatchObject({
      code: 'RG057',
      message: expect.stringContaining('EEXIST'),
    });
    await expect(files.create('g/a')).rejects.toMatchObject({
      code: 'RG057',
      message: expect.stringContaining('ENOENT'),
    });
    await expect(files.rename('f/b', 'f/c')).rejects.toMatchObject({ code: 'RG057' });
    await expect(files.readWhole('f/a', 2)).rejects.toMatchObject({ code: 'RG044' });
    await expect(files.readWhole('f/b', 2)).rejects.toMatchObject({ code: 'RG040' });
    await expect(files.readWhole('f', 2)).rejects.toMatchObject({ code: 'RG041' });
    await files.remove('f/b');
    expect([await files.list('g'), await files.list('f'), await files.list('')]).toEqual([[], ['a'], ['f']]);
    await files.lock('f/lock');
    await expect(files.lock('f/lock')).rejects.toMatchObject({
      code: 'RG052',
      message: expect.stringContaining('process 1'),
    });
  });
});
