/** What a wrong command line gets: one clear error, and exit code 2. */
import { describe, expect, it } from 'vitest';
import { projectFolderOf, raingauge, WORDS_MODULE } from './command.js';

const folder = projectFolderOf({ 'job.mjs': WORDS_MODULE, 'lines.txt': 'a b a\n' });

interface Case {
  readonly what: string;
  readonly words: readonly string[];
  readonly error: string;
  readonly place?: string;
  readonly help: string;
}

const cases: readonly Case[] = [
  {
    what: 'an unknown command',
    words: ['compar'],
    error: 'error[RG004]: there is no command compar',
    place: 'raingauge compar',
    help: 'help: did you mean compare?',
  },
  {
    what: 'an unknown flag',
    words: ['run', 'job.mjs', '--mod', 'record'],
    error: 'error[RG004]: there is no flag --mod',
    place: '--> command line',
    help: 'help: did you mean --mode?',
  },
  {
    what: 'a command without one of its own',
    words: ['state'],
    error: 'error[RG004]: a command is missing: raingauge state does nothing by itself',
    place: '^^^^^',
    help: 'help: use raingauge state ls <dir>, raingauge state show <dir> [uid] or raingauge state diff <dir> <a> <b>',
  },
  {
    what: 'a flag without its value',
    words: ['run', 'job.mjs', '--mode'],
    error: 'error[RG004]: --mode needs a value',
    place: '--> command line',
    help: 'help: ',
  },
  {
    what: 'a missing mode',
    words: ['run', 'job.mjs'],
    error: 'error[RG004]: --mode is missing',
    help: 'help: add --mode record, or --mode micro-batch',
  },
  {
    what: 'an unknown mode',
    words: ['run', 'job.mjs', '--mode', 'recrd'],
    error: "error[RG004]: --mode: 'recrd' is not one of micro-batch, record",
    place: '^^^^^^^^^^^^',
    help: "help: did you mean 'record'?",
  },
  {
    what: 'an unknown guarantee',
    words: ['explain', 'job.mjs', '--guarantee', 'exactly-twice'],
    error: "error[RG004]: --guarantee: 'exactly-twice'",
    place: '--> command line',
    help: "help: did you mean 'exactly-once'?",
  },
  {
    what: 'an unknown format',
    words: ['graph', 'job.mjs', '--format', 'svg'],
    error: "error[RG004]: --format: 'svg' is not one of text, mermaid, dot, json",
    place: '--> command line',
    help: 'help: ',
  },
  {
    what: 'a duration without a unit',
    words: ['explain', 'job.mjs', '--batch-interval', '5'],
    error: "error[RG010]: --batch-interval: '5' is no duration",
    place: '--batch-interval 5',
    help: 'help: write it with a unit: 5s or 5ms',
  },
  {
    what: 'a duration with an unknown unit',
    words: ['run', 'job.mjs', '--mode', 'record', '--for', '5sec'],
    error: "error[RG010]: --for: '5sec' is no duration",
    place: '--for 5sec',
    help: 'help: write it with a unit: 500ms, 2s, 1m or 1h',
  },
  {
    what: 'a duration of nothing',
    words: ['explain', 'job.mjs', '--batch-interval', '0s'],
    error: "error[RG010]: --batch-interval: '0s' is no time at all",
    place: '--> command line',
    help: 'help: use for example 500ms',
  },
  {
    what: 'a rate that is none',
    words: ['compare', 'job.mjs', '--rate', 'fast'],
    error: "error[RG011]: --rate: 'fast' is no rate",
    place: '--rate fast',
    help: 'help: write for example 2000, 5k or 5k/s',
  },
  {
    what: 'a negative count',
    words: ['compare', 'job.mjs', '--records', '-3'],
    error: "error[RG011]: --records: '-3' is no whole number, 1 or more",
    place: '--> command line',
    help: 'help: write for example 200, 10k or 2M',
  },
  {
    what: 'too many tasks',
    words: ['explain', 'job.mjs', '--parallelism', '1000'],
    error: "error[RG011]: --parallelism: '1000' is no whole number, from 1 to 128",
    place: '--> command line',
    help: 'help: ',
  },
  {
    what: 'a seed that is none',
    words: ['compare', 'job.mjs', '--seed', 'x'],
    error: "error[RG011]: --seed: 'x' is no seed",
    place: '--> command line',
    help: 'help: ',
  },
  {
    what: 'an end without a URI',
    words: ['graph', 'job.mjs', '--source', 'lines'],
    error: "error[RG006]: --source: 'lines' is not NAME=URI",
    place: '--source lines',
    help: 'help: write for example --source lines=file:book.txt',
  },
  {
    what: 'a source that is given twice',
    words: ['graph', 'job.mjs', '--source', 'lines=stdin:', '--source', 'lines=file:a'],
    error: "error[RG004]: --source: 'lines' is given twice, as stdin: and as file:a",
    place: 'lines=file:a',
    help: 'help: keep one of them',
  },
  {
    what: 'an unknown source',
    words: ['graph', 'job.mjs', '--source', 'line=stdin:'],
    error: "error[RG005]: 'words' has no source named 'line'",
    place: 'line=stdin:',
    help: "help: did you mean 'lines'?",
  },
  {
    what: 'an unknown sink',
    words: ['graph', 'job.mjs', '--sink', 'count=none:'],
    error: "error[RG005]: 'words' has no sink named 'count'",
    place: 'count=none:',
    help: "help: did you mean 'counts'?",
  },
  {
    what: 'an unknown source scheme',
    words: ['run', 'job.mjs', '--mode', 'record', '--source', 'lines=tpc://localhost:9999'],
    error: "error[RG006]: --source lines: 'tpc://localhost:9999' has the unknown scheme 'tpc'",
    place: '--> command line',
    help: 'help: did you mean tcp',
  },
  {
    what: 'a missing job file',
    words: ['graph', 'jbo.mjs'],
    error: 'error[RG001]: there is no job file jbo.mjs',
    place: 'raingauge graph jbo.mjs',
    help: "help: did you mean 'job.mjs'?",
  },
  {
    what: 'a job without its ending',
    words: ['graph', 'job'],
    error: 'error[RG001]: there is no job file job',
    place: '--> command line',
    help: "help: did you mean 'job.mjs'?",
  },
  {
    what: 'a folder in place of a job',
    words: ['graph', '.'],
    error: 'is a folder, not a job file',
    place: '--> command line',
    help: 'help: name one of its files: job.mjs',
  },
  {
    what: 'an input in place of a job',
    words: ['graph', 'lines.txt'],
    error: 'error[RG001]: lines.txt is no job file: it must end with .ts, .js',
    place: '--> command line',
    help: 'help: name the file that exports the topology',
  },
  {
    what: 'a missing export',
    words: ['graph', 'job.mjs#windowed'],
    error: "error[RG002]: job.mjs has no export 'windowed'",
    place: '--> command line',
    help: 'help: topologies that it exports: default',
  },
  {
    what: 'an unknown topic',
    words: ['explain', 'akcer'],
    error: "error[RG004]: there is no topic 'akcer'",
    place: '--> command line',
    help: "help: did you mean 'acker'?",
  },
  {
    what: 'a folder that is not empty',
    words: ['init', '.'],
    error: 'error[RG070]: the folder . is not empty',
    place: '--> command line',
    help: 'help: name a folder that is new or empty',
  },
];

