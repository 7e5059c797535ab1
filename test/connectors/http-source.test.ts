/** Tests of the HTTP source with real requests on the loopback: what is taken, what is refused, and when a client hears that it is safe. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { jsonFormat } from '../../src/connectors/formats/text-formats.js';
import { type HttpSource, openHttpSource } from '../../src/connectors/http-source.js';
import { VALUES_BUFFERED_MAX } from '../../src/connectors/value-buffer.js';
import { realClock, realScheduler } from '../../src/runtime/real-world.js';
import type { SetAside } from '../../src/runtime/set-aside.js';
import type { Scheduler } from '../../src/runtime/world.js';
import { http } from '../../src/topology/network-specs.js';
import { drain, takeSome, woken } from '../conformance/drain.js';

const open_: HttpSource[] = [];
const letters: SetAside[] = [];
afterEach(async () => {
  letters.length = 0;
  await Promise.all(open_.splice(0).map((source) => source.close()));
});

async function open(options: object = {}, json = false, scheduler: Scheduler = realScheduler, from = 0) {
  const settings = { ...http({ port: 1, ...options }).options, port: 0 } as never;
  const setAside = (letter: SetAside): void => void letters.push(letter);
  const decoding = json ? { format: jsonFormat, onUndecodable: 'dead-letter' as const, setAside } : undefined;
  const source = await openHttpSource(settings, { clock: realClock, scheduler }, decoding, from);
  open_.push(source);
  const [partition] = source.partitions;
  return { source, partition: partition!, url: `http://127.0.0.1:${source.port}/` };
}

const post = (url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: Buffer.from(body), headers });

describe('the http source', () => {
  it('gives a receipt when the records are committed, and not before', async () => {
    const { partition, url } = await open();
    let answered = '';
    const one = post(url, 'a\nb\n').then(async (response) => {
      answered += `one ${response.status} ${await response.text()}`;
    });
    expect(await takeSome(partition, 2)).toEqual(['a', 'b']);
    const two = post(url, 'c').then(async (response) => {
      answered += `two ${response.status} ${await response.text()}`;
    });
    expect(await takeSome(partition, 1)).toEqual(['c']);
    partition.commit!(1);
    // A round trip on another connection: an answer that had been given would be here.
    expect((await fetch(url)).status).toBe(405);
    expect(answered).toBe('');
    partition.commit!(2);
    await one;
    expect(answered).toBe('one 200 {"records":2}\n');
    partition.commit!(3);
    await two;
    expect(answered).toContain('two 200 {"records":1}\n');
  });

  it('counts its records on from those of an earlier process', async () => {
    const { partition, url } = await open({}, false, realScheduler, 70);
    const answer = post(url, 'a');
    await takeSome(partition, 1);
    partition.commit!(70);
    partition.commit!(71);
    expect((await answer).status).toBe(200);
  });

  it('takes a body as one record', async () => {
    const { partition, url } = await open({ records: 'body' }, true);
    const answer = post(url, '{"a":\n1}');
    expect(await takeSome(partition, 1)).toEqual([{ a: 1 }]);
    partition.commit!(1);
    expect((await answer).status).toBe(200);
  });

  it.each<[string, object, () => { body: string; headers?: Record<string, string> }, number]>([
    ['a body that is too large, as its length says', { bodyBytesMax: 10 }, () => ({ body: 'x'.repeat(11) }), 413],
    ['a body that is packed', {}, () => ({ body: 'x', headers: { 'content-encoding': 'gzip' } }), 415],
    ['a line that is too long', { lineBytesMax: 3 }, () => ({ body: 'abc\nabcd\n' }), 413],
    ['invalid UTF-8 by option', { invalidUtf8: 'fail' }, () => ({ body: 'x' }), 400],
  ])('refuses %s, and takes nothing of it', async (what, options, make, status) => {
    const { source, partition, url } = await open(options);
    const { body, headers = {} } = make();
    const sent = what.startsWith('invalid') ? Uint8Array.of(0x61, 0x0a, 0xff) : body;
    expect((await post(url, sent, headers)).status).toBe(status);
    expect(partition.take([], 10)).toBe('idle');
    expect(source.counters!()['refusedRequests']).toBe(1);
  });

  it('refuses a request with a record that does not decode, whole, and sets that record aside', async () => {
    const { source, partition, url } = await open({}, true);
    const response = await post(url, '1\n2\nnope\n');
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('record 3 of a request of 127.0.0.1'),
    ]);
    expect(partition.take([], 10)).toBe('idle');
    expect(letters).toEqual([expect.objectContaining({ offset: 0, value: { bytes: 4, base64: 'bm9wZQ==' } })]);
    await post(url, '\n'.repeat(500_000));
    expect(letters).toHaveLength(2);
    expect(source.counters!()).toMatchObject({ refusedRequests: 2, undecodableRecords: 2 });
  });

  it('knows one path and one method', async () => {
    const { url } = await open({ path: '/in' });
    expect((await post(url, 'x')).status).toBe(404);
    const get = await fetch(`${url}in?x=1`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('reads a body without end no further than the limit', async () => {
    const { partition, url } = await open({ bodyBytesMax: 1_000 });
    let sent = 0;
    const status = await new Promise<number | undefined>((resolve) => {
      const call = request(url, { method: 'POST' }, (response) => {
        resolve(response.statusCode);
        response.resume();
      });
      call.on('error', () => resolve(undefined));
      const more = (): void => {
        if (call.destroyed) return;
        sent += 65_536;
        call.write(Buffer.alloc(65_536, 'x'), more);
      };
      call.on('close', () => resolve(undefined));
      more();
    });
    expect(status).toBe(413);
    expect(sent).toBeLessThan(16 * 1_048_576);
    expect(partition.take([], 10)).toBe('idle');
  });

  it('refuses a client that asks first before it has sent anything', async () => {
    const { url, source } = await open({ bodyBytesMax: 10 });
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(source.port, '127.0.0.1');
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n`);
      socket.once('data', (bytes) => {
        resolve(String(bytes));
        socket.destroy();
      });
    });
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect((await fetch(url)).status).toBe(405);
  });

  it('says 429 and when to come again while it is behind, then takes more', async () => {
    const { partition, url } = await open({ requestsMax: 2 });
    const first = [post(url, 'a'), post(url, 'b')];
    await takeSome(partition, 2);
    const refused = await post(url, 'c');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    partition.commit!(2);
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const more = post(url, 'c');
    expect(await takeSome(partition, 1)).toEqual(['c']);
    partition.commit!(3);
    expect((await more).status).toBe(200);
  });

  it('keeps no more records than its buffer has room for', async () => {
    const { partition, url } = await open();
    const body = 'x\n'.repeat(VALUES_BUFFERED_MAX);
    const first = post(url, body);
    await woken(partition);
    expect((await post(url, 'y')).status).toBe(429);
    await takeSome(partition, VALUES_BUFFERED_MAX);
    partition.commit!(VALUES_BUFFERED_MAX);
    expect((await first).status).toBe(200);
  });

  it('says 503 when records are not safe in time, and forgets nothing of them', async () => {
    const fired: (() => void)[] = [];
    const scheduler: Scheduler = {
      soon: realScheduler.soon,
      at: (_time, run) => {
        fired.push(run);
        return { cancel: () => undefined };
      },
    };
    const { partition, url } = await open({}, false, scheduler);
    const answer = post(url, 'a');
    expect(await takeSome(partition, 1)).toEqual(['a']);
    fired[0]!();
    expect([(await answer).status, (await answer).headers.get('retry-after')]).toEqual([503, '1']);
    partition.commit!(1);
  });

  it('says 503 when the job ends before the records are safe, and ends', async () => {
    const { source, partition, url } = await open();
    const answer = post(url, 'a');
    expect(await takeSome(partition, 1)).toEqual(['a']);
    await source.close();
    expect((await answer).status).toBe(503);
    expect(await drain(partition)).toEqual({ values: [], outcome: 'ended' });
  });

  it('takes nothing of a client that is gone in the middle, and frees the place of one that does not wait', async () => {
    const { source, partition, url } = await open({ requestsMax: 1 });
    const socket = connect(source.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc\n');
    while ((await post(url, 'z')).status !== 429);
    socket.resetAndDestroy();
    const impatient = new AbortController();
    const given = fetch(url, { method: 'POST', body: 'a', signal: impatient.signal }).catch(() => 'gone');
    // Until the first is forgotten, the second is refused and gets an answer.
    let first = await Promise.race([given, woken(partition)]);
    while (first !== undefined) {
      first = await Promise.race([
        fetch(url, { method: 'POST', body: 'a', signal: impatient.signal }).catch(() => 'gone'),
        woken(partition),
      ]);
    }
    impatient.abort();
    const values = await takeSome(partition, 1);
    expect(values).toEqual(['a']);
    let last = 0;
    const third = (async () => {
      for (;;) {
        const response = await post(url, 'b');
        last = response.status;
        if (last === 200) return;
      }
    })();
    expect(await takeSome(partition, 1)).toEqual(['b']);
    partition.commit!(2);
    await third;
    expect(last).toBe(200);
  });

  it('frees the places of a client that sent requests ahead and is gone', async () => {
    const { source, partition, url } = await open({ requestsMax: 3 });
    const socket = connect(source.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na'.repeat(3));
    expect(await takeSome(partition, 3)).toEqual(['a', 'a', 'a']);
    expect((await post(url, 'z')).status).toBe(429);
    socket.resetAndDestroy();
    const taken = async (): Promise<number> => {
      for (;;) {
        const { status } = await post(url, 'b');
        if (status !== 429) return status;
      }
    };
    const next = Promise.all([taken(), taken(), taken()]);
    expect(await takeSome(partition, 3)).toEqual(['b', 'b', 'b']);
    partition.commit!(6);
    expect(await next).toEqual([200, 200, 200]);
  });

  it('says which port is taken', async () => {
    const { source } = await open();
    const settings = { ...http({ port: source.port }).options } as never;
    const world = { clock: realClock, scheduler: realScheduler };
    await expect(openHttpSource(settings, world)).rejects.toMatchObject({
      code: 'RG043',
      message: `another program listens on 127.0.0.1:${source.port}`,
    });
  });
});
