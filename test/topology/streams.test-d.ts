/** Type tests of streams and components: what they infer, and what does not compile. */
import { expectTypeOf, test } from 'vitest';
import {
  type Bolt,
  joinBolt,
  type KeyedStream,
  micros,
  millis,
  type Spout,
  type Stream,
  seconds,
  topology,
} from '../../src/index.js';
import { memory as memorySink, none } from '../../src/sinks.js';
import { memory } from '../../src/sources.js';
import { runIntervals, runTuples } from '../../src/testing/index.js';

const add = (a: number, b: number) => a + b;

test('ten operators in a row need no annotation', () => {
  topology('types', (t) => {
    const totals = t
      .source('lines', memory(['rain rain', 'sun']))
      .flatMap((line) => line.split(' '))
      .filter((word) => word !== '')
      .map((word) => ({ word, length: word.length }))
      .keyBy(({ word }) => word)
      .mapValues(({ length }) => length)
      .reduceByKey((a, b) => Math.max(a, b))
      .reduceByKeyAndWindow({ window: seconds(3), reduce: (a, b) => a + b, inverse: (total, left) => total - left })
      .groupByKey()
      .mapValues((totals) => totals.length > 1)
      .map(([word, isFrequent]) => [word.length, isFrequent] as const)
      .flatMapValues((isFrequent) => (isFrequent ? ['yes'] : []));
    expectTypeOf(totals).toExtend<KeyedStream<number, string>>();
    totals.to('out', memorySink<readonly [number, string]>());
  });
});

test('pairs make a keyed stream, whose literals are widened', () => {
  topology('types', (t) => {
    const words = t.source('words', memory(['rain']));
    expectTypeOf(words.map((word) => [word, 1] as const)).toExtend<KeyedStream<string, number>>();
    expectTypeOf(words.map((word) => [[word, 1], true] as const)).toExtend<
      KeyedStream<readonly [string, 1], boolean>
    >();
    expectTypeOf(words.map((word) => word.length)).toEqualTypeOf<Stream<number>>();
    expectTypeOf(words.mapAsync(async (word) => word.length)).toEqualTypeOf<Stream<number>>();
    expectTypeOf(words.mapAsync((word) => word.length)).toEqualTypeOf<Stream<number>>();
    expectTypeOf(words.mapAsync(async (word) => [word, 1] as const)).toExtend<KeyedStream<string, number>>();
    expectTypeOf(
      words
        .keyBy((word) => word.length)
        .mapValuesAsync(async (word) => ({ word }), { concurrency: 4, timeout: millis(5) }),
    ).toEqualTypeOf<KeyedStream<number, { word: string }>>();
    expectTypeOf(words.map((word) => ({ word }))).toEqualTypeOf<Stream<{ word: string }>>();
    expectTypeOf(words.countByValue()).toExtend<KeyedStream<string, number>>();
    expectTypeOf(words.count()).toEqualTypeOf<Stream<number>>();
    expectTypeOf(words.timestamps({ extract: (word) => word.length, maxOutOfOrderness: millis(1) }).late).toEqualTypeOf<
      Stream<string>
    >();
    const { long, other } = words.branch({ long: (word) => word.length > 3, other: () => true });
    expectTypeOf(long).toEqualTypeOf<Stream<string>>();
    expectTypeOf(other).toEqualTypeOf<Stream<string>>();
    words
      .map((word) => [word, 1] as const)
      .runningReduce({ uid: 'r', reduce: add })
      .to('out', none());
  });
});

