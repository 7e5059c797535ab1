/** Provenance: ids that a replay gives again, sums that can be taken back, and user functions that notice nothing. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OracleAnswer } from '../../../src/compare/oracle/answer.js';
import { evaluate } from '../../../src/compare/oracle/evaluate.js';
import { withoutProvenance } from '../../../src/compare/provenance/plain-sink.js';
import { idOf, withIds } from '../../../src/compare/provenance/record-ids.js';
import {
  added,
  isSameProvenance,
  NO_RECORDS,
  type Provenance,
  provenanceOf,
  subtracted,
  traced,
} from '../../../src/compare/provenance/traced.js';
import { withProvenance } from '../../../src/compare/provenance/with-provenance.js';
import { RecordNames } from '../../../src/compare/recovery/record-names.js';
import { millis } from '../../../src/core/time.js';
import { compile } from '../../../src/plan/compile.js';
import type { SinkWriter } from '../../../src/runtime/sink.js';
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import { aSink, aSource, traceOf } from '../memory-ends.js';

const id = (offset: number, partition = 0, source = 'in'): Provenance => idOf({ source, partition, offset });
const all = (offsets: readonly number[]): Provenance => offsets.map((offset) => id(offset)).reduce(added, NO_RECORDS);

const add = (a: number, b: number): number => a + b;

describe('a provenance', () => {
  it('does not depend on the order, and can be taken back exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { maxLength: 60 }),
        fc.array(fc.nat(100_000), { maxLength: 60 }),
        (a, b) => {
          const both = all([...a, ...b]);
          expect(all([...b].reverse().concat(a))).toEqual(both);
          expect(isSameProvenance(subtracted(both, all(b)), all(a))).toBe(true);
          expect(Number.isSafeInteger(both.sum) && both.sum >= 0).toBe(true);
        },
      ),
    );
  });

  it('tells records of other offsets, partitions and sources apart', () => {
    const ids = [0, 1, 2].flatMap((partition) =>
      ['in', 'on'].flatMap((source) => Array.from({ length: 20_000 }, (_, offset) => id(offset, partition, source))),
    );
    expect(new Set(ids.map(({ sum, xor }) => `${sum} ${xor}`)).size).toBe(ids.length);
    expect(id(7)).toEqual(id(7));
    expect(id(7)).not.toEqual(id(7 + 2 ** 32));
  });
});

describe('names of records', () => {
  const names = new RecordNames(
    traceOf({ in: [Array.from({ length: 5_000 }, (_, at) => ({ value: 0, at }))], on: [[], [{ value: 0, at: 1 }]] }),
  );
  const less = (offsets: readonly number[]): Provenance => subtracted(NO_RECORDS, all(offsets));

  it.each([
    ['one too often', id(17), [[17, 1]]],
    ['one too seldom', less([4_999]), [[4_999, -1]]],
    ['one that is in it four times', all([8, 8, 8, 8]), [[8, 4]]],
    ['one that lacks three times', less([8, 8, 8]), [[8, -3]]],
    [
      'two',
      less([3, 4]),
      [
        [3, -1],
        [4, -1],
      ],
    ],
    [
      'one for another',
      added(id(9), less([10])),
      [
        [10, -1],
        [9, 1],
      ],
    ],
  ])('finds %s', (_name, difference, named) => {
    expect(names.name(difference)!.map(({ record, times }) => [record, times])).toEqual(named);
  });

  it('knows where a record stands, and not what is of no record or of too many', () => {
    expect(names.placeOf(5_000)).toEqual({ source: 'on', partition: 1, offset: 0 });
    expect(names.name(all([1, 2, 3]))).toBeUndefined();
    expect(names.name(id(5_000))).toBeUndefined();
    expect(names.recordOf(id(0, 1, 'on'))).toBe(5_000);
    expect(names.recordOf(all([1, 2]))).toBeUndefined();
  });
});

describe('a decorated job', () => {
  const build = (t: TopologyBuilder) => {
    const words = t.source('in', aSource<string>()).filter((word) => word !== 'no', { uid: 'kept' });
    words.keyBy((word) => word.length, { uid: 'by length' }).to('keyed', aSink());
    words.count({ uid: 'count' }).to('count', aSink());
    words.countByValue({ uid: 'each' }).to('each', aSink());
    words
      .map((word) => [word, 1] as const)
      .process<number, string>({
        uid: 'sessions',
        onRecord(value, { state = 0, setState, setTimer, emit, timestamp }) {
          setState(state + value);
          setTimer(timestamp + 1_500);
          emit(`seen ${state + value}`);
        },
        onTimer(context) {
          context.emit(`closed ${context.state}`);
          context.setState(undefined);
        },
      })
      .to('sessions', aSink());
  };
  const job = topology('job', { batchInterval: millis(1) }, build);
  const trace = traceOf({
    in: [['a', 'bb', 'no', 'a'].map((value, i) => ({ value, at: i * 400 })).concat([{ beat: 5_000 } as never])],
  });
  const answered = evaluate(withProvenance(job), withIds(trace));
  let answer: OracleAnswer;
  beforeAll(async () => {
    answer = await answered;
  });
  const madeOf = (sink: string) =>
    answer.sinks.get(sink)!.map(({ value }) => {
      const { count, sum, xor } = provenanceOf(value);
      const offsets = [[], [0], [1], [3], [0, 1], [0, 3]].find((each) =>
        isSameProvenance(all(each), { count, sum, xor }),
      );
      return [Array.isArray(value) ? value[0] : (value as { value: unknown }).value, offsets];
    });

  it('says what each result is made of', () => {
    expect(madeOf('keyed')).toEqual([
      [1, [0]],
      [2, [1]],
      [1, [3]],
    ]);
    expect(madeOf('count')).toEqual([
      [2, [0, 1]],
      [1, [3]],
      [0, []],
      [0, []],
      [0, []],
    ]);
    expect(madeOf('each')).toEqual([
      ['a', [0]],
      ['bb', [1]],
      ['a', [3]],
    ]);
    expect(madeOf('sessions')).toEqual([
      ['seen 1', [0]],
      ['seen 1', [1]],
      ['seen 2', [0, 3]],
      ['closed 2', [0, 3]],
      ['closed 1', [1]],
      ['closed undefined', []],
    ]);
  });

  it('keeps uids, settings, stages and exchanges', () => {
    const shape = (of: typeof job) =>
      compile(of, { parallelism: 2 }).operators.map(({ uid, inputs, slide }) => ({
        uid: uid.replace(/~.*/, ''),
        inputs: inputs.map(({ exchange }) => exchange?.kind),
        slide,
      }));
    const byUid = (a: { uid: string }, b: { uid: string }) => (a.uid < b.uid ? -1 : 1);
    expect(shape(withProvenance(job)).sort(byUid)).toEqual(shape(job).sort(byUid));
    expect(withProvenance(job).graph.settings).toEqual(job.graph.settings);
  });

  it('leaves what no function may return to the operator, and iterates a generator as it goes', () => {
    const of = (make: (t: TopologyBuilder) => void, role: string) => {
      const { functions } = withProvenance(topology('job', make));
      return functions.get([...functions.keys()].find((name) => name.endsWith(role))!) as (
        ...values: unknown[]
      ) => unknown;
    };
    const source = (t: TopologyBuilder) => t.source('in', aSource<number>());
    const record = traced(1, id(0));
    const promise = Promise.resolve(1);
    expect(
      of(
        (t) =>
          source(t)
            .map(() => promise as never)
            .to('out', aSink()),
        ':map',
      )(record),
    ).toBe(promise);
    expect(
      of(
        (t) =>
          source(t)
            .flatMap(() => 7 as never)
            .to('out', aSink()),
        ':flatMap',
      )(record),
    ).toBe(7);
    const reduce = of(
      (t) =>
        source(t)
          .keyBy((n) => n)
          .reduceByKey(() => undefined as never)
          .to('out', aSink()),
      ':reduce',
    );
    expect(reduce(record, record)).toBeUndefined();
    const fold = { createCombiner: () => undefined as never, mergeValue: add, mergeCombiners: add };
    const combiners = [
      (t: TopologyBuilder) => source(t).aggregate(fold).to('out', aSink()),
      (t: TopologyBuilder) =>
        source(t)
          .keyBy((n) => n)
          .combineByKey(fold)
          .to('out', aSink()),
    ].map((make) => of(make, ':createCombiner'));
    for (const create of combiners) expect(create(record)).toBeUndefined();
    let steps = 0;
    function* twice(value: number) {
      for (; steps < 2; steps++) yield value;
    }
    const out = of((t) => source(t).flatMap(twice).to('out', aSink()), ':flatMap')(record) as Iterable<unknown>;
    expect(steps).toBe(0);
    expect([...out]).toEqual([record, record]);
  });

  it('gives a state back as the same object when nothing changed', () => {
    const { functions } = withProvenance(
      topology('job', (t) => {
        t.source('in', aSource<readonly [string, number]>())
          .updateStateByKey<number>((values, state) => (values.length === 0 ? state : values.length))
          .to('out', aSink());
      }),
    );
    const update = functions.get('1:update') as (values: unknown[], state: unknown) => unknown;
    const state = update([traced(4, id(0)), traced(5, id(1))], undefined);
    expect(state).toEqual(traced(2, all([0, 1])));
    expect(update([], state)).toBe(state);
  });
});

it('writes plain results to real sinks, which keep what else they can do', async () => {
  const context = { timestamp: 1, windowEnd: Number.NaN, partition: 0 };
  const perRecord = new CapturedSink('record');
  const writer: SinkWriter = withoutProvenance(perRecord, false);
  writer.accept(['a', traced(1, id(0))], context);
  writer.accept(traced('b', id(0)), context);
  expect(perRecord.results.map(({ value }) => value)).toEqual([['a', 1], 'b']);
  expect(writer.ready).toBe(true);
  await writer.close();
  const perInterval = new CapturedSink('interval');
  withoutProvenance(perInterval, true).accept({ end: 10, values: [traced(1, id(0))] }, context);
  expect(perInterval.results).toEqual([{ value: 1, timestamp: 9, windowEnd: 10 }]);
});
