/** Requests that are answered with results (Storm's DRPC): real clients on the loopback, jobs in both modes. */
import { describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/kafka/free-port.js';
import { openHttpSource } from '../../src/connectors/http-source.js';
import { OpenRequests } from '../../src/connectors/open-requests.js';
import { millis, seconds } from '../../src/core/time.js';
import type { JobResult } from '../../src/executors/executor.js';
import { bytes, json, text } from '../../src/formats.js';
import { type StartedJob, start } from '../../src/host/run.js';
import { realClock, realScheduler } from '../../src/runtime/real-world.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { type HttpCall, type HttpOptions, http, reply } from '../../src/topology/network-specs.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';
import { parseSinkUri, parseSourceUri } from '../../src/topology/uri.js';

const MODES = ['micro-batch', 'record'] as const;

interface Answered {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

/** A job that is running, and how it is asked. */
interface Asked {
  readonly job: StartedJob;
  ask(body: string): Promise<Answered>;
}

/** Starts a job on requests, lets clients ask, stops it, and gives its result. */
async function answering(
  mode: (typeof MODES)[number],
  build: (calls: Stream<HttpCall<string>>, t: TopologyBuilder) => void,
  clients: (asked: Asked) => Promise<void>,
  {
    settings = {},
    options = {},
  }: { settings?: Partial<JobSettings>; options?: Partial<HttpOptions> & Partial<Record<'format', never>> } = {},
): Promise<JobResult> {
  const port = await freePort();
  const topo = topology('calls', { batchInterval: millis(20), ...settings }, (t) => {
    build(t.source('calls', http({ port, path: '/call', ...options, reply: true })), t);
  });
  const job = await start(topo, { mode });
  const ask = async (body: string): Promise<Answered> => {
    const response = await fetch(`http://127.0.0.1:${port}/call`, { method: 'POST', body });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  try {
    await clients({ job, ask });
  } finally {
    job.stop();
  }
  return job.done;
}

describe.each(MODES)('%s', (mode) => {
  it('each client gets the result of its own request', async () => {
    const result = await answering(
      mode,
      (calls, t) => {
        t.setBasicBolt<HttpCall<string>, HttpCall<string>>(
          'exclaim',
          () => ({ execute: ({ values: { id, value } }, out) => out.emit({ id, value: `${value}!` }) }),
          { parallelism: 3 },
        )
          .shuffleGrouping(calls)
          .to('answers', reply());
      },
      async ({ ask }) => {
        const words = Array.from({ length: 20 }, (_, n) => `word ${n}`);
        const answers = await Promise.all(words.map(ask));
        expect(answers).toEqual(
          words.map((word) => ({ status: 200, type: 'text/plain; charset=utf-8', body: `${word}!` })),
        );
      },
    );
    expect([result.outcome, result.sourceCounters['calls']]).toEqual(['stopped', undefined]);
  });

  it('what becomes of a request in many places is one result, at the end of its interval', async () => {
    await answering(
      mode,
      (calls) => {
        calls
          .flatMap(({ id, value }) => value.split(' ').map((word) => [id, word.length] as const))
          .reduceByKey((a, b) => a + b)
          .map(([id, letters]) => ({ id, value: { letters } }))
          .to('answers', reply());
      },
      async ({ ask }) => {
        const [one, other] = await Promise.all([ask('rain and sun'), ask('snow')]);
        expect([one, other]).toEqual([
          { status: 200, type: 'application/json', body: '{"letters":10}' },
          { status: 200, type: 'application/json', body: '{"letters":4}' },
        ]);
      },
    );
  });

  it('a request whose record is set aside is answered 500', async () => {
    const result = await answering(
      mode,
      (calls) => {
        calls
          .map(({ id, value }) => {
            if (value === 'bad') throw new Error('bad');
            return { id, value };
          })
          .to('answers', reply());
      },
      async ({ ask }) => {
        const [bad, good] = await Promise.all([ask('bad'), ask('good')]);
        expect([bad.status, bad.body]).toEqual([500, 'the request failed with RG030\n']);
        expect([good.status, good.body]).toEqual([200, 'good']);
      },
      { settings: { onError: 'dead-letter', attemptsMax: 2 } },
    );
    expect([result.outcome, result.deadLetterCount]).toEqual(['stopped', 1]);
  });

  it('a result that no answer can be made of is answered 500 and set aside, and the job goes on', async () => {
    const result = await answering(
      mode,
      (calls) => {
        calls
          .map(({ id, value }) => ({ id, value: value === 'bad' ? { value } : Buffer.from(value) }))
          .to('answers', reply({ format: bytes() }));
      },
      async ({ ask }) => {
        const bad = await ask('bad');
        expect([bad.status, bad.body]).toEqual([500, 'the request failed with RG049\n']);
        expect(await ask('good')).toMatchObject({ status: 200, body: 'good' });
      },
    );
    expect([result.outcome, result.deadLetterCount]).toEqual(['stopped', 1]);
    expect(result.deadLetters.map(({ error }) => error.code)).toEqual(['RG049']);
  });

  it('a tree that is replayed gives one answer, and an attempt that is taken back none', async () => {
    let executed = 0;
    const result = await answering(
      mode,
      (calls, t) => {
        t.setBolt<HttpCall<string>, HttpCall<number>>('twice', () => ({
          execute: (tuple, out) => {
            executed++;
            out.emit({ id: tuple.values.id, value: executed }, tuple);
            if (executed === 1) out.fail(tuple, 'once');
            else out.ack(tuple);
          },
        }))
          .shuffleGrouping(calls)
          .to('answers', reply());
      },
      async ({ ask }) => {
        // Record mode has told the client before the tuple failed; a batch is seen when it is done.
        expect((await ask('x')).body).toBe(mode === 'record' ? '1' : '2');
      },
    );
    expect([result.outcome, executed]).toEqual(['stopped', 2]);
    expect(result.sourceCounters['calls']?.['lateReplies']).toBe(mode === 'record' ? 1 : undefined);
  });

  it('a job that ends answers 503 where there is no result, and one more than may wait hears 429', async () => {
    let waiting: Promise<Answered> | undefined;
    await answering(
      mode,
      (calls) => {
        calls.filter(({ value }) => value !== 'drop').to('answers', reply());
      },
      async ({ ask, job }) => {
        waiting = ask('drop');
        while (job.progress().recordsRead === 0) await new Promise((resolve) => setImmediate(resolve));
        expect((await ask('more')).status).toBe(429);
      },
      { options: { requestsMax: 1 } },
    );
    expect(await waiting).toMatchObject({ status: 503, body: 'the job has ended before there was a result\n' });
  });

  it.each([
    ['text()', text(), 'text/plain; charset=utf-8', '7'],
    ['json()', json(), 'application/json', '7'],
  ] as const)('answers in the format %s', async (_name, format, type, body) => {
    await answering(
      mode,
      (calls) => {
        calls.map(({ id, value }) => ({ id, value: value.length })).to('answers', reply({ format }));
      },
      async ({ ask }) => {
        expect(await ask('seven..')).toEqual({ status: 200, type, body });
      },
    );
  });

  it('a result that has no id fails the job', async () => {
    const result = await answering(
      mode,
      (calls) => {
        calls.map(({ value }) => ({ value }) as never).to('answers', reply());
      },
      async ({ ask }) => {
        expect((await ask('x')).status).toBe(503);
      },
    );
    expect([result.outcome, result.error]).toMatchObject(['failed', { code: 'RG032', operator: 'sink:answers' }]);
  });

  it('is refused where nobody would answer, and where nobody asks', async () => {
    const calls = topology('calls', (t) => {
      t.source('calls', http({ port: 1, reply: true })).to('out', memorySink());
    });
    await expect(start(calls, { mode })).rejects.toMatchObject({
      problems: [{ code: 'RG013', message: expect.stringContaining("source 'calls'") as string }],
    });
    const answers = topology('answers', (t) => {
      t.source('in', memory([{ id: '1', value: 1 }])).to('answers', reply());
    });
    await expect(start(answers, { mode })).rejects.toMatchObject({
      problems: [{ code: 'RG013', message: expect.stringContaining("sink 'answers'") as string }],
    });
  });
});

describe('requests that wait', () => {
  const open = () => {
    const world = createSimulatedWorld({ seed: 1 });
    const requests = new OpenRequests(world);
    for (const source of ['calls', 'a/b', 'c']) requests.open(source);
    const said: string[] = [];
    const begin = (source: string, offset: number, timeout = seconds(5)): string =>
      requests.begin(source, offset, timeout, (status, body) =>
        said.push(`${source} ${status} ${String(body).trim()}`),
      );
    return { world, requests, said, begin };
  };

  it('are answered once, whatever comes later', async () => {
    const { world, requests, said, begin } = open();
    const id = begin('calls', 0);
    requests.reply(id, 'one', 'text/plain');
    requests.reply(id, 'two', 'text/plain');
    requests.setAside('calls', 0, 'RG030');
    requests.close('calls');
    await world.run(seconds(10));
    expect(said).toEqual(['calls 200 one']);
    expect(requests.counted('calls')).toEqual({ unansweredRequests: 0, lateReplies: 1 });
  });

  it('are answered 504 when their time is over, and a result then comes too late', async () => {
    const { world, requests, said, begin } = open();
    const id = begin('calls', 0, seconds(5));
    await world.run(seconds(5) - 1);
    expect([said, requests.count('calls')]).toEqual([[], 1]);
    await world.run(seconds(5));
    expect([said, requests.count('calls')]).toEqual([['calls 504 no result came in time'], 0]);
    requests.reply(id, 'one', 'text/plain');
    expect(said).toHaveLength(1);
    expect(requests.counted('calls')).toEqual({ unansweredRequests: 1, lateReplies: 1 });
  });

  it('know their source and their record', () => {
    const { requests, said, begin } = open();
    begin('a/b', 3);
    begin('c', 3);
    requests.setAside('a/b', 4, 'RG030');
    expect(said).toEqual([]);
    requests.setAside('a/b', 3, 'RG030');
    expect(said).toEqual(['a/b 500 the request failed with RG030']);
    requests.close('a/b');
    expect([said.length, requests.count('c')]).toEqual([1, 1]);
    requests.close('c');
    expect(said[1]).toBe('c 503 the job has ended before there was a result');
  });

  it('of a client that is gone are forgotten', async () => {
    const { world, requests, said, begin } = open();
    const id = begin('a/b', 0);
    requests.forget('a/b', id);
    await world.run(seconds(10));
    requests.reply(id, 'one', 'text/plain');
    expect([said, requests.counted('a/b')]).toEqual([[], { unansweredRequests: 0, lateReplies: 1 }]);
  });

  it('have ids that no other life of the job has', async () => {
    const { world, requests, said, begin } = open();
    const first = begin('calls', 0);
    await world.run(seconds(1));
    const others = new OpenRequests(world);
    others.open('calls');
    const later = others.begin('calls', 0, 1, () => undefined);
    expect(new Set([first, begin('calls', 1), later]).size).toBe(3);
    requests.reply(later, 'one', 'text/plain');
    expect([said, requests.counted('calls').lateReplies]).toEqual([[], 1]);
  });
});

it('a body without a record is refused, and where input is only recorded the client hears so', async () => {
  const settings = { ...http({ port: 1, reply: true }).options, port: 0 } as never;
  const format = {
    framing: 'lines',
    encode: String,
    decode: (raw: unknown) => (String(raw) === '' ? undefined : 'x'),
  } as const;
  const decoding = { format, onUndecodable: 'dead-letter', setAside: () => undefined } as const;
  const world = { clock: realClock, scheduler: realScheduler };
  const source = await openHttpSource(settings, world, decoding, 0, { name: 'calls', requests: undefined });
  try {
    const ask = (body: string) => fetch(`http://127.0.0.1:${source.port}/`, { method: 'POST', body });
    const [none, some] = [await ask(''), await ask('x')];
    expect([none.status, some.status]).toEqual([400, 202]);
    const values: unknown[] = [];
    source.partitions[0]!.take(values, 9);
    expect(values).toEqual([{ id: 'calls/recorded-1', value: 'x' }]);
  } finally {
    await source.close();
  }
});

it('requests and replies have URIs', () => {
  const asked = http({ host: '127.0.0.1', port: 3772, path: '/f', reply: true, replyTimeout: seconds(2) });
  expect(parseSourceUri('http://127.0.0.1:3772/f?reply=true&replyTimeout=2s')).toEqual(asked);
  expect([parseSinkUri('reply:'), parseSinkUri('reply:?format=json')]).toEqual([reply(), reply({ format: json() })]);
});