test('keyed operators exist on keyed streams only', () => {
  topology('types', (t) => {
    const words = t.source('words', memory(['rain']));
    // @ts-expect-error a stream of strings has no keys
    words.reduceByKey(add);
    // @ts-expect-error a stream of strings has no keys
    words.mapValues((word) => word);
    // @ts-expect-error a stream of strings has no keys
    words.reduceByKeyAndWindow({ window: seconds(1), reduce: add });
    // @ts-expect-error a stream of strings has no keys
    words.runningReduce(add);
    // @ts-expect-error a stream of strings has no keys
    words.updateStateByKey(() => 1);
    // @ts-expect-error a stream of strings has no keys
    words.process({ uid: 'p', onRecord: () => undefined });
    // @ts-expect-error an object is no key
    words.keyBy((word) => ({ word }));
    // @ts-expect-error what is no key cannot be counted by value
    words.map((word) => ({ word })).countByValue();
    // @ts-expect-error a pair whose first part is an object is no keyed stream
    words.map((word) => [{ word }, 1] as const).reduceByKey(add);
  });
});

test('joins, groups, windows and states infer what they give', () => {
  topology('types', (t) => {
    const counts = t.source('counts', memory([['rain', 1]]));
    const names = t.source('names', memory([['rain', 'regen']]));
    const flags = t.source('flags', memory([[7, true]]));
    expectTypeOf(counts.join(names)).toExtend<KeyedStream<string, readonly [number, string]>>();
    expectTypeOf(counts.leftOuterJoin(names)).toExtend<KeyedStream<string, readonly [number, string | undefined]>>();
    expectTypeOf(counts.rightOuterJoin(names)).toExtend<KeyedStream<string, readonly [number | undefined, string]>>();
    expectTypeOf(counts.fullOuterJoin(names)).toExtend<
      KeyedStream<string, readonly [number | undefined, string | undefined]>
    >();
    expectTypeOf(t.transform([counts, names], ([some, others]) => [[some[0]![1], others[0]![1]] as const])).toExtend<
      Stream<readonly [number, string]>
    >();
    expectTypeOf(names.map(([name]) => name).stateQuery(counts)).toExtend<KeyedStream<string, number | undefined>>();
    // @ts-expect-error keys of another type
    flags.map(([flag]) => flag).stateQuery(counts);
    expectTypeOf(counts.cogroup(names)).toExtend<
      KeyedStream<string, readonly [values: readonly number[], others: readonly string[]]>
    >();
    expectTypeOf(counts.joinTable(new Map([['rain', true]]))).toExtend<
      KeyedStream<string, readonly [number, boolean]>
    >();
    expectTypeOf(counts.groupByKey()).toExtend<KeyedStream<string, readonly number[]>>();
    expectTypeOf(counts.window({ window: seconds(2) })).toExtend<KeyedStream<string, number>>();
    expectTypeOf(counts.glom()).toExtend<Stream<readonly (readonly [string, number])[]>>();
    expectTypeOf(counts.transform((values) => values.map(([word]) => word))).toExtend<Stream<string>>();
    expectTypeOf(counts.mapPartitions((values) => values)).toExtend<KeyedStream<string, number>>();
    expectTypeOf(
      counts.combineByKey({
        createCombiner: (n) => [n],
        mergeValue: (all, n) => [...all, n],
        mergeCombiners: (a, b) => [...a, ...b],
      }),
    ).toExtend<KeyedStream<string, number[]>>();
    expectTypeOf(
      counts.aggregate({
        createCombiner: ([word, n]) => [word, n] as const,
        mergeValue: ([words, sum], [word, n]) => [words + word, sum + n] as const,
        mergeCombiners: ([words, sum], [others, n]) => [words + others, sum + n] as const,
      }),
    ).toExtend<KeyedStream<string, number>>();
    const states = counts.mapWithState<{ seen: number }, string>({
      map: (word, n, state) => (state.isTimingOut() ? word : `${word} ${n} ${state.getOption()?.seen}`),
    });
    expectTypeOf(states.stateSnapshots()).toExtend<KeyedStream<string, { seen: number }>>();
    expectTypeOf(states.map((text) => text.length)).toEqualTypeOf<Stream<number>>();
    expectTypeOf(
      counts.updateStateByKey<{ seen: number }>((values, state) => ({ seen: (state?.seen ?? 0) + values.length })),
    ).toExtend<KeyedStream<string, { seen: number }>>();
    // @ts-expect-error keys of different types never meet
    counts.join(flags);
    // @ts-expect-error a stream of words has no keys to join by
    t.source('words', memory(['rain'])).join(counts);
    // @ts-expect-error a stream of words has no keys to group by
    t.source('words', memory(['rain'])).groupByKey();
    // @ts-expect-error a table has pairs
    counts.joinTable(['rain']);
    // @ts-expect-error the table's keys are of another type
    counts.joinTable([[7, true]]);
    // @ts-expect-error a gap has a unit
    counts.sessionWindow({ gap: 5, reduce: add });
    // @ts-expect-error a window is needed
    counts.groupByKeyAndWindow({ slide: seconds(1) });
    // @ts-expect-error a state is a number here
    counts.mapWithState<number, string>({ map: (_word, _n, state) => state.update('x') });
    // @ts-expect-error what is no key is not told apart
    counts.map(([word]) => ({ word })).distinct();
    // @ts-expect-error a transform gives elements
    counts.transform((values) => values.length);
  });
});

