/** Tests of sinks: what they print or write, their back-pressure, and what happens when the outside fails. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openSink, type SinkServices } from '../../src/connectors/open-sink.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { SinkWriter } from '../../src/runtime/sink.js';
import { foreach, memory, none, stdout, textFile } from '../../src/topology/sink-specs.js';
import type { SinkSpec } from '../../src/topology/specs.js';

const context = { timestamp: 5, windowEnd: Number.NaN, partition: 0 };

function open<T>(
  spec: SinkSpec<T>,
  services: SinkServices,
  delivery: 'record' | 'interval' = 'record',
): Promise<SinkWriter> {
  return openSink({ name: 'out', ...spec, delivery }, (role) => spec.functions?.[role], services);
}

/** A stream that keeps what is written; `hold` keeps its callbacks back. */
class Kept extends Writable {
  text = '';
  held: (() => void)[] | undefined;

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.text += chunk.toString();
    if (this.held === undefined) done();
    else this.held.push(done);
  }
}

function accept(sink: SinkWriter, ...values: unknown[]): void {
  for (const value of values) sink.accept(value, context);
  sink.flush();
}

const world = createSimulatedWorld();

describe('the stdout sink', () => {
  it.each([
    ['text', 'rain', 'rain'],
    ['a pair', ['rain', 3], '(rain,3)'],
    [
      'nested tuples',
      [
        ['a', 'b'],
        [1, null],
      ],
      '((a,b),(1,null))',
    ],
    ['an object', { word: 'rain', n: 1n }, '{"word":"rain","n":"1"}'],
    ['a number', 0.5, '0.5'],
    ['nothing', undefined, 'undefined'],
    ['a set', new Set([1, 2]), '{1,2}'],
  ])('prints %s on a line', async (_name, value, line) => {
    const stream = new Kept();
    accept(await open(stdout(), { world, stdout: stream }), value);
    expect(stream.text).toBe(`${line}\n`);
  });

  it('prints an object that is no JSON', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const stream = new Kept();
    accept(await open(stdout(), { world, stdout: stream }), circle);
    expect(stream.text).toBe('[object Object]\n');
  });

  it("prints Spark's block for an interval", async () => {
    const stream = new Kept();
    const sink = await open(stdout(), { world, stdout: stream }, 'interval');
    const values = Array.from({ length: 11 }, (_, i) => [`word${i}`, i]);
    accept(
      sink,
      { end: 1_795_324_291_000_000, values: values.slice(0, 2) },
      { end: 1_795_324_292_000_000, values: [] },
    );
    const rule = '-------------------------------------------';
    const block = `${rule}\nTime: 1795324291000 ms\n${rule}\n(word0,0)\n(word1,1)\n\n`;
    expect(stream.text).toBe(`${block}${rule}\nTime: 1795324292000 ms\n${rule}\n\n`);
    stream.text = '';
    accept(sink, { end: 1_000, values: values.slice(1) });
    expect(stream.text).not.toContain('...');
    stream.text = '';
    accept(sink, { end: 1_000, values });
    expect(stream.text.split('\n').slice(3)).toEqual([
      ...values.slice(0, 10).map(([w, n]) => `(${w},${n})`),
      '...',
      '',
      '',
    ]);
  });

  it('writes once per flush', async () => {
    const stream = new Kept();
    const sink = await open(stdout(), { world, stdout: stream });
    sink.accept('a', context);
    expect(stream.text).toBe('');
    accept(sink, 'b');
    expect(stream.text).toBe('a\nb\n');
  });

  it('is not ready while too much waits, and wakes when it has left', async () => {
    const stream = new Kept();
    stream.held = [];
    const sink = await open(stdout(), { world, stdout: stream });
    accept(sink, 'x'.repeat(2_000_000));
    expect(sink.ready).toBe(false);
    const woken = new Promise<void>((resolve) => sink.onReady(resolve));
    const { held } = stream;
    stream.held = undefined;
    for (const done of held) done();
    await woken;
    expect(sink.ready).toBe(true);
    await sink.close();
  });

  it('stops the job without an error when the reader goes away', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const sink = await open(stdout(), { world, stdout: stream });
    accept(sink, 'a');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(sink.failure).toBe('stop');
    accept(sink, 'b');
    expect(sink.ready).toBe(true);
    await sink.close();
  });

  it('fails the job when the output cannot be written', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('disk full'), { code: 'ENOSPC' })),
    });
    const sink = await open(stdout(), { world, stdout: stream });
    accept(sink, 'a');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(sink.failure).toMatchObject({ code: 'RG046' });
    await expect(sink.close()).rejects.toMatchObject({ code: 'RG046' });
  });

  it('shares its stream with other sinks without a listener each', async () => {
    const stream = new Kept();
    for (let i = 0; i < 20; i++) await open(stdout(), { world, stdout: stream });
    expect(stream.listenerCount('error')).toBe(1);
  });
});

