/** Tests of the webhook against real servers on the loopback: batches, keys, what is tried again and what is set aside. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/kafka/free-port.js';
import { openSink } from '../../src/connectors/open-sink.js';
import { backOff } from '../../src/connectors/webhook-request.js';
import { createRealWorld, realScheduler } from '../../src/runtime/real-world.js';
import type { SetAside } from '../../src/runtime/set-aside.js';
import type { SinkWriter } from '../../src/runtime/sink.js';
import type { Scheduler } from '../../src/runtime/world.js';
import { webhook } from '../../src/topology/network-specs.js';

interface Seen {
  readonly lines: readonly string[];
  readonly key: string;
  readonly authorization: string | undefined;
}

const real = createRealWorld();
const context = { timestamp: 0, windowEnd: Number.NaN, partition: 0 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers what `answer` says: a status with a text, or nothing at all. */
async function serve(
  answer: (request: number, seen: Seen) => number | [number, string, object?] | 'nothing' | 'reset',
) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const { authorization, 'idempotency-key': key } = request.headers;
    const one = { lines: body.split('\n').slice(0, -1), key: String(key), authorization };
    const said = answer(seen.push(one), one);
    if (said === 'nothing') return;
    if (said === 'reset') return void request.socket.resetAndDestroy();
    const [status, text = '', headers = {}] = typeof said === 'number' ? [said] : said;
    response.writeHead(status, { ...headers }).end(text);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { seen, server, url: `127.0.0.1:${(server.address() as { port: number }).port}/hook` };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

/** The time-out of a request, which is the spec's default of 10 s and longer than any wait here. */
const isTimeout = (wait: number): boolean => wait > 9_000_000;

/** Waits are written down and cut short; time-outs wait until they are called. */
class Impatient implements Scheduler {
  readonly waits: number[] = [];
  soon = realScheduler.soon;
  #timeout: (() => void) | undefined;

  at(time: number, run: () => void) {
    const wait = time - real.clock.now();
    if (isTimeout(wait)) {
      this.#timeout = run;
      return { cancel: () => undefined };
    }
    this.waits.push(wait);
    return realScheduler.at(0, run);
  }

  /** The latest request is late now. */
  timeOut(): void {
    this.#timeout?.();
  }
}

async function open(url: string, options: object = {}, scheduler: Scheduler = new Impatient()) {
  const letters: SetAside[] = [];
  const { functions = {}, ...spec } = webhook(url, options);
  const sink = await openSink({ name: 'out', ...spec, delivery: 'record' }, (role) => functions[role], {
    world: { ...real, scheduler },
    setAside: (letter) => void letters.push(letter),
  });
  return { sink, letters };
}

function accept(sink: SinkWriter, ...values: unknown[]): void {
  for (const value of values) sink.accept(value, context);
}

