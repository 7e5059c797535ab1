/** Gives a recipe its meaning: a topology, and the recorded input. */
import type { Trace } from '../../../src/compare/trace.js';
import type { Duration } from '../../../src/core/time.js';
import type { Heartbeat } from '../../../src/runtime/source.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Topology } from '../../../src/topology/graph.js';
import type { SinkSpec } from '../../../src/topology/specs.js';
import type { KeyedStream, Stream } from '../../../src/topology/streams.js';
import type { Placed } from '../../../src/topology/types.js';
import { aSource } from '../../compare/memory-ends.js';
import { add, calling, digest, LONGEST, sessions, stateSpec, sums, TABLE, updateBy } from './functions.js';
import type { Operator, Recipe, RecordRecipe, StepRecipe } from './recipe.js';

const BATCH_INTERVAL = 1_000 as Duration;

/** What sources give: `t` is the time of occurrence (us). */
export interface Event {
  readonly k: string;
  readonly n: number;
  readonly t: number;
}

type Pairs = KeyedStream<string | number, number>;

/** A stream with what decides who may read it. */
type Branch = {
  readonly slide: number;
  /** A join or a window multiplied it; before another does, it is reduced. */
  readonly isMultiplied?: boolean;
  /** No further `timestamps` may follow. */
  readonly isTimed: boolean;
  isRead: boolean;
} & (
  | { readonly type: 'event'; readonly stream: Stream<Event> }
  | { readonly type: 'number'; readonly stream: Stream<number> }
  | { readonly type: 'pair'; readonly stream: Pairs }
);
type BranchOf<T extends Branch['type']> = Extract<Branch, { readonly type: T }>;

/** A built recipe. */
export interface Built {
  readonly topology: Topology;
  readonly trace: Trace;
  /** The operators that it has, as often as they occur. */
  readonly operators: readonly Operator[];
}

export function build(recipe: Recipe): Built {
  const operators: Operator[] = [];
  const settings = { batchInterval: BATCH_INTERVAL, maxEmptyIntervals: recipe.maxEmptyIntervals };
  const built = topology('random', settings, (t) => new Building(recipe, t, operators).build());
  return { topology: built, trace: traceOf(recipe), operators };
}

class Building {
  readonly #recipe: Recipe;
  readonly #t: TopologyBuilder;
  readonly #operators: Operator[];
  readonly #branches: Branch[] = [];
  #sinks = 0;

  constructor(recipe: Recipe, t: TopologyBuilder, operators: Operator[]) {
    this.#recipe = recipe;
    this.#t = t;
    this.#operators = operators;
  }

