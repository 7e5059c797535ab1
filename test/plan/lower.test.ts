/** What operators are lowered to, and how core operators are laid out in stages. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../src/core/time.js';
import { compile } from '../../src/plan/compile.js';
import type { CoreOperator, Plan, PlanOptions } from '../../src/plan/plan.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { Bolt } from '../../src/topology/components.js';
import { none, stdout, textFile } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';

type Build = (t: TopologyBuilder) => Stream<never> | Stream<unknown>;

const add = (a: number, b: number) => a + b;
const pairs = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in', memory<string, number>([]));
const numbers = (t: TopologyBuilder) => t.source('in', memory<number>([]));

function plan(build: Build, options: PlanOptions = {}): Plan {
  return compile(
    topology('job', { batchInterval: seconds(1) }, (t) => void (build(t) as Stream<unknown>).to('out', none())),
    options,
  );
}

/** An operator in a few words. */
function describeOperator(operator: CoreOperator): string {
  const inputs = operator.inputs.map(
    ({ operator: id, output, exchange }) =>
      `${exchange === undefined ? '' : `${exchange.kind} `}${id}${output === 'default' ? '' : `.${output}`}`,
  );
  const shape = 'shape' in operator && operator.shape !== 'value' ? ` ${operator.shape}` : '';
  return `${operator.kind}${shape}(${inputs.join(', ')})`;
}