describe('the webhook', () => {
  it('sends results in order, some at a time, and is out when it says so', async () => {
    const { seen, url } = await serve(() => 204);
    const { sink } = await open(`http://${url}`, { batchMax: 3 });
    accept(sink, 1, 'two', { three: 3 }, [4], null);
    sink.flush();
    await sink.synced!();
    expect(seen.map(({ lines }) => lines)).toEqual([
      ['1', '"two"', '{"three":3}'],
      ['[4]', 'null'],
    ]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(2);
    await sink.close();
  });

  it('with ids sends each result by itself, under a key that is the same when the job gives it again', async () => {
    const { seen, url } = await serve(() => 204);
    const { sink } = await open(`http://${url}`, { ids: true });
    for (const [value, id] of [
      ['a', 'x/lines/0/7.0'],
      ['b', 'x/w/s3:a b/1000.0'],
      ['a', 'x/lines/0/7.0'],
      ['c', undefined],
      ['c', undefined],
    ])
      sink.accept(value, { ...context, id });
    await sink.close();
    expect(seen.map(({ lines }) => lines)).toEqual([['"a"'], ['"b"'], ['"a"'], ['"c"'], ['"c"']]);
    const [first, other, again, ...unnamed] = seen.map(({ key }) => key);
    expect([first, other, again]).toEqual(['out-x%2Flines%2F0%2F7.0', 'out-x%2Fw%2Fs3%3Aa%20b%2F1000.0', first]);
    expect(unnamed[0]).not.toBe(unnamed[1]);
    expect(() => webhook(`http://${url}`, { ids: true, batchMax: 2 })).toThrow(/RG011|batchMax is 2/);
  });

  it('sends nothing when there is nothing', async () => {
    const { seen, url } = await serve(() => 200);
    const { sink } = await open(`http://${url}`);
    sink.flush();
    await sink.close();
    expect(seen).toEqual([]);
  });

  it.each<[string, Parameters<typeof serve>[0]]>([
    ['500', (n) => (n < 3 ? 500 : 200)],
    ['429', (n) => (n < 3 ? 429 : 200)],
    ['a broken connection', (n) => (n < 3 ? 'reset' : 200)],
    ['no answer', (n) => (n < 3 ? 'nothing' : 200)],
  ])('tries again after %s, with the same key and after growing waits', async (_what, answer) => {
    const scheduler = new Impatient();
    const { seen, url } = await serve((n, one) => {
      const said = answer(n, one);
      if (said === 'nothing') scheduler.timeOut();
      return said;
    });
    const { sink, letters } = await open(`http://${url}`, {}, scheduler);
    accept(sink, 'a', 'b');
    await sink.close();
    expect(seen.map(({ lines }) => lines)).toEqual(Array(3).fill(['"a"', '"b"']));
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(letters).toEqual([]);
    expect(scheduler.waits).toHaveLength(2);
    const [first, second] = scheduler.waits as [number, number];
    expect(first > 90_000 && first <= 200_000 && second > 190_000 && second <= 400_000).toBe(true);
  });

  it('waits as long as it is asked to', async () => {
    const { url } = await serve((n) => (n === 1 ? [503, '', { 'retry-after': '7' }] : 200));
    const scheduler = new Impatient();
    const { sink } = await open(`http://${url}`, {}, scheduler);
    accept(sink, 'a');
    await sink.close();
    expect(scheduler.waits.map((wait) => Math.round(wait / 1_000_000))).toEqual([7]);
  });

  it('sets results aside that are refused for good, with the answer, and goes on', async () => {
    const { seen, url } = await serve((n) => (n === 1 ? [400, `no such\nthing ${'x'.repeat(100_000)}`] : 200));
    const { sink, letters } = await open(`http://me:hunter2@${url}`, { batchMax: 2 });
    accept(sink, 'a', 'b', 'c');
    await sink.close();
    expect(seen.map(({ lines }) => lines)).toEqual([['"a"', '"b"'], ['"c"']]);
    expect(letters.map(({ offset, value }) => [offset, value])).toEqual([
      [0, { bytes: 3, base64: Buffer.from('"a"').toString('base64') }],
      [1, { bytes: 3, base64: Buffer.from('"b"').toString('base64') }],
    ]);
    const { code, message } = letters[0]!.error;
    expect(code).toBe('RG049');
    expect(message).toMatch(
      /^http:\/\/\*\*\*@127.0.0.1:\d+\/hook will not take a result of sink 'out': answered 400: no such thing x+…$/,
    );
    expect(message.length).toBeLessThan(400);
  });

  it('does not follow to another place, where the results were not meant to go', async () => {
    const { seen, url } = await serve(() => [302, '', { location: '/other' }]);
    const { sink, letters } = await open(`http://${url}`);
    accept(sink, 'a');
    await sink.close();
    expect([seen.length, letters.length]).toEqual([1, 1]);
  });

  it('fails the job after so many attempts, and says what was answered', async () => {
    const { seen, url } = await serve(() => [500, 'out of order']);
    const { sink } = await open(`http://me:hunter2@${url}`, { attemptsMax: 3 });
    accept(sink, 'a');
    sink.flush();
    const failure = expect.objectContaining({
      code: 'RG046',
      message: expect.stringMatching(
        /^sink 'out' cannot send 1 results to http:\/\/\*\*\*@127.0.0.1:\d+\/hook: it answered 500: out of order, 3 times$/,
      ),
    });
    await expect(sink.synced!()).rejects.toEqual(failure);
    expect([seen.length, sink.failure, sink.ready]).toEqual([3, failure, true]);
    await expect(sink.close()).rejects.toEqual(failure);
  });

  it('names a server that is not there', async () => {
    const { sink } = await open(`http://127.0.0.1:${await freePort()}/hook`, { attemptsMax: 2 });
    accept(sink, 'a');
    await expect(sink.close()).rejects.toMatchObject({
      code: 'RG046',
      message: expect.stringContaining('it did not answer: ECONNREFUSED, 2 times'),
    });
  });

  it('sends user and password in a header, and shows them nowhere', async () => {
    const { seen, url } = await serve(() => 200);
    const spec = webhook(`http://me:hunter2@${url}?token=hunter3`, { headers: { 'x-key': 'hunter4' } });
    expect(JSON.stringify({ ...spec, functions: undefined })).not.toMatch(/hunter/);
    const { sink } = await open(`http://me:hunter2@${url}`);
    accept(sink, 'a');
    await sink.close();
    expect(seen[0]!.authorization).toBe(`Basic ${Buffer.from('me:hunter2').toString('base64')}`);
  });

  it('is not ready while too much waits, and again when it has gone', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = createServer((request, response) => {
      request.resume();
      held.then(() => response.end()).catch(() => undefined);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { sink } = await open(`http://127.0.0.1:${(server.address() as { port: number }).port}`, { batchMax: 10 });
    for (let i = 0; i < 170; i++) accept(sink, i);
    expect(sink.ready).toBe(false);
    const ready = new Promise<void>((resolve) => sink.onReady(resolve));
    release();
    await ready;
    expect(sink.ready).toBe(true);
    await sink.close();
  });

  it('waits between half and all of a time that doubles, never longer than 30 s, as attempt and key say', () => {
    const waits = Array.from({ length: 12 }, (_, i) => backOff(i + 1, 'key'));
    for (const [i, wait] of waits.entries()) {
      const longest = Math.min(30_000_000, 200_000 * 2 ** i);
      expect(wait >= longest / 2 && wait <= longest).toBe(true);
    }
    expect(waits).toEqual(Array.from({ length: 12 }, (_, i) => backOff(i + 1, 'key')));
    expect(backOff(1, 'other')).not.toBe(waits[0]);
  });

  it('is no webhook without an http URL', () => {
    expect(() => webhook('ftp://me:hunter2@x/')).toThrow("'ftp://***@x/' is no http or https URL");
  });
});