  build(): void {
    this.#recipe.sources.forEach((partitions, index) => {
      const stream = this.#t.source(`source${index}`, aSource<Event>(partitions.length));
      this.#branches.push({
        type: 'event',
        stream,
        slide: BATCH_INTERVAL,
        isTimed: false,
        isRead: false,
      });
    });
    for (const [index, step] of this.#recipe.steps.entries()) this.#step(step, index);
    for (const branch of this.#branches) if (!branch.isRead) this.#sink(branch, 1);
  }

  #step(step: StepRecipe, index: number): void {
    const made = this.#apply(step, `step${index}`).map((branch) => ({ ...branch, isRead: false }));
    if (made.length > 0) this.#operators.push(step.operator);
    this.#branches.push(...made);
    if (made.length > 0 && step.sink > 0) this.#sink(made[0]!, step.sink);
  }

  #apply({ operator, from, a, b }: StepRecipe, uid: string): readonly Branch[] {
    const own = placed(uid, a, b);
    switch (operator) {
      case 'map':
        return this.#onNumbers(from, (s) => s.map((n) => n * (a + 1), { uid }));
      case 'flatMap':
        return this.#onNumbers(from, (s) => s.flatMap((n) => Array<number>(Math.abs(n) % 3).fill(n + b), { uid }));
      case 'filter':
        return this.#onNumbers(from, (s) => s.filter((n) => n % (a + 2) !== 0, { uid }));
      case 'mapValues':
        return this.#onPairs(from, (s) => s.mapValues((n) => n + a, { uid }));
      case 'flatMapValues':
        return this.#onPairs(from, (s) => s.flatMapValues((n) => (n % 2 === 0 ? [n, b] : new Set([n])), { uid }));
      case 'keyBy': {
        const branch = this.#numbers(from);
        return [{ ...branch, type: 'pair', stream: branch.stream.keyBy((n) => n % (a + 2), { uid }) }];
      }
      case 'union':
        return this.#union(from, a);
      case 'diamond':
        return this.#onNumbers(from, (s) =>
          s
            .map((n) => n + a)
            .union(
              s.filter((n) => n % 2 === 0),
              s,
            ),
        );
      case 'branch': {
        const branch = this.#numbers(from);
        const { small, even } = branch.stream.branch(
          { small: (n: number) => n < a, even: (n: number) => n % 2 === 0 },
          { uid },
        );
        return [small, even].map((stream) => ({ ...branch, stream: stream as Stream<number> }));
      }
      case 'timestamps':
      case 'timestamps idle':
        return this.#timestamps(operator, from, a, b, uid);
      case 'reduceByKey':
        return this.#onPairs(from, (s) => s.reduceByKey({ ...own, reduce: a % 2 === 0 ? add : Math.max }));
      case 'countByValue':
        return this.#onNumbers(from, (s) => s.countByValue(own).map(([value, count]) => value * 100 + count));
      case 'count':
        return this.#onNumbers(from, (s) => s.count({ uid }));
      case 'countByWindow':
        return this.#window(this.#numbers(from), a, b, (s, times) => s.countByWindow({ uid, ...times }));
      case 'reduceByKeyAndWindow':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.reduceByKeyAndWindow({ ...own, ...times, reduce: Math.max }),
        );
      case 'reduceByKeyAndWindow inverse':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.reduceByKeyAndWindow({ ...own, ...times, ...sums }),
        );
      case 'reduceByKeyAndWindow inverse filter':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.reduceByKeyAndWindow({ ...own, ...times, ...sums, filter: ([, total]) => total % (a + 2) !== 0 }),
        );
      case 'reduceByKeyAndWindow keepEmptyKeys':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.reduceByKeyAndWindow({ ...own, ...times, ...sums, keepEmptyKeys: true }),
        );
      case 'peek':
        return this.#onNumbers(from, (s) => s.peek(() => undefined, { uid }));
      case 'reduce':
        return this.#onNumbers(from, (s) => s.reduce({ uid, reduce: a % 2 === 0 ? add : Math.max }));
      case 'reduceByWindow':
        return this.#window(this.#numbers(from), a, b, (s, times) =>
          s.reduceByWindow({ uid, ...times, reduce: Math.max }),
        );
      case 'reduceByWindow inverse':
        return this.#window(this.#numbers(from), a, b, (s, times) =>
          s.reduceByWindow({ uid, ...times, ...sums, keepEmptyKeys: a % 2 === 0 }),
        );
      case 'countByValueAndWindow':
        return this.#window(this.#numbers(from), a, b, (s, times) =>
          s.countByValueAndWindow({ ...own, ...times }).map(([value, count]) => value * 100 + count),
        );
      case 'combineByKey':
        return this.#onPairs(from, (s) => s.combineByKey({ ...own, ...LONGEST }).mapValues(({ length }) => length));
      case 'combineByKey window':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.combineByKey({ ...own, ...times, ...LONGEST }).mapValues(({ length }) => length),
        );
      case 'aggregate':
        return this.#onNumbers(from, (s) => s.aggregate({ uid, ...LONGEST }).map(({ length }) => length));
      case 'aggregate window':
        return this.#window(this.#numbers(from), a, b, (s, times) =>
          s.aggregate({ uid, ...times, ...LONGEST }).map(({ length }) => length),
        );
      case 'distinct':
        return this.#window(this.#numbers(from), a, b, (s, times) => s.distinct({ ...own, ...times }));
      case 'top':
        return this.#window(this.#numbers(from), a, b, (s, times) =>
          s.top({ uid, ...times, max: 2, by: (n) => n % (a + 2) }).map((list) => list.reduce((x, y) => x * 7 + y, 0)),
        );
      case 'groupByKey':
        return this.#onPairs(from, (s) => s.groupByKey(own).mapValues(digest));
      case 'groupByKeyAndWindow':
        return this.#window(this.#pairs(from), a, b, (s, times) =>
          s.groupByKeyAndWindow({ ...own, ...times }).mapValues(digest),
        );
      case 'glom':
        return this.#onNumbers(from, (s) => s.glom({ uid }).map(digest));
      case 'mapPartitions':
        return this.#onNumbers(from, (s) =>
          s.mapPartitions((values, partition) => [digest(values), a + partition], { uid }),
        );
      case 'repartition':
        return this.#onNumbers(from, (s) => s.repartition(1 + (a % 4), { uid }));
      case 'partitionBy':
        return this.#onPairs(from, (s) =>
          s.partitionBy({ ...(a % 2 === 0 && { by: (key) => key === 0 }), partitions: 1 + (a % 4), uid }),
        );
      case 'transform':
        return this.#onNumbers(from, (s) => s.transform((values, end) => [digest(values), end % 7], { uid }));
      case 'transformWith':
        return this.#together(from, a, (left, right) =>
          left.transformWith(right, (x, y, end) => [digest(x), -digest(y.map(([, n]) => n)), end % 7], { uid }),
        );
      case 'transform streams':
        return this.#together(from, a, (left, right) => {
          const streams = [left, right, left.map((n) => n * 10)] as const;
          return this.#t.transform(
            streams,
            ([x, y, z], end) => [digest(x) - digest(y.map(([, n]) => n)), digest(z), end % 7],
            { uid },
          );
        });
      case 'window': {
        const branch = this.#numbers(from);
        const few = { ...branch, stream: branch.isMultiplied === true ? branch.stream.distinct() : branch.stream };
        const made = this.#window(few, a, b, (s, times) => s.window({ uid, ...times }));
        return made.map((each) => ({ ...each, isMultiplied: true }));
      }
      case 'cogroup':
        return this.#joined(from, a, (s, other) =>
          s.cogroup(other, own).mapValues(([x, y]) => digest(x) - 3 * digest(y)),
        );
      case 'join':
      case 'leftOuterJoin':
      case 'rightOuterJoin':
      case 'fullOuterJoin':
        return this.#joined(from, a, (s, other) => s[operator](other, own).mapValues(([x = -1, y = -2]) => 10 * x + y));
      case 'intervalJoin':
        return this.#joined(from, a, (s, other) =>
          s
            .intervalJoin(other, { ...own, before: (b * 300) as Duration, after: (a * 200) as Duration })
            .mapValues(([x, y]) => 10 * x + y),
        );
      case 'sessionWindow':
        return this.#onPairs(from, (s) =>
          s.sessionWindow({ ...own, gap: ((1 + a) * 400) as Duration, reduce: b % 2 === 0 ? add : Math.max }),
        );
      case 'stateQuery':
        return this.#asked(from, a, (questions, states) =>
          questions.stateQuery(b % 2 === 0 ? states.reduceByKey(add) : states.runningReduce(add), own),
        );
      case 'joinTable':
        return this.#onPairs(from, (s) => s.joinTable(TABLE, { uid }).mapValues(([n, row]) => n + row));
      case 'leftOuterJoinTable':
        return this.#onPairs(from, (s) => s.leftOuterJoinTable(TABLE, { uid }).mapValues(([n, row = -1]) => n + row));
      case 'runningReduce':
        return this.#onPairs(from, (s) => s.runningReduce({ ...own, reduce: add }));
      case 'updateStateByKey':
        return this.#onPairs(from, (s) => s.updateStateByKey<number>({ ...own, update: updateBy(a) }));
      case 'updateStateByKey initial':
        return this.#onPairs(from, (s) =>
          s.updateStateByKey<number>({
            ...own,
            update: (values, state = 0, { end }) => updateBy(a)(values, state + (end % 3)),
            initialState: TABLE,
          }),
        );
      case 'mapWithState':
        return this.#onPairs(from, (s) => s.mapWithState({ ...stateSpec(uid, a), ...own }) as unknown as Pairs);
      case 'mapWithState timeout': {
        const spec = { ...stateSpec(uid, a), ...own, timeout: ((1 + b) * 700) as Duration };
        return this.#onPairs(from, (s) => s.mapWithState(spec) as unknown as Pairs);
      }
      case 'stateSnapshots': {
        const branch = this.#pairs(from);
        const timeout = ((1 + b) * 700) as Duration;
        const mapped = branch.stream.mapWithState({
          ...stateSpec(uid, a),
          ...own,
          ...(b % 2 === 0 ? { timeout } : {}),
        });
        const timed = { ...branch, isTimed: true };
        return [
          { ...timed, stream: mapped as unknown as Pairs },
          { ...timed, stream: mapped.stateSnapshots() },
        ];
      }
      case 'process':
        return this.#onPairs(from, (s) => s.process(sessions(uid, (a + 1) * 500)) as unknown as Pairs);
      case 'mapAsync':
      case 'mapAsync unordered': {
        const ordered = operator === 'mapAsync';
        return this.#onNumbers(from, (s) => s.mapAsync(calling(a), { uid, concurrency: 1 + b, ordered }));
      }
      case 'mapValuesAsync':
      case 'mapValuesAsync unordered': {
        const ordered = operator === 'mapValuesAsync';
        return this.#onPairs(from, (s) => s.mapValuesAsync(calling(a), { uid, concurrency: 1 + b, ordered }));
      }
    }
  }

  #timestamps(operator: Operator, from: number, a: number, b: number, uid: string): readonly Branch[] {
    const free = this.#branches.filter((other): other is BranchOf<'event'> => other.type === 'event' && !other.isTimed);
    const branch = free[from % Math.max(1, free.length)];
    if (branch === undefined) return [];
    branch.isRead = true;
    const source = a % 2 === 0 ? branch.stream : branch.stream.filter((event) => event.n !== 3);
    const idle = operator === 'timestamps idle' ? { idleTimeout: ((1 + (b % 3)) * BATCH_INTERVAL) as Duration } : {};
    const maxOutOfOrderness = (a * 400) as Duration;
    const timed = source.timestamps({ uid, extract: (event) => event.t, maxOutOfOrderness, ...idle });
    const late = {
      ...branch,
      stream: timed.late as Stream<Event>,
      isTimed: true,
    };
    const inTime = { ...branch, stream: timed, isTimed: true };
    return b % 2 === 0 ? [inTime, late] : [inTime];
  }

  #union(from: number, a: number): readonly Branch[] {
    const first = this.#any(from);
    const equals = this.#branches.filter((other) => other.type === first.type && other.slide === first.slide);
    const second = equals[a % equals.length]!;
    second.isRead = true;
    const stream = first.stream.union(second.stream as never);
    return [{ ...first, stream, isTimed: true } as Branch];
  }

  /** Two streams of one slide, each of which is read as pairs. */
  #joined(from: number, a: number, apply: (left: Pairs, right: Pairs) => Pairs): readonly Branch[] {
    const left = this.#pairs(from);
    const right = this.#partner(left, a);
    const few = ({ isMultiplied, stream }: BranchOf<'pair'>) =>
      isMultiplied === true ? stream.reduceByKey(add) : stream;
    return [{ ...left, stream: apply(few(left), few(right)), isTimed: true, isMultiplied: true }];
  }

  /** The keys of one stream ask for the states that the other is made to. */
  #asked(
    from: number,
    a: number,
    ask: (questions: Stream<string | number>, states: Pairs) => KeyedStream<string | number, number | undefined>,
  ): readonly Branch[] {
    const left = this.#pairs(from);
    const right = this.#partner(left, a);
    const questions = left.stream.map(([key]) => key) as Stream<string | number>;
    return [{ ...left, stream: ask(questions, right.stream).mapValues((n = -1) => n), isTimed: true }];
  }

  #together(from: number, a: number, apply: (left: Stream<number>, right: Pairs) => Stream<number>): readonly Branch[] {
    const left = this.#numbers(from);
    const right = this.#partner(left, a);
    return [{ ...left, stream: apply(left.stream, right.stream), isTimed: true }];
  }

  #partner(left: Branch, a: number): BranchOf<'pair'> {
    const equals = this.#branches.flatMap((other, i) => (other.slide === left.slide ? [i] : []));
    return this.#pairs(this.#branches.length - 1 - equals[a % equals.length]!);
  }

  #window<B extends Branch>(
    branch: B,
    a: number,
    b: number,
    apply: (stream: B['stream'], times: { window: Duration; slide?: Duration }) => unknown,
  ): readonly Branch[] {
    const slide = branch.slide * (1 + (b % 3));
    const window = (branch.slide * (1 + (a % 5))) as Duration;
    // A slide that is left out is the parent's; windows may be shorter than their slide.
    const times = b % 3 === 0 ? { window } : { window, slide: slide as Duration };
    return [{ ...branch, stream: apply(branch.stream, times), slide, isTimed: true } as Branch];
  }

  #onNumbers(from: number, apply: (stream: Stream<number>) => Stream<number>): readonly Branch[] {
    const branch = this.#numbers(from);
    return [{ ...branch, stream: apply(branch.stream), isTimed: true }];
  }

  #onPairs(from: number, apply: (stream: Pairs) => Pairs): readonly Branch[] {
    const branch = this.#pairs(from);
    return [{ ...branch, stream: apply(branch.stream), isTimed: true }];
  }

  #any(from: number): Branch {
    const branch =
      this.#branches[(this.#branches.length - 1 - from + 21 * this.#branches.length) % this.#branches.length]!;
    branch.isRead = true;
    return branch;
  }

  #numbers(from: number): BranchOf<'number'> {
    const branch = this.#any(from);
    switch (branch.type) {
      case 'number':
        return branch;
      case 'event':
        return { ...branch, type: 'number', stream: branch.stream.map((event) => event.n) };
      case 'pair':
        return { ...branch, type: 'number', stream: branch.stream.map(([, n]) => n) as Stream<number> };
    }
  }

  #pairs(from: number): BranchOf<'pair'> {
    const branch = this.#any(from);
    switch (branch.type) {
      case 'pair':
        return branch;
      case 'event':
        return {
          ...branch,
          type: 'pair',
          stream: branch.stream.map((event) => [event.k, event.n] as const) as unknown as Pairs,
        };
      case 'number':
        return { ...branch, type: 'pair', stream: branch.stream.map((n) => [n % 3, n] as const) as unknown as Pairs };
    }
  }

  #sink(branch: Branch, kind: number): void {
    branch.isRead = true;
    (branch.stream as Stream<unknown>).to(`sink${this.#sinks++}`, kind === 1 ? RECORD_SINK : INTERVAL_SINK);
  }
}

