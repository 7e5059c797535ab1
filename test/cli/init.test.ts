/** `raingauge init`: the project that it makes installs, runs and passes its tests, without a network. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderOf, raingauge, root } from './command.js';

/** npm and three runs of node, on a small machine that does other things too. */

const parent = folderOf({});
const demo = join(parent, 'Demo One');

beforeAll(async () => {
  // The project runs what is built; `npm test` has built it, and this builds when only these tests are run.
  expect(npm(['run', 'pretest'], root).status).toBe(0);
  expect(await raingauge(['init', demo])).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('npm install'),
  });
});

describe('a new project', () => {
  it('has a job, an input, a test and a README', () => {
    expect(readdirSync(demo).sort()).toEqual([
      '.gitignore',
      'README.md',
      'job.ts',
      'lines.txt',
      'package.json',
      'test',
      'tsconfig.json',
    ]);
    const { name, type, dependencies } = JSON.parse(readFileSync(join(demo, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect({ name, type, dependencies }).toEqual({
      name: 'demo-one',
      type: 'module',
      dependencies: { raingauge: expect.stringMatching(/^file:/) },
    });
  });

  it('installs without a network, runs, and passes its tests', () => {
    expect(npm(['install', '--offline', '--no-audit', '--no-fund'], demo)).toMatchObject({ status: 0 });
    const run = npm(['exec', '--', 'raingauge', 'run', 'job.ts', '--mode', 'record'], demo);
    expect(run.stdout).toContain('(rain,1)');
    expect(run.status).toBe(0);
    const test = npm(['test'], demo);
    expect(test.stdout).toMatch(/# pass 2\n# fail 0/);
    expect(test.status).toBe(0);
  });

  it('type-checks as it stands', () => {
    expect(existsSync(join(demo, 'node_modules', 'raingauge'))).toBe(true);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const types = join(root, 'node_modules', '@types');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', demo, '--typeRoots', types, '--types', 'node'], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describe('init', () => {
  it('takes a folder that is empty, and leaves one alone that is not', async () => {
    const empty = folderOf({});
    expect((await raingauge(['init', '.'], { cwd: empty })).code).toBe(0);
    const names = readdirSync(empty);
    const { code, stderr } = await raingauge(['init', '.'], { cwd: empty });
    expect(stderr).toContain('error[RG070]: the folder . is not empty');
    expect(code).toBe(2);
    expect(readdirSync(empty)).toEqual(names);
  });

  it('says when a file stands in the way', async () => {
    const { code, stderr } = await raingauge(['init', 'file'], { cwd: folderOf({ file: '' }) });
    expect(stderr).toContain('error[RG070]: file is a file');
    expect(code).toBe(2);
  });
});

function npm(
  words: readonly string[],
  cwd: string,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  // What npm sets for its scripts, such as a prefix, would lead the npm in here to the wrong folder.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|VITEST|NODE_ENV|NODE_OPTIONS|INIT_CWD)/i.test(name)),
  );
  return spawnSync('npm', [...words], { cwd, encoding: 'utf8', env });
}