describe('lowering', () => {
  it.each<[string, Build, readonly string[]]>([
    [
      'narrow operators',
      (t) =>
        numbers(t)
          .map((n) => n)
          .flatMap((n) => [n])
          .filter(() => true),
      ['map(0)', 'flat-map(1)', 'filter(2)'],
    ],
    [
      'narrow operators on pairs',
      (t) =>
        numbers(t)
          .keyBy((n) => n)
          .mapValues((n) => n)
          .flatMapValues((n) => [n]),
      ['map key(0)', 'map pair-values(1)', 'flat-map pair-values(2)'],
    ],
    [
      'a reduce is a window of one key',
      (t) => numbers(t).reduce(add),
      ['map null-key(0)', 'window-reduce(hash 1)', 'map drop-key(2)'],
    ],
    [
      'distinct counts, and keeps the key',
      (t) => numbers(t).distinct(),
      ['map unit(0)', 'window-reduce(hash 1)', 'map keep-key(2)'],
    ],
    [
      'a join puts sides before values',
      (t) => {
        const s = pairs(t);
        return s.join(s.mapValues((n) => n));
      },
      ['map pair-values(0)', 'map left(0)', 'map right(1)', 'window-group(hash 2, hash 3)'],
    ],
    ['the arrays of a source are made where it is read', (t) => numbers(t).glom(), ['window-group(0)']],
    [
      'a union has no partitions of its own, so it is spread',
      (t) =>
        numbers(t)
          .union(t.source('in2', memory<number>([])))
          .glom(),
      ['source()', 'map spread(0, 1)', 'map drop-key(hash 2)', 'window-group(3)'],
    ],
    [
      'a transform is a flatMap of whole intervals',
      (t) => numbers(t).transform((values) => values),
      ['collect-interval(global 0)', 'flat-map(1)'],
    ],
    [
      'states of each record without readers of their snapshots',
      (t) => pairs(t).mapWithState<number, number>({ map: () => 1 }),
      ['map-with-state(hash 0)'],
    ],
    [
      'snapshots are the latest changes, in the same task',
      (t) =>
        pairs(t)
          .mapWithState<number, number>({ map: () => 1 })
          .stateSnapshots(),
      ['map-with-state(hash 0)', 'flat-map left-of(1)', 'flat-map right-of(1)', 'update-state(3)'],
    ],
    [
      'a union leaves no operator',
      (t) => {
        const s = numbers(t);
        return s
          .map((n) => n)
          .union(s)
          .filter(() => true);
      },
      ['map(0)', 'filter(1, 0)'],
    ],
    [
      'a branch has an output for each arm',
      (t) => {
        const { a, b } = numbers(t).branch({ a: () => true, b: () => true });
        return a.union(b as never).map((n) => n);
      },
      ['branch(0)', 'map(1.a, 1.b)'],
    ],
    [
      'timestamps have two outputs',
      (t) => {
        const s = numbers(t).timestamps({ extract: () => 0, maxOutOfOrderness: millis(1) });
        return s.union(s.late as never).map((n) => n);
      },
      ['timestamps(0)', 'map(1, 1.late)'],
    ],
    ['reduceByKey', (t) => pairs(t).reduceByKey(add), ['window-reduce(hash 0)']],
    ['countByValue pairs with 1', (t) => numbers(t).countByValue(), ['map unit(0)', 'window-reduce(hash 1)']],
    [
      'count goes by one key, which is dropped',
      (t) => numbers(t).count(),
      ['map constant(0)', 'window-reduce(hash 1)', 'map drop-key(2)'],
    ],
    [
      'countByWindow',
      (t) => numbers(t).countByWindow({ window: seconds(3) }),
      ['map constant(0)', 'window-reduce(hash 1)', 'map drop-key(2)'],
    ],
    [
      'stateful operators',
      (t) =>
        pairs(t)
          .runningReduce(add)
          .updateStateByKey<number>(() => 1)
          .process({ uid: 'p', onRecord: () => undefined }),
      ['running-reduce(hash 0)', 'update-state(hash 1)', 'process(hash 2)'],
    ],
  ])('%s', (_name, build, expected) => {
    const { operators } = plan(build);
    const [source, ...others] = operators.map(describeOperator);
    expect(source).toBe('source()');
    expect(others.slice(0, -1)).toEqual(expected);
    expect(others.at(-1)).toMatch(/^sink/);
  });

  it.each<[string, Build, object]>([
    [
      'reduceByKey',
      (t) => pairs(t).reduceByKey(add),
      { window: 1_000_000, slide: 1_000_000, pane: 1_000_000, reduce: 'user', inverse: 'none', emitEmpty: false },
    ],
    ['count', (t) => numbers(t).count(), { reduce: 'sum', inverse: 'none', emitEmpty: true }],
    [
      'countByWindow',
      (t) => numbers(t).countByWindow({ window: seconds(3) }),
      { window: 3_000_000, slide: 1_000_000, reduce: 'sum', inverse: 'difference', emitEmpty: true },
    ],
    [
      'a window with inverse',
      (t) => pairs(t).reduceByKeyAndWindow({ window: seconds(6), slide: seconds(4), reduce: add, inverse: add }),
      { pane: 2_000_000, inverse: 'user', keepEmptyKeys: false },
    ],
    [
      'a window of one slide needs no inverse',
      (t) => pairs(t).reduceByKeyAndWindow({ window: seconds(4), slide: seconds(4), reduce: add, inverse: add }),
      { inverse: 'none' },
    ],
    [
      'but for keys that are kept',
      (t) =>
        pairs(t).reduceByKeyAndWindow({
          window: seconds(4),
          slide: seconds(4),
          reduce: add,
          inverse: add,
          keepEmptyKeys: true,
        }),
      { inverse: 'user', keepEmptyKeys: true },
    ],
  ])('%s is a window', (_name, build, expected) => {
    expect(plan(build).operators.find((operator) => operator.kind === 'window-reduce')).toMatchObject(expected);
  });

  it('a sink acts per interval behind interval operators if it is free to, and only then', () => {
    const { operators } = compile(
      topology('job', (t) => {
        const s = pairs(t);
        s.to('each', stdout()).to('files', textFile('out'));
        s.reduceByKey(add)
          .mapValues((n) => n)
          .to('blocks', stdout())
          .to('lines', stdout({ format: 'lines' }));
        s.union(s.reduceByKey(add)).to('mixed', stdout());
      }),
    );
    const sinks = operators.flatMap((operator) =>
      operator.kind === 'sink' ? [[operator.name, operator.delivery]] : [],
    );
    expect(Object.fromEntries(sinks)).toEqual({
      each: 'record',
      files: 'interval',
      blocks: 'interval',
      lines: 'record',
      mixed: 'record',
    });
    expect(operators.filter(({ kind }) => kind === 'collect-interval')).toHaveLength(2);
  });

  it('slides are handed down', () => {
    const { operators } = plan((t) =>
      pairs(t)
        .reduceByKeyAndWindow({ window: seconds(4), slide: seconds(2), reduce: add })
        .mapValues((n) => n)
        .reduceByKey(add),
    );
    expect(operators.map(({ slide }) => slide / 1_000_000)).toEqual([1, 2, 2, 2, 2]);
  });

  it('inputs have lower ids than their readers', () => {
    const { operators } = plan((t) => {
      const s = pairs(t);
      return s
        .reduceByKey(add)
        .union(
          s,
          s.mapValues((n) => n),
        )
        .count();
    });
    for (const { id, inputs } of operators) for (const input of inputs) expect(input.operator).toBeLessThan(id);
  });
});

