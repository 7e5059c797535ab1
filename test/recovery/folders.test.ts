/** Checkpoint folders that do not fit, are damaged, or belong to somebody else: one clear error, and nothing on disk is destroyed. */

import { createHash } from 'node:crypto';
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import type { Mode } from '../../src/runtime/events.js';
import { seal } from '../../src/runtime/exact-json.js';
import { isWide } from '../breadth.js';
import { launch, type Outcome, projectFolderOf, raingauge, untilSays } from '../cli/command.js';
import { commandOf, SLOW, until } from './lives.js';
import { EXACT, foundIn, isLong, MODES, numbersFolder, numbersJob } from './numbers.js';

/** Of each mode, what a driver left that was killed after three checkpoints. */
const left = new Map<Mode, string>();

beforeAll(async () => {
  await Promise.all(
    MODES.map(async (mode) => {
      const folder = numbersFolder();
      left.set(mode, folder);
      const life = launch(commandOf({ mode, guarantee: 'exactly-once' }, SLOW), { cwd: folder });
      await until(() => checkpointsIn(folder).length >= 3, life);
      life.child.kill('SIGKILL');
      await life.ended;
    }),
  );
});

/** Faults of the disk, some of each mode. Record at a time there is no log, but for at-most-once. */
const FAULTS: Readonly<Record<Mode, readonly string[]>> = {
  'micro-batch': ['disk-full:progress/log@3', 'fail-sync:progress/checkpoints@2', 'disk-full:counts@2'],
  record: ['disk-full:progress/checkpoints@1', 'torn-write:progress/checkpoints@1'],
};

interface Case {
  readonly what: string;
  /** Does harm to a copy of what is left. */
  readonly harm: (folder: string, mode: Mode) => void;
  readonly error: RegExp;
  readonly exit?: number;
  readonly more?: readonly string[];
  /** Runs in the other mode. */
  readonly isOther?: boolean;
  readonly only?: Mode;
}

const CASES: readonly Case[] = [
  {
    what: 'another job',
    harm: (folder) => writeFileSync(join(folder, 'job.mjs'), numbersJob({ name: 'others' })),
    error: /error\[RG053\]: the checkpoints in 'progress' do not fit: it is of the job 'numbers', and this is 'others'/,
  },
  {
    what: 'another mode',
    harm: () => {},
    isOther: true,
    error: /error\[RG053\]: the checkpoints in 'progress' do not fit: it was written in .* mode, and this run is in/,
  },
  {
    what: 'an operator that is gone',
    harm: (folder) => writeFileSync(join(folder, 'job.mjs'), numbersJob({ totals: 'sums' })),
    error: /error\[RG053\]: .*the job has no operator with state named 'totals'\nhelp: .*--allow-non-restored/,
  },
  {
    what: 'another number of tasks',
    harm: () => {},
    more: ['--parallelism', '2'],
    error: /error\[RG053\]: .*the number of tasks of 'counts' was 1, and is 2/,
  },
  {
    what: 'a newer version',
    harm: (folder) => writeFileSync(join(folder, 'progress', 'job.json'), seal('job', 9, '{"job":"numbers"}')),
    error: /error\[RG055\]: 'progress\/job\.json' has .*; this raingauge reads versions up to 1/,
  },
  {
    what: 'no file of the job',
    harm: (folder) => rmSync(join(folder, 'progress', 'job.json')),
    error: /error\[RG054\]: 'progress\/job\.json' is damaged: it is missing/,
  },
  {
    what: 'no checkpoints',
    harm: (folder) => rmSync(join(folder, 'progress', 'checkpoints'), { recursive: true }),
    error: /error\[RG054\]: 'progress\/checkpoints' is damaged: the checkpoints are missing/,
  },
  {
    what: 'checkpoints without a manifest',
    harm: (folder) => removeOfEach(folder, 'manifest.json'),
    error:
      /error\[RG054\]: each of the 3 checkpoints in 'progress\/checkpoints' is damaged; the newest: .*manifest\.json/,
  },
  {
    what: 'checkpoints without a part',
    harm: (folder) => removeOfEach(folder, 'state-1.bin'),
    error:
      /error\[RG054\]: each of the 3 checkpoints in 'progress\/checkpoints' is damaged; the newest: .*state-1\.bin/,
  },
  {
    what: 'a log without its segment',
    harm: (folder) => removeAll(join(folder, 'progress', 'log')),
    only: 'micro-batch',
    error: /error\[RG054\]: 'progress\/log\/seg-\d+\.log' is damaged: the segment is missing/,
  },
  {
    what: 'a checkpoint folder that is a file',
    harm: (folder) => {
      rmSync(join(folder, 'progress'), { recursive: true });
      writeFileSync(join(folder, 'progress'), 'mine');
    },
    error: /error\[RG057\]: 'progress' is a file, but a folder is needed/,
  },
];