test('a duration is never a bare number', () => {
  // @ts-expect-error a batch interval has a unit
  topology('types', { batchInterval: 500 }, () => undefined);
  topology('types', (t) => {
    const pairs = t.source('pairs', memory([['rain', 1]]));
    // @ts-expect-error a window has a unit
    pairs.reduceByKeyAndWindow({ window: 5, reduce: add });
    // @ts-expect-error a slide has a unit
    pairs.countByWindow({ window: seconds(5), slide: 1 });
    // @ts-expect-error so has a length of disorder
    pairs.timestamps({ extract: () => 0, maxOutOfOrderness: 0 });
    // @ts-expect-error so has a tick
    t.setBolt<{ n: number }, { n: number }>('bolt', () => ({ execute: () => undefined }), { tick: 1_000 });
    pairs.countByWindow({ window: micros(1) });
  });
});

test('options are spelt right', () => {
  // @ts-expect-error there is no such setting
  topology('types', { batchIntervall: seconds(1) }, () => undefined);
  topology('types', (t) => {
    const pairs = t.source('pairs', memory([['rain', 1]]));
    // @ts-expect-error there is no option `slid`
    pairs.reduceByKeyAndWindow({ window: seconds(5), slid: seconds(1), reduce: add });
    // @ts-expect-error a window is needed
    pairs.reduceByKeyAndWindow({ reduce: add });
    // @ts-expect-error there is no option `id`
    pairs.map((pair) => pair, { id: 'x' });
    // @ts-expect-error a reduce function gives what it takes
    pairs.reduceByKey((a, b) => `${a}${b}`);
    // @ts-expect-error process needs a uid
    pairs.process({ onRecord: () => undefined });
    // @ts-expect-error a filter says yes or no
    pairs.filter(([word]) => word);
    // @ts-expect-error streams of different elements do not unite
    pairs.union(t.source('other', memory([1])));
  });
});

test('operators are synchronous', () => {
  topology('types', (t) => {
    const words = t.source('words', memory(['rain']));
    // @ts-expect-error nothing can be done with a stream of promises
    words.map(async (word) => word).to('out', none());
    // @ts-expect-error a filter cannot wait
    words.filter(async () => true);
    // @ts-expect-error a flatMap cannot wait
    words.flatMap(async (word) => [word]);
    // @ts-expect-error a key cannot be awaited
    words.keyBy(async (word) => word);
  });
});