describe('stages', () => {
  const stages = (build: Build, options: PlanOptions) =>
    plan(build, options).stages.map(({ head, operators, parallelism, inputs }) => ({
      head,
      operators,
      tasks: parallelism,
      from: inputs.map((input) => `${input.exchange.kind} ${input.stage}/${input.operator}`),
    }));
  const wordCount: Build = (t) =>
    numbers(t)
      .map((n) => [n, 1] as const)
      .runningReduce(add)
      .filter(() => true);

  it('single tasks are chained to one', () => {
    expect(stages(wordCount, {})).toEqual([{ head: 0, operators: [0, 1, 2, 3, 4], tasks: 1, from: [] }]);
  });

  it('chaining: false keeps the exchange', () => {
    expect(stages(wordCount, { chaining: false })).toEqual([
      { head: 0, operators: [0, 1], tasks: 1, from: [] },
      { head: 2, operators: [2, 3, 4], tasks: 1, from: ['hash 0/1'] },
    ]);
  });

  it('several tasks are reached by an exchange', () => {
    expect(stages(wordCount, { parallelism: 3 })).toEqual([
      { head: 0, operators: [0, 1], tasks: 1, from: [] },
      { head: 2, operators: [2, 3, 4], tasks: 3, from: ['hash 0/1'] },
    ]);
  });

  it('a source has a task for each partition, whatever the parallelism', () => {
    const build: Build = (t) => t.source('in', memory.partitions<string, number>([[], [], []])).runningReduce(add);
    expect(stages(build, { parallelism: 2 }).map(({ tasks }) => tasks)).toEqual([3, 2]);
    expect(stages(build, {}).map(({ tasks, from }) => [tasks, from])).toEqual([
      [3, []],
      [1, ['hash 0/0']],
    ]);
  });

  it('a narrow operator behind a union runs in each stage that feeds it', () => {
    const build: Build = (t) =>
      numbers(t)
        .union(t.source('in2', memory<number>([])))
        .map((n) => n);
    expect(stages(build, {}).map(({ head, operators }) => [head, operators])).toEqual([
      [0, [0, 2, 3]],
      [1, [1, 2, 3]],
    ]);
  });

  it('a diamond of single tasks is one chain', () => {
    const build: Build = (t) => {
      const s = pairs(t);
      return s
        .mapValues((n) => n)
        .union(s)
        .runningReduce(add);
    };
    expect(stages(build, {})).toHaveLength(1);
    expect(stages(build, { parallelism: 2 })[1]!.from).toEqual(['hash 0/1', 'hash 0/0']);
  });

  it('bolts are never chained, and have their own parallelism', () => {
    const acking = (): Bolt<{ n: number }> => ({ execute: (tuple, out) => out.ack(tuple) });
    const { stages } = compile(
      topology('job', (t) => {
        const spout = t.setSpout<{ n: number }>('spout', () => ({ nextTuple: () => 'done' }), { parallelism: 2 });
        t.setBolt('bolt', acking, { parallelism: 4 }).fieldsGrouping(spout, 'n').allGrouping(spout);
      }),
    );
    expect(stages.map(({ parallelism, inputs }) => [parallelism, inputs.map(({ exchange }) => exchange)])).toEqual([
      [2, []],
      [4, [{ kind: 'fields', fields: ['n'] }, { kind: 'all' }]],
    ]);
  });

  it('an interval sink is collected by one task', () => {
    const { stages, operators } = compile(
      topology('job', (t) => pairs(t).runningReduce(add).to('out', textFile('out'))),
      { parallelism: 3 },
    );
    const last = stages.at(-1)!;
    expect([operators[last.head]!.kind, last.parallelism, last.inputs[0]!.exchange.kind]).toEqual([
      'collect-interval',
      1,
      'global',
    ]);
  });

  it('the step of watermarks divides batch interval and ticks', () => {
    const acking = (): Bolt<{ n: number }> => ({ execute: (tuple, out) => out.ack(tuple) });
    const ticking = topology(
      'job',
      { batchInterval: millis(500) },
      (t) =>
        void t
          .setBolt('bolt', acking, { tick: millis(300) })
          .shuffleGrouping(t.setSpout<{ n: number }>('spout', () => ({ nextTuple: () => 'done' }))),
    );
    expect(compile(ticking).step).toBe(100_000);
  });
});

describe('the hash of a plan', () => {
  const build = (factor: number, name = 'map') =>
    topology('job', (t) =>
      numbers(t)
        .map((n) => n * 2 + (factor === 0 ? 0 : 0), { uid: name })
        .to('out', none()),
    );
  const other = () =>
    topology('job', (t) =>
      numbers(t)
        .map((n) => n * 3, { uid: 'map' })
        .to('out', none()),
    );

  it('is the same for the same job, wherever it stands and however it is laid out', () => {
    expect(compile(build(0)).hash).toMatch(/^[0-9a-f]{16}$/);
    expect(compile(build(1)).hash).toBe(compile(build(0)).hash);
    expect(compile(build(0), { parallelism: 3 }).hash).toBe(compile(build(0)).hash);
  });

  it('is another one for another name, function or setting', () => {
    const hashes = [
      build(0),
      build(0, 'other'),
      other(),
      { ...build(0), graph: { ...build(0).graph, name: 'another' } },
    ].map((job) => compile(job).hash);
    expect(new Set(hashes).size).toBe(4);
  });
});