describe.concurrent('a checkpoint folder is refused', () => {
  // The modes share this code: one of them stands for the other, but in a long run.
  const all = CASES.flatMap((each, i) =>
    MODES.filter((mode) => each.only === mode || (each.only === undefined && (isLong || mode === MODES[i % 2]))).map(
      (mode) => ({ ...each, mode }),
    ),
  );
  it.each(all)('with $what, $mode', async ({ mode, harm, error, exit = 5, more, isOther }) => {
    const folder = copyOf(mode);
    harm(folder, mode);
    const before = contentsOf(folder);
    const outcome = await goOn(folder, isOther ? MODES.find((other) => other !== mode)! : mode, more);
    expectRefused(outcome, error, exit);
    expect(contentsOf(folder)).toEqual(before);
  });

  it('that cannot be written', async (context) => {
    const folder = copyOf('record');
    const progress = join(folder, 'progress');
    chmodSync(progress, 0o555);
    const outcome = await goOn(folder, 'record');
    chmodSync(progress, 0o755);
    if (process.getuid?.() === 0) context.skip('root may write anywhere');
    expectRefused(outcome, /error\[RG057\]: 'progress\/.*' cannot be written: EACCES/, 5);
  });

  it('that another driver holds, with its process', async () => {
    const folder = copyOf('record');
    const first = launch(command('record'), { cwd: folder });
    await untilSays(first, 'jobStarted');
    first.child.kill('SIGSTOP');
    const second = await goOn(folder, 'record');
    first.child.kill('SIGCONT');
    expectRefused(second, new RegExp(`error\\[RG052\\]: .* is held by the process ${first.child.pid};`), 5);
    expect((await first.ended).code).toBe(0);
    expect(foundIn(folder)).toEqual(EXACT);
  });
});

