/** A socket cannot be read again: what a driver took from it, and wrote down, is there after a `kill -9`, in both modes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Launched, launch, projectFolderOf } from '../cli/command.js';
import { until } from './lives.js';
import { MODES, visibleFiles } from './numbers.js';

/** Lines that the server sends, once. */
const LINES = 500;

/** The kill comes before the first batch is cut, but for a tick that falls between, and long before the first checkpoint. */
const JOB = `
import { seconds, topology } from 'raingauge';
import { textFile } from 'raingauge/sinks';
import { tcp } from 'raingauge/sources';

export default topology('lines', { batchInterval: seconds(3) }, (t) => {
  const lines = t.source('lines', tcp({ host: '127.0.0.1', port: Number(process.env['PORT']), onClose: 'end' }));
  lines.to('out', textFile('out'));
  lines.map((line) => ['all', 1]).runningReduce({ uid: 'total', reduce: (a, b) => a + b }).to('totals', textFile('totals'));
});
`;

const servers: Server[] = [];
const lives: Launched[] = [];
afterEach(() => {
  for (const { child } of lives.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

/** A server that sends its lines to whoever connects first, and nothing to whoever comes then. */
async function serve(): Promise<number> {
  let connections = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (++connections > 1) socket.end();
    else socket.write(Array.from({ length: LINES }, (_, n) => `line ${n}\n`).join(''));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** Everything that the log of a checkpoint folder holds, as text. */
function logOf(folder: string): string {
  const log = join(folder, 'progress', 'log');
  return existsSync(log)
    ? readdirSync(log)
        .map((name) => readFileSync(join(log, name), 'latin1'))
        .join('')
    : '';
}

function linesIn(folder: string): readonly string[] {
  return visibleFiles(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1));
}

it.each(MODES)('what was taken from a socket outlives the driver, %s', async (mode) => {
  const cwd = projectFolderOf({ 'job.mjs': JOB });
  const env = { PORT: String(await serve()) };
  const words = ['run', 'job.mjs', '--mode', mode, '--checkpoint', 'progress', '--checkpoint-interval', '60s'];
  const first = launch(words, { cwd, env });
  lives.push(first);
  // The last line is written down: from here on it is safe.
  await until(() => logOf(cwd).includes(`line ${LINES - 1}`), first);
  first.child.kill('SIGKILL');
  expect((await first.ended).code).toBeNull();
  const second = launch(words, { cwd, env });
  lives.push(second);
  const { code, stderr } = await second.ended;
  expect(code, stderr).toBe(0);
  const all = Array.from({ length: LINES }, (_, n) => `line ${n}`);
  expect(new Set(linesIn(join(cwd, 'out')))).toEqual(new Set(all));
  expect(linesIn(join(cwd, 'totals')).at(-1)).toContain(String(LINES));
});

it.each(MODES)('a socket that breaks is told on stderr, and read on when it is there again, %s', async (mode) => {
  let connections = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    connections += 1;
    if (connections < 3) socket.end(`line ${connections}\n`);
    else socket.write('line 3\n');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cwd = projectFolderOf({ 'job.mjs': JOB.replace("onClose: 'end'", 'reconnectsMax: 2') });
  const life = launch(['run', 'job.mjs', '--mode', mode, '--batch-interval', '100ms', '--records', '3'], {
    cwd,
    env: { PORT: String(port) },
  });
  lives.push(life);
  const { code, stderr } = await life.ended;
  expect(code, stderr).toBe(0);
  const told = stderr.split('\n').filter((line) => line.includes("source 'lines'"));
  const closed = `warning: source 'lines': 127.0.0.1:${port} closed the connection; attempt 1 of 2 in 200 ms`;
  const connected = `source 'lines': connected to 127.0.0.1:${port} again`;
  expect(told).toEqual([closed, connected, closed, connected]);
  expect(linesIn(join(cwd, 'out')).toSorted()).toEqual(['line 1', 'line 2', 'line 3']);
});
