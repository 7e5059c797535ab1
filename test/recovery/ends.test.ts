/** Sources and sinks of files and of the network, while the driver, or the other side, is killed at random instants. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/kafka/free-port.js';
import { prng } from '../../src/core/prng.js';
import type { Mode } from '../../src/runtime/events.js';
import { isWide } from '../breadth.js';
import { launch, type Outcome, projectFolderOf, untilSays } from '../cli/command.js';
import { isLong, MODES } from './numbers.js';

const RECORDS = isLong ? 20_000 : 1_000;
const KILLS = isLong ? 20 : 1;
/** The exit code of a job that was asked to stop; none when it had not begun to listen yet, since all was done by an earlier life. */
const INTERRUPTED: readonly unknown[] = [130, null];
/** Requests of clients that are under way at a time: each waits for a checkpoint. */
const CLIENTS = 20;
/** The longest that a driver lives before it is killed (ms). */
const LIFE_MS_MAX = 900;
const LOOK_MS = 50;

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

/** Lines, or values of a generator, go out as they came in. */
const job = (source: string): string => `
import { seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { generator } from 'raingauge/sources';

export default topology('ends', { batchInterval: seconds(0.1) }, (t) => {
  t.source('in', ${source}).map((n) => Number(n)).to('out', none());
});
`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a job, kills it at seeded instants, and ends it when it is done: with SIGINT, unless it ends by itself. */
async function liveOn(words: readonly string[], folder: string, seed: string, isDone: () => boolean): Promise<Outcome> {
  const random = prng(1).fork(seed);
  const all = [
    'run',
    'job.mjs',
    '--log-level',
    'info',
    '--checkpoint',
    'progress',
    '--checkpoint-interval',
    '200ms',
    ...words,
  ];
  for (let kills = 0; ; kills++) {
    const life = launch(all, { cwd: folder });
    let hasEnded = false;
    const ended = life.ended.finally(() => {
      hasEnded = true;
    });
    await untilSays(life, 'jobStarted').catch(() => undefined);
    if (kills < KILLS) {
      await pause(random.float() * LIFE_MS_MAX);
      if (!hasEnded) life.child.kill('SIGKILL');
      const { code, stderr } = await ended;
      if (code !== null) throw new Error(`it ended by itself with ${code}:\n${stderr}`);
      continue;
    }
    while (!hasEnded && !isDone()) await pause(LOOK_MS);
    life.child.kill('SIGINT');
    return ended;
  }
}

/** How often each number is in the files of a folder. */
function countsIn(folder: string): Uint32Array {
  const counts = new Uint32Array(RECORDS);
  for (const name of namesIn(folder)) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n'))
      if (line !== '') counts[Number(line)]! += 1;
  }
  return counts;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^part-[\d.]+-\d+$/.test(name));
  } catch {
    return [];
  }
}

const lostIn = (counts: Uint32Array): readonly number[] => [...counts.keys()].filter((n) => counts[n] === 0);
const isAll = (folder: string): boolean => lostIn(countsIn(folder)).length === 0;