test('spouts and bolts agree on fields, streams and groupings', () => {
  interface Word {
    readonly word: string;
    readonly n: number;
  }
  topology('types', (t) => {
    const spout = t.setSpout(
      'words',
      (): Spout<Word, { late: { at: number } }> => ({ nextTuple: (out) => out.emit({ word: 'rain', n: 1 }, 1) }),
      {
        streams: { late: 'grouped' },
      },
    );
    const shout = (): Bolt<Word, { loud: string }> => ({
      execute: (tuple, out) => {
        out.emit({ loud: tuple.values.word }, tuple);
        out.ack(tuple);
      },
    });
    const bolt = t.setBolt('shout', shout).fieldsGrouping(spout, 'word', 'n').shuffleGrouping(spout);
    expectTypeOf(bolt.element).toEqualTypeOf<{ loud: string }>();
    bolt.map(({ loud }) => loud).to('out', memorySink<string>());
    // @ts-expect-error there is no field `wrod`
    t.setBolt('fields', shout).fieldsGrouping(spout, 'wrod');
    // @ts-expect-error its own output is not what a word bolt takes
    t.setBolt('handle', shout).shuffleGrouping(bolt);
    // @ts-expect-error a grouping takes a handle, not a name
    t.setBolt('name', shout).shuffleGrouping('words');
    // @ts-expect-error the stream `late` has other fields
    t.setBolt('late', shout).shuffleGrouping(spout.stream('late'));
    // @ts-expect-error there is no stream `lat`
    spout.stream('lat');
    const quiet = (): Spout<Word, { late: Word }> => ({ nextTuple: () => 'done' });
    // @ts-expect-error a stream is grouped or direct
    t.setSpout('streams', quiet, { streams: { late: 'shuffled' } });
    // @ts-expect-error there is no stream `lat`
    t.setSpout('streams', quiet, { streams: { lat: 'grouped' } });
    t.setBolt(
      'emit',
      (): Bolt<Word, { loud: string }> => ({
        execute: (tuple, out) => {
          // @ts-expect-error there is no field `quiet`
          out.emit({ quiet: tuple.values.word }, tuple);
          // @ts-expect-error an emit is anchored, or says that it is not
          out.emit({ loud: tuple.values.word });
          // @ts-expect-error there is no stream `late`
          out.emitTo('late', { at: 1 }, tuple);
        },
      }),
    ).globalGrouping(spout);
  });
});

test('the kit wants modes, durations and faults as they are', () => {
  const job = topology('types', () => undefined);
  // @ts-expect-error there are two modes
  void (() => runIntervals(job, { mode: 'batch', inputs: {} }));
  // @ts-expect-error a timeout has a unit
  void (() => runTuples(job, { spouts: {}, messageTimeout: 500 }));
  // @ts-expect-error tuples and acks can be dropped
  void (() => runTuples(job, { spouts: {}, faults: [{ drop: 'watermark', component: 'a', nth: 1 }] }));
  expectTypeOf(runIntervals).returns.resolves.toHaveProperty('outputs').toEqualTypeOf<Record<string, unknown[][]>>();
  expectTypeOf(runTuples).returns.resolves.toHaveProperty('executed').toEqualTypeOf<Record<string, number[]>>();
});

test('groupings know the fields of the stream', () => {
  topology('types', (t) => {
    const words = t.setSpout<{ word: string; n: number }>('words', () => ({ nextTuple: () => 'done' }));
    const bolt = t.setBolt<{ word: string }, { word: string }>('bolt', () => ({ execute: () => undefined }));
    bolt.partialKeyGrouping(words, 'word', 'n').noneGrouping(words).shuffleGrouping(words, { loadAware: true });
    bolt.customGrouping(words, () => ({ chooseTasks: ({ word, n }) => [word.length, n] }));
    // @ts-expect-error the stream has no such field
    bolt.partialKeyGrouping(words, 'wrod');
    // @ts-expect-error the stream has no such field
    bolt.customGrouping(words, () => ({ chooseTasks: ({ wrod }) => wrod }));
    // @ts-expect-error a task is a number
    bolt.customGrouping(words, () => ({ chooseTasks: ({ word }) => word }));
    // @ts-expect-error the bolt takes words
    bolt.noneGrouping(t.source('numbers', memory([1])));
  });
});

