/** `raingauge run`: results on stdout, everything else on stderr, and what a failing job says. */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { folderOf, launch, projectFolderOf, raingauge, untilSays, WORDS_JOB, WORDS_MODULE } from './command.js';

const MODES = ['micro-batch', 'record'] as const;
type Run = (words: readonly string[], more?: Parameters<typeof raingauge>[1]) => ReturnType<typeof raingauge>;
const runIn =
  (mode: (typeof MODES)[number]): Run =>
  (words, more = {}) =>
    raingauge(['run', ...words, '--mode', mode], { cwd, ...more });
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const cwd = projectFolderOf({
  'job.mjs': WORDS_MODULE,
  'lines.txt': 'a b a\nc\n',
  'empty.txt': '',
  'latin1.txt': 'caf\u00e9',
  'parse.ts': WORDS_JOB.replace("(line: string) => line.split(' ')", "parse, { uid: 'parse' }").concat(`
function parse(line: string): string[] {
  if (line === 'c') throw new TypeError('no c please');
  return line.split(' ');
}
`),
  'promise.ts': WORDS_JOB.replace("(line: string) => line.split(' ')", "(async () => []) as never, { uid: 'wait' }"),
  'dead.mjs': WORDS_MODULE.replace('seconds(0.1)', "seconds(0.1), onError: 'dead-letter'").replace(
    "(line) => line.split(' ')",
    "(line) => { if (line === 'c') throw new TypeError('no c please'); return line.split(' '); }, { uid: 'parse' }",
  ),
  'shape.ts': WORDS_JOB.replace("(line: string) => line.split(' ')", "(() => 3) as never, { uid: 'three' }"),
  'floating.ts': WORDS_JOB.replace(
    "line.split(' '))",
    "{\n      setTimeout(() => Promise.reject(new RangeError('too late')), 1);\n      return [line];\n    })",
  ).replace('  t.source(', '  setTimeout(() => {}, 500);\n  t.source('),
});

