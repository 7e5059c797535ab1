/** Every problem that a graph can have, all of them at once, each with its code, its message and what to do. */
import { describe, expect, it } from 'vitest';
import { type StreamError, StreamErrors } from '../../src/core/errors.js';
import { type Duration, micros, millis, seconds } from '../../src/core/time.js';
import { compile } from '../../src/plan/compile.js';
import { validate } from '../../src/plan/validate.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { Bolt } from '../../src/topology/components.js';
import type { Graph, JobSettings, Node, Topology } from '../../src/topology/graph.js';
import {
  foreach,
  memory as memorySink,
  none,
  stdout,
  textFile as textFileSink,
} from '../../src/topology/sink-specs.js';
import { generator, memory, stdin, tcp, textFile } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';

type Build = (t: TopologyBuilder) => void;

const add = (a: number, b: number) => a + b;
const acking = (): Bolt<{ n: number }> => ({ execute: (tuple, out) => out.ack(tuple) });
const silent = () => ({ nextTuple: () => 'done' as const });
const pairs = (t: TopologyBuilder, name = 'in') => t.source(name, memory<string, number>([]));

function problemsOf(build: Build, settings: Partial<JobSettings> = {}): readonly StreamError[] {
  return validate(topology('job', { batchInterval: seconds(2), ...settings }, build).graph);
}

/** The same graph with a node changed: what only a graph from elsewhere can have. */
function changed(job: Topology, id: number, change: Partial<Node>): Graph {
  return {
    ...job.graph,
    nodes: job.graph.nodes.map((node) => (node.id === id ? ({ ...node, ...change } as Node) : node)),
  };
}

describe('a cycle', () => {
  it('of two bolts is one problem for each edge that closes it (RG015)', () => {
    const problems = problemsOf((t) => {
      const first = t
        .setBolt<{ n: number }, { n: number }>('first', acking)
        .shuffleGrouping(t.setSpout<{ n: number }>('spout', silent));
      const second = t.setBolt<{ n: number }, { n: number }>('second', acking).shuffleGrouping(first);
      first.shuffleGrouping(second);
    });
    expect(problems.map(({ code, message }) => `${code} ${message}`)).toContain(
      "RG015 'first' reads 'second', which depends on it: a cycle",
    );
  });
});

describe('a valid graph', () => {
  it.each<[string, Build]>([
    [
      'of streams',
      (t) =>
        pairs(t)
          .reduceByKeyAndWindow({ window: seconds(6), slide: seconds(4), reduce: add })
          .to('out', stdout()),
    ],
    [
      'of bolts, the last of which writes itself',
      (t) => void t.setBolt('bolt', acking).shuffleGrouping(t.setSpout<{ n: number }>('spout', silent)),
    ],
    [
      'with a late stream that nobody reads',
      (t) =>
        pairs(t)
          .timestamps({ extract: () => 0, maxOutOfOrderness: millis(1) })
          .to('out', none()),
    ],
    [
      'that unites a stream with itself',
      (t) => {
        const s = pairs(t);
        s.union(s).to('out', none());
      },
    ],
  ])('%s has no problem', (_name, build) => {
    expect(problemsOf(build)).toEqual([]);
  });
});

describe.each<
  [code: string, what: string, build: Build, message: RegExp, hint: RegExp, settings?: Partial<JobSettings>]