describe('the text file sink', () => {
  it('writes a file for each interval, also an empty one, and the same again when it is done again', async () => {
    const own = createSimulatedWorld();
    const sink = await open(textFile('out'), { world: own }, 'interval');
    const interval = { end: 2_000_000, values: [['rain', 3], 'plain'] };
    accept(sink, { end: 1_000_000, values: [] }, interval, interval);
    sink.accept({ end: 2_000_000, values: ['other'] }, { ...context, partition: 12 });
    await sink.close();
    expect(own.files.paths).toEqual(['out/part-1000-00000', 'out/part-2000-00000', 'out/part-2000-00012']);
    expect(own.files.text('out/part-1000-00000')).toBe('');
    expect(own.files.text('out/part-2000-00000')).toBe('(rain,3)\nplain\n');
  });

  it('fails the job when a file cannot be written, and writes none after it', async () => {
    const written: string[] = [];
    const files = {
      ...world.files,
      writeAtomically: async (path: string) => {
        written.push(path);
        throw new Error('disk full');
      },
    };
    const sink = await open(textFile('out'), { world: { ...world, files: files as never } }, 'interval');
    accept(sink, { end: 1_000, values: [] }, { end: 2_000, values: [] });
    await expect(sink.close()).rejects.toMatchObject({ code: 'RG046' });
    expect(written).toEqual(['out/part-1-00000']);
  });

  it('is not ready while too many intervals wait', async () => {
    const own = createSimulatedWorld();
    const sink = await open(textFile('out'), { world: own }, 'interval');
    for (let end = 1; sink.ready; end++) sink.accept({ end: end * 1_000, values: [] }, context);
    await new Promise<void>((resolve) => sink.onReady(resolve));
    await sink.close();
    expect(own.files.paths).toHaveLength(64);
  });
});

describe('the memory sink', () => {
  it('keeps the results of the latest run', async () => {
    const spec = memory<number>();
    accept(await open(spec, { world }), 1, 2);
    expect(spec.results).toEqual([1, 2]);
    accept(await open(spec, { world }), 3);
    expect(spec.results).toEqual([3]);
  });
});

describe('the foreach sink', () => {
  it('calls the function with each result and where it came from', async () => {
    const seen: unknown[] = [];
    accept(
      await open(
        foreach((value: string, info) => void seen.push([value, info.timestamp])),
        { world },
      ),
      'a',
      'b',
    );
    expect(seen).toEqual([
      ['a', 5],
      ['b', 5],
    ]);
  });

  it('fails the job when the function throws, and does not call it again', async () => {
    let calls = 0;
    const sink = await open(
      foreach(() => {
        calls++;
        throw new Error('no printer');
      }),
      { world },
    );
    accept(sink, 'a', 'b');
    expect(sink.failure).toMatchObject({
      code: 'RG030',
      operator: 'sink:out',
      message: "the function of sink 'out' threw: no printer",
    });
    expect(calls).toBe(1);
  });

  it('fails the job when the function returns a promise', async () => {
    const sink = await open(foreach((async () => Promise.reject(new Error('lost'))) as unknown as () => void), {
      world,
    });
    accept(sink, 'a');
    expect(sink.failure).toMatchObject({ code: 'RG031' });
  });
});

describe('opening a sink', () => {
  it('drops what goes to none', async () => {
    const sink = await open(none(), { world });
    accept(sink, 'a');
    await sink.close();
  });

  it('names the nearest kind when it does not know one', async () => {
    const sink = { name: 'out', kind: 'stdot', options: {}, delivery: 'record' } as const;
    await expect(openSink(sink, () => undefined, { world })).rejects.toMatchObject({
      code: 'RG006',
      hint: "did you mean 'stdout'?",
    });
  });
});
