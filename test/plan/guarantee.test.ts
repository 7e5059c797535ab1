/** What each part of a chain allows, and why. */
import { describe, expect, it } from 'vitest';
import { guaranteeChain, guaranteeProblems, strongestOf } from '../../src/plan/guarantee.js';
import { topology } from '../../src/topology/builder.js';
import { folder, tail } from '../../src/topology/file-specs.js';
import { http, tcpServer, webhook } from '../../src/topology/network-specs.js';
import { foreach, memory, none, stdout, textFile as textFileSink } from '../../src/topology/sink-specs.js';
import { generator, stdin, tcp, textFile, memory as values } from '../../src/topology/source-specs.js';
import type { SinkSpec, SourceSpec } from '../../src/topology/specs.js';

function chainOf(source: SourceSpec<unknown>, sink: SinkSpec<unknown>) {
  const job = topology('job', (t) => {
    t.source('in', source as SourceSpec<string>).to('out', sink);
  });
  return guaranteeChain(job.graph);
}

describe('the guarantee of a chain', () => {
  it.each([
    ['text-file', textFile('in.txt')],
    ['a followed text-file', textFile('in.txt', { follow: true })],
    ['generator', generator((index) => index)],
    ['memory', values(['a'])],
  ])('is exactly-once from %s to what commits by epoch', (_name, source: SourceSpec<unknown>) => {
    for (const sink of [textFileSink('out'), memory(), none()]) {
      expect(strongestOf(chainOf(source, sink))).toBe('exactly-once');
    }
  });

  it.each([stdout(), foreach(() => undefined)])('is at-least-once to what cannot take a result back (%#)', (sink) => {
    const chain = chainOf(values(['a']), sink as SinkSpec<unknown>);
    expect(strongestOf(chain)).toBe('at-least-once');
    expect(chain.at(-1)!.why).toContain('cannot take a result back');
  });

  it('is exactly-once from folders and logs, at-least-once over the network', () => {
    expect(strongestOf(chainOf(folder('in'), memory()))).toBe('exactly-once');
    expect(strongestOf(chainOf(tail('app.log'), memory()))).toBe('exactly-once');
    expect(strongestOf(chainOf(tcpServer(9_999), memory()))).toBe('at-least-once');
    const [in_] = chainOf(http(8_080), memory());
    expect([in_!.strongest, in_!.why]).toEqual(['at-least-once', expect.stringContaining('its clients send again')]);
    const out = chainOf(values(['a']), webhook('http://me:hunter2@localhost/')).at(-1)!;
    expect([out.strongest, out.why]).toEqual(['at-least-once', expect.not.stringContaining('hunter2')]);
  });

  it.each([tcp('localhost:9999'), stdin()])(
    'is at-least-once from what cannot be read again, with a log (%#)',
    (source) => {
      const chain = chainOf(source, memory());
      expect(strongestOf(chain)).toBe('at-least-once');
      expect(chain[0]!.why).toMatch(
        /with --checkpoint what was received is logged before it counts; what is still on its way then is lost/,
      );
    },
  );

  it('is exactly-once from what cannot be read again but waits for an answer', () => {
    const { capabilities, ...queue } = tcp('localhost:9999');
    const chain = chainOf({ ...queue, capabilities: { ...capabilities, acknowledged: true } }, memory());
    expect(strongestOf(chain)).toBe('exactly-once');
    expect(chain[0]!.why).toContain('keeps what it gave until it is durable');
  });

  it('says how each sink keeps it', () => {
    const whys = [textFileSink('out'), memory(), none()].map((sink) => chainOf(values(['a']), sink).at(-1)!.why);
    expect(whys).toEqual([
      'text-file shows the files of an epoch when it is committed',
      'memory shows the results of an epoch when it is committed, and lives as long as the process',
      'none drops results, so that none is there twice',
    ]);
  });
});

describe('a guarantee that cannot hold', () => {
  it('is refused with each part that cannot keep it, and with what to use instead', () => {
    const job = topology('job', { guarantee: 'exactly-once' }, (t) => {
      t.source('in', tcp('localhost:9999')).to('out', stdout());
      const spout = t.setSpout<{ n: number }>('spout', () => ({ nextTuple: () => 'done' }));
      t.setBolt<{ n: number }, { n: number }>('bolt', () => ({
        execute: (tuple, out) => out.ack(tuple),
      })).shuffleGrouping(spout);
    });
    const told = guaranteeProblems(job.graph).map(({ code, message, hint }) => [code, message.split(' (')[0], hint]);
    expect(told).toEqual([
      [
        'RG017',
        'exactly-once cannot hold: source in is at most at-least-once',
        'ask for at-least-once, or read from textFile(…) or generator(…), which can be read again',
      ],
      [
        'RG017',
        'exactly-once cannot hold: sink out is at most at-least-once',
        'ask for at-least-once, or write to textFile(…) or memory(), which commit by epoch',
      ],
      [
        'RG017',
        'exactly-once cannot hold: spout spout is at most at-least-once',
        'ask for at-least-once, or use t.source(…) and the operators of streams, which keep state that can be restored',
      ],
      [
        'RG017',
        'exactly-once cannot hold: bolt bolt is at most at-least-once',
        'ask for at-least-once, or keep what it knows in its state, with t.setStatefulBolt(…), and ack within execute',
      ],
    ]);
  });

  it('a stateful bolt can keep it, unless it holds tuples', () => {
    const problems = (holdsTuples: boolean) =>
      guaranteeProblems(
        topology('job', { guarantee: 'exactly-once' }, (t) => {
          const numbers = t.source('in', values([1])).map((n) => ({ n }));
          t.setStatefulBolt<{ n: number }, string, number, { n: number }>(
            'bolt',
            () => ({ initState: () => undefined, execute: (tuple, out) => out.ack(tuple) }),
            { holdsTuples },
          ).shuffleGrouping(numbers);
        }).graph,
      ).map(({ message }) => message);
    expect(problems(false)).toEqual([]);
    expect(problems(true)).toEqual([
      'exactly-once cannot hold: bolt bolt is at most at-least-once (it holds tuples, so a checkpoint finds it half done)',
    ]);
  });
});