describe.each(MODES)('%s', (mode: Mode) => {
  it('what was told to be safe over HTTP is never lost', async () => {
    const port = await freePort();
    const folder = projectFolderOf({ 'job.mjs': job('generator((n) => n)') });
    const sent = new Uint32Array(RECORDS);
    let next = 0;
    let safe = 0;
    const send = async (): Promise<void> => {
      while (next < RECORDS) {
        const from = next;
        next += 10;
        const numbers = Array.from({ length: 10 }, (_, n) => from + n);
        const body = numbers.map((n) => `${n}\n`).join('');
        for (let status = 0; status !== 200; ) {
          for (const n of numbers) sent[n]! += 1;
          const answer = await fetch(`http://127.0.0.1:${port}/in`, { method: 'POST', body }).catch(() => undefined);
          await answer?.text().catch(() => undefined);
          status = answer?.status ?? 0;
          // Nobody is there: it is being started again.
          if (status === 0) await pause(LOOK_MS);
        }
        safe += 10;
      }
    };
    const clients = Promise.all(Array.from({ length: CLIENTS }, send));
    const ends = ['--mode', mode, '--source', `in=http://127.0.0.1:${port}/in`, '--sink', 'out=file:out'];
    const { code, stderr } = await liveOn(
      ends,
      folder,
      `http ${mode}`,
      () => safe === RECORDS && isAll(join(folder, 'out')),
    );
    await clients;
    expect(INTERRUPTED, stderr).toContain(code);
    const counts = countsIn(join(folder, 'out'));
    expect(lostIn(counts)).toEqual([]);
    // Record mode replays by itself what no checkpoint holds; micro-batches write the same intervals again.
    if (mode === 'micro-batch') {
      expect([...counts.keys()].filter((n) => counts[n]! > 1 && sent[n] === 1)).toEqual([]);
    }
  });

  // In each mode one of both, but in CI and in a long run.
  it.each(
    [
      { kills: 'both sides are killed: a webhook loses nothing', isKilled: true },
      { kills: 'nothing is killed: the keys of a webhook make it once', isKilled: false },
    ].filter(({ isKilled }) => isWide || isKilled === (mode === 'record')),
  )('$kills', async ({ isKilled }) => {
    const random = prng(2).fork(mode);
    const bodies = new Map<string, string>();
    const counts = new Uint32Array(RECORDS);
    const server = createServer(async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const [key, body] = [String(request.headers['idempotency-key']), Buffer.concat(chunks).toString()];
      const chance = random.below(10);
      if (chance === 0) return void response.writeHead(503).end();
      if (chance === 1) return void request.socket.resetAndDestroy();
      const known = bodies.get(key);
      if (known === undefined) for (const line of body.trim().split('\n')) counts[Number(line)]! += 1;
      else expect(body).toBe(known);
      bodies.set(key, body);
      // Taken, and nobody hears of it.
      if (chance === 2) return void request.socket.resetAndDestroy();
      response.end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const folder = projectFolderOf({ 'job.mjs': job(`generator((n) => n, { count: ${RECORDS} })`) });
    const words = [
      '--mode',
      mode,
      '--sink',
      `out=http://me:hunter2@127.0.0.1:${port}/?token=hunter3`,
      '--rate',
      isLong ? '500' : '400',
    ];
    const outcome = isKilled
      ? await liveOn(words, folder, `webhook ${mode}`, () => false)
      : await launch(['run', 'job.mjs', '--json', '--log-level', 'trace', ...words], { cwd: folder }).ended;
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(lostIn(counts)).toEqual([]);
    if (!isKilled) expect([...counts].filter((count) => count > 1)).toEqual([]);
    expect(outcome.stdout + outcome.stderr).not.toMatch(/hunter/);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.(json|log|bin)$/.test(path),
    )) {
      expect(readFileSync(join(folder, name), 'latin1')).not.toMatch(/hunter/);
    }
  });

  const some = mode === 'record' ? (['tail'] as const) : (['folder'] as const);
  const kinds = isWide ? (['folder', 'folder of two partitions', 'tail'] as const) : some;
  it.each(kinds)('a %s gives each line exactly once', async (kind) => {
    const folder = projectFolderOf({ 'job.mjs': job('generator((n) => n)') });
    const [inside, log] = [join(folder, 'in'), join(folder, 'app.log')];
    mkdirSync(inside);
    writeFileSync(log, '');
    let isWritten = false;
    const writer = (async () => {
      const random = prng(3).fork(`${kind} ${mode}`);
      for (let n = 0, file = 0; n < RECORDS; file++) {
        const lines = Array.from({ length: Math.min(RECORDS - n, 1 + random.below(40)) }, () => `${n++}\n`).join('');
        if (kind !== 'tail') {
          writeFileSync(join(folder, 'part'), lines);
          renameSync(join(folder, 'part'), join(inside, `f${random.below(1_000)}-${file}`));
        } else {
          appendFileSync(log, lines);
          if (random.below(8) === 0) {
            renameSync(log, `${log}.${String(file).padStart(6, '0')}`);
            appendFileSync(log, '');
          }
        }
        await pause(LOOK_MS);
      }
      isWritten = true;
    })();
    const shared = kind === 'folder of two partitions' ? '&partitions=2' : '';
    const source = kind === 'tail' ? 'in=tail:app.log' : `in=folder:in?scanEvery=50ms${shared}`;
    const words = ['--mode', mode, '--guarantee', 'exactly-once', '--source', source, '--sink', 'out=file:out'];
    const { code, stderr } = await liveOn(
      words,
      folder,
      `${kind} ${mode}`,
      () => isWritten && isAll(join(folder, 'out')),
    );
    await writer;
    expect(INTERRUPTED, stderr).toContain(code);
    const counts = countsIn(join(folder, 'out'));
    expect([...counts.keys()].filter((n) => counts[n] !== 1)).toEqual([]);
  });
});
