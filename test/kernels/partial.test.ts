/** The map-side combine: folding pairs before a shuffle gives the window the same answer as not folding them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fold } from '../../src/kernels/fold.js';
import type { Kernel, RecordContext } from '../../src/kernels/kernel.js';
import { NO_BUDGET } from '../../src/kernels/kernel.js';
import { Combiner, type Partial } from '../../src/kernels/partial.js';
import { createWindowReduce, type WindowReduceParameters } from '../../src/kernels/window-reduce.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';

type Row = readonly [key: string, value: number, timestamp: number];

const reduce = (a: unknown, b: unknown): unknown => (a as number) + (b as number);
const fold: Fold = { create: undefined, add: reduce, merge: reduce, names: ['reduce', 'reduce'] };
const inverse = (a: unknown, b: unknown): unknown => (a as number) - (b as number);
const parameters: WindowReduceParameters = {
  window: 30,
  slide: 20,
  pane: 10,
  reduce: 'user',
  inverse: 'user',
  keepEmptyKeys: false,
  emitEmpty: false,
  maxEmptyIntervals: 10,
};

function combiner(): { readonly combiner: Combiner; readonly context: RecordContext } {
  const context = { timestamp: 0, windowEnd: Number.NaN };
  return { combiner: new Combiner({ pane: 10, fold, store: createMemoryStore(), context }), context };
}

/** What a combiner makes of rows: each partial with its timestamp. */
function combined(rows: readonly Row[]): [Partial, number][] {
  const { combiner: own, context } = combiner();
  for (const [key, value, timestamp] of rows) {
    context.timestamp = timestamp;
    own.onRecord([key, value]);
  }
  const partials: [Partial, number][] = [];
  own.drain((partial) => partials.push([partial, context.timestamp]));
  return partials;
}

/** The results of a window over what `feed` gives it. */
function windowed(feed: (kernel: Kernel, context: RecordContext) => void): unknown[] {
  const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
  const results: unknown[] = [];
  const emit = (value: unknown): unknown => results.push([...(value as unknown[]), context.windowEnd]);
  const setup = {
    functions: { fold, inverse },
    parameters,
    store: createMemoryStore(),
    context,
    emit,
    count: () => {},
  };
  const kernel = createWindowReduce(setup);
  feed(kernel, context);
  kernel.advance(1_000, NO_BUDGET);
  return results.sort();
}

describe('a combiner', () => {
  it('gives one partial for each key and pane, with the pane start and the number of records', () => {
    const rows: Row[] = [
      ['a', 1, 3],
      ['b', 2, 12],
      ['a', 4, 9],
      ['a', 8, 15],
    ];
    expect(combined(rows).map(([{ key, value, count }, timestamp]) => [key, value, count, timestamp])).toEqual([
      ['a', 5, 2, 0],
      ['b', 2, 1, 10],
      ['a', 8, 1, 10],
    ]);
  });

  it('is empty after it was drained', () => {
    const { combiner: own, context } = combiner();
    context.timestamp = 1;
    own.onRecord(['a', 1]);
    own.drain(() => {});
    const left: Partial[] = [];
    own.drain((partial) => left.push(partial));
    own.onRecord(['a', 7]);
    own.drain((partial) => left.push(partial));
    expect(left.map(({ value, count }) => [value, count])).toEqual([[7, 1]]);
  });

  it('refuses what is no pair', () => {
    const { combiner: own } = combiner();
    expect(() => own.onRecord('a')).toThrow(expect.objectContaining({ code: 'RG032' }));
  });

  it('changes no window: combined in pieces, or not at all, the results are equal', () => {
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -5, max: 5 }), fc.nat(120));
    fc.assert(
      fc.property(fc.array(fc.array(row)), (pieces) => {
        const plain = windowed((kernel, context) => {
          for (const [key, value, timestamp] of pieces.flat()) {
            context.timestamp = timestamp;
            kernel.onRecord([key, value]);
          }
        });
        const folded = windowed((kernel, context) => {
          for (const [partial, timestamp] of pieces.flatMap(combined)) {
            context.timestamp = timestamp;
            kernel.onRecord(partial);
          }
        });
        expect(folded).toEqual(plain);
      }),
    );
  });
});