describe.each(MODES)('run --mode %s', (mode) => {
  const run = runIn(mode);

  it('prints results on stdout and a summary on stderr', async () => {
    const { code, stdout, stderr } = await run(['job.mjs']);
    expect(stdout).toBe('(a,1)\n(b,1)\n(a,2)\n(c,1)\n');
    expect(stderr).toContain('finished after');
    expect(stderr).toContain('read     lines 2 records');
    expect(stderr).toContain('written  counts 4 results');
    expect(stderr).toMatch(mode === 'record' ? /component +tasks +emitted +transferred/ : /scheduling delay +\d/);
    expect(code).toBe(0);
  });

  it('shows the first dead letter', async () => {
    const { code, stderr } = await run(['dead.mjs']);
    expect(stderr).toContain('note     1 record in the dead letters');
    expect(stderr).toMatch(/the first: lines, offset \d+ in operator 'parse': RG0\d\d .*no c please/);
    expect(code).toBe(0);
  });

  it('prints one JSON document with --json, in place of what the sinks print', async () => {
    const { code, stdout } = await run(['job.mjs', '--json', '--quiet']);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'raingauge/run@1',
      job: 'words',
      mode,
      outcome: 'finished',
      error: null,
      recordsRead: { lines: 2 },
      resultsWritten: { counts: 4 },
      resultUnits: { counts: 'result' },
    });
    expect(code).toBe(0);
  });

  it('ends after --records, or --for', async () => {
    const generated = ['job.mjs', '--source', 'lines=generate:words', '--sink', 'counts=none:', '--json', '--quiet'];
    const some = JSON.parse((await run([...generated, '--records', '5'])).stdout) as object;
    expect(some).toMatchObject({ outcome: 'finished', recordsRead: { lines: 5 } });
    const { code, stdout } = await run([...generated, '--rate', '200', '--for', '500ms']);
    expect((JSON.parse(stdout) as { recordsRead: { lines: number } }).recordsRead.lines).toBeLessThan(200);
    expect(code).toBe(0);
  });

  it('stops gracefully at Ctrl-C, says what was measured, and exits with 130', async () => {
    let isSent = false;
    const { code, stdout, stderr } = await run(['job.mjs', '--source', 'lines=generate:words', '--rate', '500'], {
      onStdout: (_text, child) => {
        if (!isSent) isSent = child.kill('SIGINT');
      },
    });
    expect(stdout).toMatch(/^\(\w+,1\)\n/);
    expect(stderr).toContain('stopping: what was read is finished first');
    expect(stderr).toMatch(/written {2}counts [1-9]/);
    expect(code).toBe(130);
  });

  it.skipIf(process.platform === 'win32')('is deactivated by SIGUSR2, and activated by the next', async () => {
    const job = launch(['run', 'job.mjs', '--mode', mode, '--source', 'lines=generate:words', '--rate', '500'], {
      cwd,
    });
    let [printed, wasSent] = [0, false];
    job.child.stdout!.on('data', (text: string) => {
      printed += text.length;
      if (!wasSent) wasSent = job.child.kill('SIGUSR2');
    });
    await untilSays(job, 'deactivated: nothing more is read until the next SIGUSR2');
    job.child.kill('SIGUSR2');
    await untilSays(job, 'activated: reading goes on');
    const before = printed;
    await new Promise((resolve) => job.child.stdout!.once('data', resolve));
    expect(printed).toBeGreaterThan(before);
    job.child.kill('SIGINT');
    expect((await job.ended).code).toBe(130);
  });

  it('names the operator and the line of a function that throws', async () => {
    const { code, stderr } = await run(['parse.ts', '--quiet']);
    expect(stderr).toContain("error[RG030]: the function of 'parse' threw: no c please");
    expect(stderr).toContain('--> parse.ts:14:');
    expect(stderr).toContain("if (line === 'c') throw new TypeError('no c please');");
    expect(stderr).toContain("= note: in operator 'parse' (parse.ts:7:6)");
    expect(stderr).toContain('help: ');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });
});