describe('a wrong command line', () => {
  it.each(cases)('gets one error and exit code 2 for $what', async ({ words, error, place, help }) => {
    const { code, stdout, stderr } = await raingauge(words, { cwd: folder });
    expect(stderr).toContain(error);
    expect(stderr).toContain(place ?? '');
    expect(stderr).toContain(help);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.match(/^error/gm)).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('gets all problems of its ends at once', async () => {
    const { code, stderr } = await raingauge(
      ['graph', 'job.mjs', '--source', 'line=stdin:', '--sink', 'counts=fle:x'],
      {
        cwd: folder,
      },
    );
    expect(stderr.match(/^error\[RG00[56]\]/gm)).toEqual(['error[RG005]', 'error[RG006]']);
    expect(code).toBe(2);
  });
});

describe('the environment', () => {
  it('holds every flag, and a wrong value is shown there', async () => {
    const { code, stderr } = await raingauge(['explain', 'job.mjs'], {
      cwd: folder,
      env: { RAINGAUGE_BATCH_INTERVAL: '7' },
    });
    expect(stderr).toContain("error[RG010]: --batch-interval: '7' is no duration");
    expect(stderr).toContain('--> environment');
    expect(stderr).toContain('| RAINGAUGE_BATCH_INTERVAL=7');
    expect(code).toBe(2);
  });

  it('gives way to a flag, and a switch can be off', async () => {
    const env = { RAINGAUGE_BATCH_INTERVAL: '7s', RAINGAUGE_JSON: '0', RAINGAUGE_SOURCE: 'lines=stdin:' };
    const { code, stdout } = await raingauge(['explain', 'job.mjs', '--batch-interval', '2s'], { cwd: folder, env });
    expect(stdout).toContain('batch interval 2 s');
    expect(stdout).toContain('read lines (stdin)');
    expect(code).toBe(0);
  });
});

describe('help', () => {
  it('names every command, and the exit codes', async () => {
    const { code, stdout, stderr } = await raingauge(['--help']);
    for (const command of ['compare', 'run', 'graph', 'explain', 'init', 'doctor'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toMatch(/0 ok {3}1 the job failed {3}2 usage {3}3 the modes disagree .*130 interrupted/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    [
      'run',
      ['--mode', '--message-timeout', '--max-spout-pending', '--block-interval', '--concurrent-jobs', '--speculation'],
    ],
    ['compare', ['--real-sinks']],
  ])('of %s names every flag', async (command, own) => {
    const { stdout } = await raingauge([command, '--help']);
    const flags = [
      '--source',
      '--sink',
      '--rate',
      '--records',
      '--for',
      '--batch-interval',
      '--parallelism',
      '--no-acking',
      '--guarantee',
      '--seed',
      '--chaining',
      '--no-chaining',
      '--json',
      '--quiet',
      '--log-level',
    ];
    for (const flag of [...flags, ...own]) expect(stdout).toMatch(new RegExp(`^  ${flag}[ \\n]`, 'm'));
  });

  it('is printed, shortly, when nothing is asked', async () => {
    const { code, stdout } = await raingauge([]);
    expect(stdout).toContain('Usage: raingauge');
    expect(code).toBe(0);
  });

  it('tells the version of the package', async () => {
    expect(await raingauge(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });
});