/** Half of the operators that move records have as many tasks as they say, whatever the job has. */
function placed(uid: string, a: number, b: number): Placed & { readonly uid: string } {
  const partitions = 1 + ((a + 2 * b) % 8);
  return partitions > 4 ? { uid } : { uid, partitions };
}

const capabilities = { guarantee: 'exactly-once', delivery: 'record' } as const;
const RECORD_SINK: SinkSpec<unknown> = { role: 'sink', kind: 'captured', options: {}, capabilities };
const INTERVAL_SINK: SinkSpec<unknown> = { ...RECORD_SINK, capabilities: { ...capabilities, delivery: 'interval' } };

/** Times begin at 0; a heartbeat stands at each multiple of the batch interval. */
function traceOf({ sources, silence }: Recipe): Trace {
  return {
    sources: sources.map((partitions, index) => ({
      name: `source${index}`,
      partitions: partitions.map((records) => sequenceOf(records, silence)),
    })),
  };
}

function sequenceOf(records: readonly RecordRecipe[], silence: number) {
  const values: Event[] = [];
  const times: number[] = [];
  const heartbeats: Heartbeat[] = [];
  let now = 0;
  let beat = 0;
  const beatUntil = (time: number): void => {
    for (; beat + BATCH_INTERVAL <= time; beat += BATCH_INTERVAL)
      heartbeats.push({ at: values.length, watermark: beat + BATCH_INTERVAL });
  };
  for (const [wait, key, value, delay] of records) {
    now += Math.floor((wait * BATCH_INTERVAL) / 4);
    beatUntil(now);
    values.push({ k: 'abcde'[key]!, n: value, t: now - delay * 300 });
    times.push(now);
  }
  beatUntil((Math.floor(now / BATCH_INTERVAL) + 1 + silence) * BATCH_INTERVAL);
  return { values, timestamps: Float64Array.from(times), heartbeats };
}