// What neither executor has a part in; both are asked in a long run.
describe.each(process.env['RAINGAUGE_LONG'] === '1' ? MODES : (['record'] as const))(
  'run in either mode: %s',
  (mode) => {
    const run = runIn(mode);

    it('counts intervals of a sink that gets intervals, and says so', async () => {
      const folder = folderOf({ 'one.txt': 'a b a' });
      const words = [
        'job.mjs',
        '--source',
        `lines=file:${join(folder, 'one.txt')}`,
        '--sink',
        `counts=file:${join(folder, 'out')}`,
      ];
      const { stderr } = await run(words);
      expect(stderr).toMatch(/read {5}lines 1 record(?: \([\d,]+\/s\))?\n {2}written {2}counts 1 interval\n/);
      // The files of the first run may be overwritten.
      const { code, stdout } = await run([...words, '--json', '--quiet']);
      expect(JSON.parse(stdout)).toMatchObject({ resultsWritten: { counts: 1 }, resultUnits: { counts: 'interval' } });
      expect(code).toBe(0);
    });

    it('writes into no folder with files of somebody else', async () => {
      const folder = folderOf({ 'part-1-00000': '', 'mine.txt': '' });
      const { code, stderr } = await run(['job.mjs', '--sink', `counts=file:${folder}`]);
      expect(stderr).toContain(`error[RG070]: --sink counts: the folder ${folder} is not empty: it holds mine.txt`);
      expect(stderr).toContain('--> command line');
      expect(stderr).toContain('help: name a folder that is new or empty');
      expect(code).toBe(2);
    });

    it('prints nothing else with --quiet, and no colour where there is no terminal', async () => {
      expect(await run(['job.mjs', '--quiet', '--sink', 'counts=none:'])).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await run(['job.mjs'])).stderr).not.toContain('\x1b');
    });

    it('reads standard input, and logs as JSON on stderr', async () => {
      const { code, stdout, stderr } = await run(
        ['job.mjs', '--source', 'lines=stdin:', '--quiet', '--log-level', 'info'],
        { input: 'x y\n' },
      );
      expect(stdout).toBe('(x,1)\n(y,1)\n');
      const log = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly msg: string });
      expect(log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['jobStarted', 'jobEnded']));
      expect(code).toBe(0);
    });

    it('ends quietly when the reader of stdout goes away', async () => {
      const { code, stderr } = await run(['job.mjs', '--source', 'lines=generate:words', '--rate', '2k'], {
        onStdout: (_text, child) => void child.stdout?.destroy(),
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    });

    it.each([
      ['promise.ts', "error[RG031]: the function of 'wait' returned a promise", '--> promise.ts:7:6'],
      ['shape.ts', "error[RG032]: the function of 'three' returned 3", '--> shape.ts:7:6'],
    ])('refuses what the function of %s returns', async (file, error, place) => {
      const { code, stderr } = await run([file, '--quiet']);
      expect(stderr).toContain(error);
      expect(stderr).toContain(place);
      expect(stderr).toContain('help: ');
      expect(code).toBe(1);
    });

    it('reports a rejected promise that nobody caught, with its line', async () => {
      const { code, stderr } = await run([
        'floating.ts',
        '--quiet',
        '--source',
        'lines=generate:words?count=40',
        '--rate',
        '200',
      ]);
      expect(stderr).toContain('error[RG030]: code of the job threw outside of any operator: RangeError: too late');
      expect(stderr).toContain('--> floating.ts:');
      expect(stderr.match(/^error/gm)).toHaveLength(1);
      expect(code).toBe(1);
    });

    it.each([
      {
        what: 'a missing file',
        uri: 'file:nowhere.txt',
        error: "error[RG040]: there is no file 'nowhere.txt'",
        exit: 5,
      },
      { what: 'a folder', uri: 'file:.', error: "error[RG041]: '.' is a folder", exit: 5 },
      {
        what: 'a refused port',
        uri: 'tcp://localhost:1',
        error: 'error[RG043]: nothing listens on localhost:1',
        exit: 5,
      },
      {
        what: 'an empty file',
        uri: 'file:empty.txt',
        error: "error[RG045]: source 'lines' ended without any record",
        exit: 1,
      },
    ])('says what is wrong with $what', async ({ uri, error, exit }) => {
      const { code, stdout, stderr } = await run(['job.mjs', '--source', `lines=${uri}`]);
      expect(stderr).toContain(error);
      expect(stderr).toContain('--> command line');
      expect(stderr).toContain('help: ');
      expect(stderr.match(/^error/gm)).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    });

    it('points to the source in the job when no flag named it', async () => {
      const { code, stderr } = await run(['job.ts'], { cwd: folderOf({ 'job.ts': WORDS_JOB }) });
      expect(stderr).toContain("error[RG040]: there is no file 'lines.txt'");
      expect(stderr).toContain("--> job.ts:6:5\n   |\n6  |   t.source('lines', textFile('lines.txt'))\n   |     ^");
      expect(code).toBe(5);
    });

    it('takes an input without records when none: says so', async () => {
      expect((await run(['job.mjs', '--source', 'lines=none:', '--quiet'])).code).toBe(0);
    });

    it('reads what a server sends, up to the end of the connection', async () => {
      const server = createServer((socket) => socket.end('hello wide\nworld\n'));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const { port } = server.address() as { readonly port: number };
      const outcome = await run(['job.mjs', '--quiet', '--source', `lines=tcp://localhost:${port}?onClose=end`]);
      expect(outcome).toEqual({ code: 0, stdout: '(hello,1)\n(wide,1)\n(world,1)\n', stderr: '' });
    });
  },
);