describe.concurrent.each(MODES)('a job goes on, %s', (mode) => {
  it('with an older checkpoint when the newest is damaged, and says so', async () => {
    const folder = copyOf(mode);
    const newest = checkpointsIn(folder).at(-1)!;
    rmSync(join(folder, 'progress', 'checkpoints', newest, 'manifest.json'));
    const { code, stderr } = await goOn(folder, mode);
    if (mode === 'record') {
      // Its log does not say which epochs are visible: going back could show results a second time.
      expect(stderr).toMatch(
        /error\[RG054\]: .*may have been seen, and would be seen twice .*exactly-once cannot hold/,
      );
      expect(code).toBe(5);
      return;
    }
    expect(stderr).toContain(`it is kept as 'progress/checkpoints/${newest}.damaged', and an older checkpoint stands`);
    expect(stderr).toMatch(/^warning: /m);
    expect(stderr).toMatch(/^going on from checkpoint \d+, taken /m);
    expect(code).toBe(0);
    expect(foundIn(folder)).toEqual(EXACT);
  });

  if (isWide || mode === 'record')
    it('without the state of an operator that is gone, when that is allowed', async () => {
      const folder = copyOf(mode);
      writeFileSync(join(folder, 'job.mjs'), numbersJob({ totals: 'sums' }));
      const { code, stderr } = await goOn(folder, mode, ['--allow-non-restored']);
      expect(stderr).toContain("warning: the job has no operator 'totals' any more: its state is dropped");
      expect(code).toBe(0);
      expect(foundIn(folder)).toMatchObject({ lost: [], duplicated: [], wrong: [] });
    });

  if (isWide || mode === 'micro-batch')
    it('from scratch, and keeps what was there', async () => {
      const folder = copyOf(mode);
      removeOfEach(folder, 'manifest.json');
      for (const name of ['counts', 'totals']) rmSync(join(folder, name), { recursive: true });
      const { code, stderr } = await goOn(folder, mode, ['--from-scratch']);
      expect(stderr).not.toContain('going on');
      expect(code).toBe(0);
      expect(readdirSync(join(folder, 'progress', 'replaced')).toSorted()).toEqual(['checkpoints', 'job.json', 'log']);
      expect(foundIn(folder)).toEqual(EXACT);
    });

  if (isLong || mode === 'record')
    it('quietly with --quiet', async () => {
      const folder = copyOf(mode);
      const { code, stderr } = await goOn(folder, mode, ['--quiet', '--log-level', 'silent']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(foundIn(folder)).toEqual(EXACT);
    });

  it.each(isLong ? FAULTS[mode] : FAULTS[mode].slice(0, isWide ? 2 : 1))('after %s ended it', async (fault) => {
    const folder = copyOf(mode);
    const outcome = await goOn(folder, mode, ['--fault', fault]);
    expectRefused(outcome, /error\[RG0(57|46)\]: '.*' cannot be written: E(NOSPC|IO) \(a fault plan: /, 5);
    expect((await goOn(folder, mode)).code).toBe(0);
    expect(foundIn(folder)).toEqual(EXACT);
  });
});

describe.concurrent.each(MODES)('a byte that is wrong, %s', (mode) => {
  const seeds = Array.from({ length: isLong ? 200 : 2 }, (_, seed) => seed);
  it.each(seeds)('is found, or harms nothing: seed %i', async (seed) => {
    const folder = copyOf(mode);
    const progress = join(folder, 'progress');
    const random = prng(seed).fork('wrong byte');
    const files = readdirSync(progress, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('lock') && statSync(join(progress, name)).isFile())
      .toSorted();
    // Each file in turn, and one byte of it.
    const path = join(progress, files[seed % files.length]!);
    const bytes = readFileSync(path);
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    writeFileSync(path, bytes);
    const before = contentsOf(folder);
    const outcome = await goOn(folder, mode);
    if (outcome.code === 0) {
      expect(foundIn(folder), path).toEqual(EXACT);
      return;
    }
    expectRefused(outcome, /error\[RG05[345]\]: .*'progress/, 5);
    expect(contentsOf(folder)).toEqual(before);
  });
});

/** One error with a code and help, no stack trace, and the exit code. */
function expectRefused({ code, stderr }: Outcome, error: RegExp, exit: number): void {
  expect(stderr).toMatch(error);
  expect(stderr.match(/^error/gm)).toHaveLength(1);
  expect(stderr).toMatch(/^help: /m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(exit);
}

function command(mode: Mode, more: readonly string[] = []): string[] {
  return commandOf({ mode, guarantee: 'exactly-once', more });
}

function goOn(folder: string, mode: Mode, more?: readonly string[]): Promise<Outcome> {
  return raingauge(command(mode, more), { cwd: folder });
}

function copyOf(mode: Mode): string {
  const folder = projectFolderOf({});
  cpSync(left.get(mode)!, folder, { recursive: true });
  return folder;
}

/** Names of the whole checkpoints, the oldest first. */
function checkpointsIn(folder: string): readonly string[] {
  return namesIn(join(folder, 'progress', 'checkpoints'))
    .filter((name) => /^chk-\d+$/.test(name))
    .toSorted((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
}

function namesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
}

function removeOfEach(folder: string, file: string): void {
  for (const name of checkpointsIn(folder)) rmSync(join(folder, 'progress', 'checkpoints', name, file));
}

function removeAll(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
}

/** Every file but locks, with a hash of what is in it. */
function contentsOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/\block\.\d+$/.test(name) && statSync(join(folder, name)).isFile(),
  );
  return Object.fromEntries(
    files.toSorted().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