test('basic, stateful and windowed bolts infer what they take and give', () => {
  interface Word {
    readonly word: string;
    readonly n: number;
  }
  topology('types', (t) => {
    const words = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }), { maxSpoutPending: 10 });
    const basic = t
      .setBasicBolt<Word, { length: number }>('basic', () => ({
        execute: (tuple, out) => {
          expectTypeOf(tuple.values).toEqualTypeOf<Word>();
          out.emit({ length: tuple.values.word.length });
          // @ts-expect-error a basic bolt anchors by itself
          out.emit({ length: 1 }, tuple);
          // @ts-expect-error it has no such value
          out.emit({ lenght: 1 });
        },
      }))
      .shuffleGrouping(words);
    expectTypeOf(basic.element).toEqualTypeOf<{ length: number }>();
    t.setStatefulBolt<Word, string, number, Word>('stateful', () => ({
      initState: (state) => {
        expectTypeOf(state.get('a')).toEqualTypeOf<number | undefined>();
        expectTypeOf(state.get('a', 0)).toEqualTypeOf<number>();
        // @ts-expect-error values are numbers
        state.put('a', 'b');
      },
      execute: (tuple, out) => out.ack(tuple),
    })).fieldsGrouping(words, 'word');
    // @ts-expect-error a stateful bolt takes its state
    t.setStatefulBolt<Word, string, number, Word>('no-state', () => ({ execute: () => undefined }));
    t.setWindowedBolt<Word, { sum: number }>(
      'windowed',
      () => ({
        execute: ({ events, newEvents, expiredEvents, start, end }, out) => {
          expectTypeOf(events[0]!.values).toEqualTypeOf<Word>();
          out.emit({ sum: newEvents.length + expiredEvents.length + end - start });
        },
      }),
      { window: seconds(2), slide: seconds(1), timestamp: ({ n }) => millis(n) },
    ).shuffleGrouping(words);
    // @ts-expect-error a window has a length
    t.setWindowedBolt<Word, Word>('w', () => ({ execute: () => undefined }), {});
    // @ts-expect-error in time or in tuples, not both
    t.setWindowedBolt<Word, Word>('w', () => ({ execute: () => undefined }), { window: seconds(1), count: 2 });
    // @ts-expect-error a bare number is no duration
    t.setWindowedBolt<Word, Word>('w', () => ({ execute: () => undefined }), { window: 1 });
    const late = { window: seconds(1), lateStream: 'late' } as const;
    // @ts-expect-error it declares no stream of that name
    t.setWindowedBolt<Word, Word>('w', () => ({ execute: () => undefined }), late);
  });
});

test('joins know their sides', () => {
  topology('types', (t) => {
    const words = t.setSpout<{ word: string; n: number }>('words', () => ({ nextTuple: () => 'done' }));
    const users = t.setSpout<{ id: string; name: string }>('users', () => ({ nextTuple: () => 'done' }));
    const joined = joinBolt('word', words, 'word')
      .join('user', users, 'id', 'word')
      .leftJoin('friend', users, 'id', 'user')
      .select(({ word, user, friend }) => {
        expectTypeOf(word).toEqualTypeOf<{ word: string; n: number }>();
        expectTypeOf(user.name).toEqualTypeOf<string>();
        expectTypeOf(friend).toEqualTypeOf<{ id: string; name: string } | undefined>();
        return { n: word.n, name: friend?.name ?? user.name };
      });
    const bolt = t.setWindowedBolt('joined', joined, { count: 10 });
    bolt.fieldsGrouping(words, 'word').fieldsGrouping(users, 'id');
    expectTypeOf(bolt.element).toEqualTypeOf<{ n: number; name: string }>();
    // @ts-expect-error the stream has no such field
    joinBolt('word', words, 'wrod');
    // @ts-expect-error there is no such side
    joinBolt('word', words, 'word').join('user', users, 'id', 'wrod');
  });
});