>([
  [
    'RG010',
    'a batch interval that is too short',
    (t) => pairs(t).to('out', none()),
    /batch interval is 999 us; it must be at least 1 ms/,
    /seconds\(0\.5\)/,
    { batchInterval: micros(999) },
  ],
  [
    'RG010',
    'a batch interval that is no number',
    (t) => pairs(t).to('out', none()),
    /batch interval is NaN/,
    /seconds/,
    { batchInterval: Number.NaN as Duration },
  ],
  [
    'RG010',
    'a tick that is too short',
    (t) =>
      void t.setBolt('bolt', acking, { tick: micros(10) }).shuffleGrouping(t.setSpout<{ n: number }>('spout', silent)),
    /tick of 'bolt' is 10 us; it must be at least 1 ms/,
    /seconds\(1\)/,
  ],
  [
    'RG011',
    'attemptsMax below 1',
    (t) => pairs(t).to('out', none()),
    /attemptsMax is 0; it must be a whole number/,
    /leave attemptsMax out/,
    { attemptsMax: 0 },
  ],
  [
    'RG011',
    'a fraction of maxEmptyIntervals',
    (t) => pairs(t).to('out', none()),
    /maxEmptyIntervals is 1\.5/,
    /leave maxEmptyIntervals out/,
    { maxEmptyIntervals: 1.5 },
  ],
  [
    'RG011',
    'a parallelism of 1,025',
    (t) =>
      void t
        .setBolt('bolt', acking, { parallelism: 1_025 })
        .shuffleGrouping(t.setSpout<{ n: number }>('spout', silent, { parallelism: 1_024 })),
    /'bolt' has parallelism 1025; it must be a whole number from 1 to 1024/,
    /leave it out/,
  ],
  [
    'RG011',
    'a parallelism of 0',
    (t) =>
      void t.setBolt('bolt', acking, { parallelism: 0 }).shuffleGrouping(t.setSpout<{ n: number }>('spout', silent)),
    /'bolt' has parallelism 0; it must be a whole number from 1 to 1024/,
    /leave it out/,
  ],
  [
    'RG012',
    'a slide that is no multiple of the batch interval',
    (t) =>
      pairs(t)
        .reduceByKeyAndWindow({ uid: 'w', window: seconds(8), slide: seconds(7), reduce: add })
        .to('out', none()),
    /slide 7 s of 'w' is not a multiple of the batch interval 2 s/,
    /use 6 s or 8 s/,
  ],
  [
    'RG012',
    'a window shorter than the batch interval',
    (t) =>
      pairs(t)
        .countByWindow({ uid: 'w', window: seconds(1) })
        .to('out', none()),
    /window 1 s of 'w' is not a multiple of the batch interval 2 s/,
    /use 2 s/,
  ],
  [
    'RG012',
    'a window that is no multiple of the slide of its parent',
    (t) =>
      pairs(t)
        .reduceByKeyAndWindow({ window: seconds(6), slide: seconds(6), reduce: add })
        .reduceByKeyAndWindow({ uid: 'w', window: seconds(8), reduce: add })
        .to('out', none()),
    /window 8 s of 'w' is not a multiple of the parent's slide 6 s/,
    /use 6 s or 12 s/,
  ],
  ['RG013', 'no source', () => undefined, /topology 'job' has no source/, /t\.source\(/],
  ['RG013', 'no sink', (t) => void pairs(t).map((n) => n), /topology 'job' has no sink/, /\.to\(/],
  [
    'RG014',
    'a uid that occurs twice',
    (t) =>
      pairs(t)
        .map((n) => n, { uid: 'twice' })
        .filter(() => true, { uid: 'twice' })
        .to('out', none()),
    /two operators have the uid 'twice' \(map and filter\)/,
    /give each its own/,
  ],
  [
    'RG014',
    'a source name that occurs twice',
    (t) => pairs(t).union(pairs(t)).to('out', none()),
    /two operators have the uid 'source:in'/,
    /give each its own/,
  ],
  [
    'RG014',
    'a sink name that occurs twice',
    (t) => pairs(t).to('out', none()).to('out', none()),
    /two operators have the uid 'sink:out'/,
    /give each its own/,
  ],
  [
    'RG016',
    'a stream that nothing reads',
    (t) => {
      const s = pairs(t);
      s.to('out', none());
      s.map((n) => n, { uid: 'lost' });
    },
    /'lost'/,
    /\.to\(|remove/,
  ],
  [
    'RG016',
    'an arm of a branch that nothing reads, beside one that is read',
    (t) => {
      const { small } = pairs(t).branch({ small: ([, n]) => n < 3, large: () => true }, { uid: 'size' });
      small.to('out', none());
    },
    /^nothing consumes the arm 'large' of 'size' \(branch\)$/,
    /none\(\)/,
  ],
  [
    'RG016',
    'a bolt that reads nothing',
    (t) => {
      pairs(t).to('out', none());
      t.setBolt('deaf', acking);
    },
    /bolt 'deaf' reads nothing/,
    /shuffleGrouping/,
  ],
  [
    'RG017',
    'exactly-once to stdout',
    (t) => pairs(t).to('out', stdout()),
    /exactly-once cannot hold: sink out is at most at-least-once/,
    /textFile/,
    { guarantee: 'exactly-once' },
  ],
  [
    'RG017',
    'exactly-once to foreach',
    (t) =>
      pairs(t).to(
        'out',
        foreach(() => undefined),
      ),
    /sink out is at most at-least-once/,
    /memory\(\)/,
    { guarantee: 'exactly-once' },
  ],
  [
    'RG017',
    'exactly-once from standard input',
    (t) => t.source('in', stdin()).to('out', memorySink()),
    /source in is at most at-least-once/,
    /generator/,
    { guarantee: 'exactly-once' },
  ],
  [
    'RG017',
    'exactly-once from tcp',
    (t) => t.source('in', tcp('localhost:9999')).to('out', memorySink()),
    /source in is at most/,
    /textFile/,
    { guarantee: 'exactly-once' },
  ],
  [
    'RG017',
    'exactly-once with a bolt',
    (t) =>
      t
        .setBolt<{ n: number }, { n: number }>('bolt', acking)
        .shuffleGrouping(t.setSpout<{ n: number }>('spout', silent))
        .to('out', memorySink()),
    /spout spout is at most at-least-once/,
    /t\.source/,
    { guarantee: 'exactly-once' },
  ],
  [
    'RG018',
    'a stream that is not declared',
    (t) => {
      const spout = t.setSpout<{ n: number }, { even: { n: number } }>('spout', silent, {
        streams: { even: 'grouped' },
      });
      t.setBolt('bolt', acking).shuffleGrouping(spout.stream('evne' as 'even'));
    },
    /'bolt' reads stream 'evne' of 'spout', which declares default, even/,
    /did you mean 'even'\?/,
  ],
  [
    'RG018',
    'a direct stream by another grouping',
    (t) => {
      const spout = t.setSpout<{ n: number }, { one: { n: number } }>('spout', silent, { streams: { one: 'direct' } });
      t.setBolt('bolt', acking).shuffleGrouping(spout.stream('one'));
    },
    /'bolt' reads the direct stream 'one' of 'spout' by shuffle grouping/,
    /use directGrouping/,
  ],
  [
    'RG018',
    'another stream by direct grouping',
    (t) => void t.setBolt('bolt', acking).directGrouping(t.setSpout<{ n: number }>('spout', silent)),
    /by direct grouping, but the stream is not direct/,
    /declare the stream 'direct'/,
  ],
  [
    'RG018',
    'a fields grouping without fields',
    (t) => void t.setBolt('bolt', acking).fieldsGrouping(t.setSpout<{ n: number }>('spout', silent)),
    /'bolt' has a fields grouping without fields/,
    /name at least one/,
  ],
  [
    'RG020',
    'timestamps behind a window',
    (t) =>
      pairs(t)
        .reduceByKey(add)
        .timestamps({ uid: 'times', extract: () => 0, maxOutOfOrderness: millis(1) })
        .to('out', none()),
    /'times' sets timestamps behind '.*' \(reduceByKey\)/,
    /before any grouping/,
  ],
  [
    'RG020',
    'timestamps behind a union',
    (t) => {
      const s = pairs(t);
      s.union(s)
        .timestamps({ uid: 'times', extract: () => 0, maxOutOfOrderness: millis(1) })
        .to('out', none());
    },
    /behind '.*' \(union\)/,
    /once, at each source/,
  ],
  [
    'RG020',
    'timestamps behind calls',
    (t) =>
      pairs(t)
        .mapAsync(async (pair) => pair, { uid: 'look up' })
        .timestamps({ uid: 'times', extract: () => 0, maxOutOfOrderness: millis(1) })
        .to('out', none()),
    /'times' sets timestamps behind 'look up' \(mapAsync\)/,
    /before any grouping/,
  ],
  [
    'RG020',
    'timestamps twice',
    (t) =>
      pairs(t)
        .timestamps({ extract: () => 0, maxOutOfOrderness: millis(1) })
        .map((n) => n)
        .timestamps({ uid: 'times', extract: () => 0, maxOutOfOrderness: millis(1) })
        .to('out', none()),
    /\(timestamps\)/,
    /once/,
  ],
  [
    'RG021',
    'a union of different slides',
    (t) => {
      const s = pairs(t);
      s.union(s.reduceByKeyAndWindow({ window: seconds(4), slide: seconds(4), reduce: add })).to('out', none());
    },
    /unites streams with different slides: 2 s, 4 s/,
    /same slide first/,
  ],
  [
    'RG021',
    'a join of different slides',
    (t) => {
      const s = pairs(t);
      s.join(s.window({ window: seconds(4), slide: seconds(4) })).to('out', none());
    },
    /'join-\d' joins streams with different slides: 2 s, 4 s/,
    /same slide first/,
  ],
  [
    'RG012',
    'a window of elements that fits no interval',
    (t) =>
      void pairs(t)
        .window({ window: seconds(3) })
        .to('out', none()),
    /window 3 s of 'window-\d' is not a multiple of the batch interval 2 s/,
    /use 2 s or 4 s/,
  ],
  [
    'RG012',
    'a top shorter than the batch interval',
    (t) =>
      void pairs(t)
        .top({ max: 1, by: () => 1, window: seconds(1) })
        .to('out', none()),
    /window 1 s of 'top-\d' is not a multiple/,
    /use 2 s/,
  ],
  [
    'RG010',
    'a session without a gap',
    (t) =>
      void pairs(t)
        .sessionWindow({ gap: seconds(0), reduce: add })
        .to('out', none()),
    /the gap of 'sessionWindow-\d' is 0/,
    /seconds\(30\)/,
  ],
  ...[0, 129, 1.5].map((partitions): [string, string, Build, RegExp, RegExp] => [
    'RG011',
    `${partitions} partitions`,
    (t) => void pairs(t).repartition(partitions).to('out', none()),
    /'repartition-\d' has (0|129|1\.5) partitions; it must be a whole number from 1 to 128/,
    /number of cores/,
  ]),
  [
    'RG011',
    'no partitions of a keyed operator',
    (t) => void pairs(t).groupByKey({ partitions: 0 }).to('out', none()),
    /'groupByKey-\d' has 0 partitions/,
    /number of cores/,
  ],
  [
    'RG022',
    'an empty uid',
    (t) =>
      pairs(t)
        .map((n) => n, { uid: '' })
        .to('out', none()),
    /'' cannot be a name/,
    /__/,
  ],
  [
    'RG022',
    'a name of the engine',
    (t) => void t.setBolt('__acker', acking).shuffleGrouping(t.setSpout<{ n: number }>('spout', silent)),
    /'__acker' cannot be a name/,
    /belong to the engine/,
  ],
])('%s: %s', (code, _what, build, message, hint, settings) => {
  it('is found, and says what to do', () => {
    const found = problemsOf(build, settings).filter((problem) => problem.code === code);
    expect(found.length, `problems: ${problemsOf(build, settings).map(({ message }) => message)}`).toBeGreaterThan(0);
    expect(found.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(found.map((problem) => problem.hint).join('\n')).toMatch(hint);
  });

  it('is a compile error', () => {
    expect(() => compile(topology('job', { batchInterval: seconds(2), ...settings }, build))).toThrow(StreamErrors);
  });
});

describe('problems that only a graph from elsewhere can have', () => {
  const job = topology('job', { batchInterval: seconds(2) }, (t) =>
    pairs(t)
      .map((n) => n)
      .filter(() => true)
      .to('out', none()),
  );

  it('a cycle (RG015)', () => {
    expect(validate(changed(job, 1, { input: { node: 2, output: 'default' } }))).toMatchObject([
      { code: 'RG015', message: "'map-1' reads 'filter-2', which depends on it: a cycle" },
      { code: 'RG016' },
    ]);
  });

  it('a stream of another topology (RG016)', () => {
    const streams: Stream<readonly [string, number]>[] = [];
    topology('other', (t) => void streams.push(pairs(t)));
    const mixed = topology('job', (t) =>
      pairs(t)
        .map((n) => n)
        .union(streams[0]!)
        .to('out', none()),
    );
    const message = "'union-2' reads a stream of another topology";
    expect(validate(mixed.graph)).toMatchObject([
      { code: 'RG016', message, hint: 'build all streams of a job from the same t' },
    ]);
  });
});

it('all problems are told at once, each with the line where it stands', () => {
  const build: Build = (t) => {
    const s = pairs(t);
    s.reduceByKeyAndWindow({ uid: 'w', window: seconds(3), slide: seconds(5), reduce: add }).to('out', stdout());
    s.map((n) => n, { uid: 'w' });
  };
  const problems = problemsOf(build, { guarantee: 'exactly-once', attemptsMax: -1 });
  expect(problems.map(({ code }) => code).toSorted()).toEqual(['RG011', 'RG012', 'RG012', 'RG014', 'RG016', 'RG017']);
  for (const { code, place } of problems) if (code !== 'RG011') expect(place?.file).toMatch(/validate\.test\.ts$/);
  const lines = problems.flatMap(({ code, place }) => (code === 'RG012' ? [place!.line] : []));
  expect(new Set(lines).size).toBe(1);
});

describe('guarantees', () => {
  it.each([
    ['at-most-once', stdin(), stdout()],
    ['at-least-once', stdin(), stdout()],
    ['exactly-once', textFile('in.txt'), textFileSink('out')],
    ['exactly-once', generator(() => '', { count: 1 }), memorySink()],
  ] as const)('%s is given by a source and a sink that can', (guarantee, source, sink) => {
    expect(problemsOf((t) => t.source<string>('in', source).to('out', sink), { guarantee })).toEqual([]);
  });

  it('names each part that falls short', () => {
    const problems = problemsOf((t) => t.source('in', stdin()).to('out', stdout()), { guarantee: 'exactly-once' });
    expect(problems.map(({ message }) => message.split(' (')[0])).toEqual([
      'exactly-once cannot hold: source in is at most at-least-once',
      'exactly-once cannot hold: sink out is at most at-least-once',
    ]);
  });
});

describe('options of a plan', () => {
  const job = topology('job', (t) => pairs(t).to('out', none()));

  it.each([0, -1, 1.5, 129, Number.NaN])('a parallelism of %d is refused with RG011', (parallelism) => {
    expect(() => compile(job, { parallelism })).toThrow(/RG011: parallelism is/);
  });

  it('bolts that hold tuples are refused in micro-batch mode, each by name', () => {
    const bolts = topology('job', (t) => {
      const spout = t.setSpout<{ n: number }>('spout', silent);
      for (const name of ['first', 'second']) t.setBolt(name, acking, { holdsTuples: true }).shuffleGrouping(spout);
      t.setBolt('third', acking).shuffleGrouping(spout);
    });
    expect(() => compile(bolts, { mode: 'record' })).not.toThrow();
    expect(() => compile(bolts, { mode: 'micro-batch' })).toThrow(
      /RG019: the bolt 'first' holds tuples.*\n.*RG019: the bolt 'second' holds tuples(?!.*third)/,
    );
  });
});
