/** Tests of the TCP source against real servers on the loopback. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openTcpSource, RECONNECT_DELAY } from '../../src/connectors/tcp-source.js';
import { realClock, realScheduler } from '../../src/runtime/real-world.js';
import type { RawSource, ReceiverNews } from '../../src/runtime/source.js';
import type { Scheduler } from '../../src/runtime/world.js';
import { drain, takeSome } from '../conformance/drain.js';

const spec = {
  host: '127.0.0.1',
  onClose: 'reconnect',
  reconnectsMax: 3,
  invalidUtf8: 'replace',
  lineBytesMax: 1_000,
} as const;

/** Waits are asked for, written down, and cut short: no test sleeps through a back-off. */
class Impatient implements Scheduler {
  readonly waits: number[] = [];
  soon = realScheduler.soon;
  at(time: number, run: () => void) {
    this.waits.push(Math.round((time - realClock.now()) / 100_000) * 100_000);
    return realScheduler.at(0, run);
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(
  serveOne: (socket: Socket, connection: number) => void,
  port = 0,
): Promise<{ server: Server; port: number }> {
  let connections = 0;
  const server = createServer((socket) =>
    serveOne(
      socket.on('error', () => undefined),
      ++connections,
    ),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

function open(
  port: number,
  options: object = {},
  scheduler: Scheduler = new Impatient(),
  tell?: (news: ReceiverNews) => void,
): Promise<RawSource> {
  return openTcpSource({ ...spec, port, ...options }, { clock: realClock, scheduler }, tell);
}

describe('the tcp source', () => {
  it('fails at once with what to do when nothing listens', async () => {
    const { server, port } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    await expect(open(port)).rejects.toMatchObject({
      code: 'RG043',
      message: `nothing listens on 127.0.0.1:${port}`,
      hint: `start a server first, for example: nc -lk ${port}`,
    });
  });

  it('gives lines as they come, over cut packets', async () => {
    const sockets: Socket[] = [];
    const { port } = await serve((socket) => void sockets.push(socket));
    const source = await open(port);
    const partition = source.partitions[0]!;
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    sockets[0]!.write('one\ntw');
    expect(await takeSome(partition, 1)).toEqual(['one']);
    expect(partition.take([], 1)).toBe('idle');
    sockets[0]!.write('o\nthree\n');
    expect(await takeSome(partition, 2)).toEqual(['two', 'three']);
    await source.close();
    expect(await drain(partition)).toEqual({ values: [], outcome: 'ended' });
  });

  it('connects again as often as the server closes after some data, and counts the cut line', async () => {
    const { port } = await serve((socket, connection) => void socket.end(`${connection} a\n${connection} b`));
    const source = await open(port);
    const lines = await takeSome(source.partitions[0]!, 10);
    expect(lines).toEqual([1, 2, 3, 4, 5].flatMap((n) => [`${n} a`, `${n} b`]));
    await source.close();
  });

  it('gives up after attempts with growing waits when the server is gone in the middle', async () => {
    const scheduler = new Impatient();
    const { server, port } = await serve((socket) => {
      socket.write('one\n');
      server.close();
      setImmediate(() => socket.resetAndDestroy());
    });
    const source = await open(port, {}, scheduler);
    const { values, outcome } = await drain(source.partitions[0]!);
    expect(values).toEqual(['one']);
    expect(outcome).toMatchObject({ code: 'RG043' });
    expect(scheduler.waits).toEqual([RECONNECT_DELAY, 2 * RECONNECT_DELAY, 4 * RECONNECT_DELAY]);
    await source.close();
  });

  it('tells each attempt with its wait and limit, and that it is connected again', async () => {
    const news: string[] = [];
    const { server, port } = await serve((socket, connection) => {
      if (connection === 2) server.close();
      socket.end(`${connection}\n`);
    });
    const source = await open(port, {}, new Impatient(), (said) => {
      const how =
        said.kind === 'receiverError' ? ` (${said.attempt} of ${said.attemptsMax}, ${said.delay / 1_000} ms)` : '';
      news.push(`${said.message.replace(String(port), 'PORT')}${how}`);
    });
    expect((await drain(source.partitions[0]!)).values).toEqual(['1', '2']);
    expect(news).toEqual([
      '127.0.0.1:PORT closed the connection (1 of 3, 200 ms)',
      'connected to 127.0.0.1:PORT again',
      '127.0.0.1:PORT closed the connection (1 of 3, 200 ms)',
      'nothing listens on 127.0.0.1:PORT (2 of 3, 400 ms)',
      'nothing listens on 127.0.0.1:PORT (3 of 3, 800 ms)',
    ]);
    await source.close();
  });

  it('gives up on a server that takes connections and sends nothing', async () => {
    const { port } = await serve((socket) => void socket.end());
    const source = await open(port);
    expect((await drain(source.partitions[0]!)).outcome).toMatchObject({ code: 'RG043' });
    await source.close();
  });

  it('ends with the connection by option', async () => {
    const { port } = await serve((socket) => void socket.end('one\ntwo'));
    const source = await open(port, { onClose: 'end' });
    expect(await drain(source.partitions[0]!)).toEqual({ values: ['one', 'two'], outcome: 'ended' });
    await source.close();
  });

  it('closes while it waits to connect again', async () => {
    const { server, port } = await serve((socket) => {
      server.close();
      socket.end('one\n');
    });
    let isWaiting: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      isWaiting = resolve;
    });
    const never: Scheduler['at'] = () => {
      isWaiting();
      return { cancel: () => undefined };
    };
    const source = await open(port, {}, { soon: realScheduler.soon, at: never });
    await waiting;
    await source.close();
    expect((await drain(source.partitions[0]!)).outcome).toBe('ended');
  });

  it('fails on a line that is too long', async () => {
    const { port } = await serve((socket) => void socket.write(`ok\n${'x'.repeat(2_000)}`));
    const source = await open(port);
    expect(await drain(source.partitions[0]!)).toMatchObject({ values: ['ok'], outcome: { code: 'RG044' } });
    await source.close();
  });
});
