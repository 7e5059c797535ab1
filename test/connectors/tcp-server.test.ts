/** Tests of the TCP server as a source, with real clients on the loopback. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesFormat } from '../../src/connectors/formats/binary-formats.js';
import { jsonFormat } from '../../src/connectors/formats/text-formats.js';
import { openTcpServerSource, type TcpServerSource } from '../../src/connectors/tcp-server-source.js';
import { VALUES_BUFFERED_MAX } from '../../src/connectors/value-buffer.js';
import type { SetAside } from '../../src/runtime/set-aside.js';
import { tcpServer } from '../../src/topology/network-specs.js';
import { drain, takeSome, woken } from '../conformance/drain.js';

const sources: TcpServerSource[] = [];
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
});

async function open(
  options: object = {},
  format?: typeof jsonFormat,
  onUndecodable: 'dead-letter' | 'fail' = 'dead-letter',
) {
  const letters: SetAside[] = [];
  const setAside = (letter: SetAside): void => void letters.push(letter);
  const settings = { ...tcpServer({ port: 1, ...options }).options, port: 0 } as never;
  const source = await openTcpServerSource(settings, setAside, format && { format, onUndecodable, setAside });
  sources.push(source);
  return { source, partition: source.partitions[0]!, letters };
}

async function client(source: TcpServerSource): Promise<Socket> {
  const socket = connect(source.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

describe('the tcp server', () => {
  it('cuts the lines of each connection by itself', async () => {
    const { source, partition } = await open();
    const [a, b] = [await client(source), await client(source)];
    a.write('one\ntw');
    expect(await takeSome(partition, 1)).toEqual(['one']);
    b.write('eins\nzw');
    expect(await takeSome(partition, 1)).toEqual(['eins']);
    a.write('o\n');
    expect(await takeSome(partition, 1)).toEqual(['two']);
    b.end('ei');
    expect(await takeSome(partition, 1)).toEqual(['zwei']);
    const gone = closed(a);
    a.resetAndDestroy();
    await gone;
    const c = await client(source);
    c.end('still there');
    expect(await takeSome(partition, 1)).toEqual(['still there']);
  });

  it('closes a connection too many at once, and counts it', async () => {
    const { source, partition } = await open({ connectionsMax: 1 });
    const first = await client(source);
    first.write('a\n');
    await takeSome(partition, 1);
    const second = await client(source);
    second.resume();
    await closed(second);
    expect(source.counters!()['refusedConnections']).toBe(1);
    first.write('b\n');
    expect(await takeSome(partition, 1)).toEqual(['b']);
  });

  it('ends the connection of a line that is too long, sets it aside, and goes on with the others', async () => {
    const { source, partition, letters } = await open({ lineBytesMax: 1_000 });
    const [good, bad] = [await client(source), await client(source)];
    bad.resume();
    const gone = closed(bad);
    bad.write(`ok\n${'x'.repeat(100_000)}`);
    expect(await takeSome(partition, 1)).toEqual(['ok']);
    await gone;
    good.write('fine\n');
    expect(await takeSome(partition, 1)).toEqual(['fine']);
    expect(letters).toEqual([
      expect.objectContaining({
        error: expect.objectContaining({
          code: 'RG044',
          message: 'line 2 of the connection from 127.0.0.1 is longer than 1000 bytes',
        }),
      }),
    ]);
  });

  it('does not read on while nobody takes', async () => {
    const { source, partition } = await open();
    const socket = await client(source);
    const line = `${'x'.repeat(99)}\n`;
    const sent = 2_000_000;
    let written = 0;
    const writing = new Promise<void>((resolve) => {
      const more = (): void => {
        if (written >= sent) resolve();
        else socket.write(line.repeat(1_000), () => more());
        written += 1_000;
      };
      more();
    });
    const values = await takeSome(partition, VALUES_BUFFERED_MAX);
    expect(written).toBeLessThan(sent / 4);
    socket.destroy();
    expect(values).toHaveLength(VALUES_BUFFERED_MAX);
    await Promise.race([writing, closed(socket)]);
  });

  it('sets aside what does not decode, in its place among the lines', async () => {
    const { source, partition, letters } = await open({}, jsonFormat);
    const socket = await client(source);
    socket.end('1\nx\n2\n');
    expect(await takeSome(partition, 2)).toEqual([1, 2]);
    expect(letters.map(({ offset }) => offset)).toEqual([1]);
    expect(source.counters!()).toMatchObject({ undecodableRecords: 1 });
  });

  it('fails the job for what does not decode, by option', async () => {
    const { source, partition } = await open({}, jsonFormat, 'fail');
    (await client(source)).end('1\nx\n2\n');
    expect(await drain(partition)).toMatchObject({ values: [1], outcome: { code: 'RG048' } });
  });

  it('takes records behind their length; one that is cut off is set aside', async () => {
    const { source, partition, letters } = await open({}, bytesFormat);
    const socket = await client(source);
    socket.end(Buffer.from([0, 0, 0, 2, 10, 13, 0, 0, 0, 9, 1]));
    expect(await takeSome(partition, 1)).toEqual([Uint8Array.of(10, 13)]);
    await woken(partition);
    expect(partition.take([], 1)).toBe('idle');
    expect(letters.map(({ error }) => error.message)).toEqual([
      'record 2 of the connection from 127.0.0.1 is cut off after 5 of 13 bytes',
    ]);
  });

  it('ends when it is closed, with what it has', async () => {
    const { source, partition } = await open();
    (await client(source)).write('a\nb');
    expect(await takeSome(partition, 1)).toEqual(['a']);
    await source.close();
    expect(await drain(partition)).toEqual({ values: [], outcome: 'ended' });
  });
});
