/** Every kernel goes on from a snapshot as if nothing had happened: random input, a random place, a new store and a new kernel. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Key } from '../../src/core/keys.js';
import { createKernel, createTimestampsKernel, type KernelOperator } from '../../src/kernels/create-kernel.js';
import { NO_BUDGET, type RecordContext } from '../../src/kernels/kernel.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import type { ProcessContext } from '../../src/topology/process.js';
import { restoredStore } from './drive.js';

/** A record some time after the watermark, a rise of the watermark, or a way to go on. */
type Step =
  | { readonly kind: 'record'; readonly key: number; readonly ahead: number; readonly value: number }
  | { readonly kind: 'rise'; readonly by: number }
  | { readonly kind: 'attempt'; readonly steps: readonly Step[]; readonly isLost: boolean };

/** The last one is no key. */
const KEYS: readonly unknown[] = ['a', 'b', 7, ['a', 1], null, { no: 'key' }];

const record = fc.record({
  kind: fc.constant('record' as const),
  key: fc.nat(KEYS.length - 1),
  ahead: fc.nat(60),
  value: fc.integer({ min: 1, max: 9 }),
});
const rise = fc.record({ kind: fc.constant('rise' as const), by: fc.oneof(fc.nat(30), fc.constant(200)) });
const plain = fc.oneof({ weight: 5, arbitrary: record }, { weight: 1, arbitrary: rise });
const attempt = fc.record({
  kind: fc.constant('attempt' as const),
  steps: fc.array(plain, { maxLength: 6 }),
  isLost: fc.boolean(),
});
const steps = fc.array(fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: attempt }), { maxLength: 40 });

const window = { kind: 'window-reduce', node: 1, window: 30, slide: 10, pane: 10, reduce: 'user' } as const;
const alone = { keepEmptyKeys: false, emitEmpty: false, maxEmptyIntervals: 3 };
const operators: readonly (readonly [name: string, operator: KernelOperator])[] = [
  ['window-reduce', { ...window, ...alone, inverse: 'none' }],
  ['window-reduce with an inverse', { ...window, ...alone, inverse: 'user' }],
  ['window-reduce that keeps empty keys', { ...window, ...alone, inverse: 'user', keepEmptyKeys: true }],
  ['window-reduce that tells of empty windows', { ...window, ...alone, inverse: 'none', emitEmpty: true }],
  [
    'window-reduce with a difference that tells of empty windows',
    { ...window, ...alone, reduce: 'sum', inverse: 'difference', emitEmpty: true },
  ],
  ['hopping window-reduce', { ...window, ...alone, window: 10, slide: 30, inverse: 'user' }],
  ['running-reduce', { kind: 'running-reduce', node: 1 }],
  ['update-state', { kind: 'update-state', node: 1, slide: 10, maxEmptyIntervals: 2 }],
  ['process', { kind: 'process', node: 1 }],
  ['collect-interval', { kind: 'collect-interval', node: 1, slide: 10, maxEmptyIntervals: 2 }],
];

describe('a kernel on a restored store', () => {
  it.each(operators)('%s gives what it would have given', (_, operator) => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }), (all, places) => {
        expect(run(operator, all, places)).toEqual(run(operator, all, []));
      }),
      { numRuns: 300 },
    );
  });

  it.each([undefined, 20])('timestamps with an idle timeout of %s gives what it would have given', (idleTimeout) => {
    const step = fc.record({ isRecord: fc.boolean(), passed: fc.nat(30), time: fc.integer({ min: -20, max: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (all, place) => {
        expect(runTimestamps(idleTimeout, all, place)).toEqual(runTimestamps(idleTimeout, all, -1));
      }),
      { numRuns: 300 },
    );
  });
});

/** What is emitted, counted and thrown; before each step in `places` the kernel is made anew on a restored store. */
function run(operator: KernelOperator, all: readonly Step[], places: readonly number[]): readonly string[] {
  let out: string[] = [];
  let store = createMemoryStore();
  const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
  const make = () =>
    createKernel(operator, FUNCTIONS, {
      store,
      context,
      emit: (value) => out.push(`${JSON.stringify(value)} at ${context.timestamp} of ${context.windowEnd}`),
      count: (counter, by) => out.push(`${counter} ${by}`),
    });
  let kernel = make();
  let watermark = -25;
  const take = (step: Step): void => {
    switch (step.kind) {
      case 'record':
        [context.timestamp, context.windowEnd] = [watermark + step.ahead, Number.NaN];
        try {
          kernel.onRecord([KEYS[step.key], step.value]);
        } catch (thrown) {
          out.push(String(thrown));
        }
        return;
      case 'rise':
        watermark += step.by;
        kernel.advance(watermark, NO_BUDGET);
        return;
      case 'attempt': {
        const before = [out, watermark] as const;
        out = [...out];
        store.begin();
        step.steps.forEach(take);
        if (!step.isLost) {
          store.commit();
          return;
        }
        store.rollback();
        [out, watermark] = before;
        kernel = make();
      }
    }
  };
  for (const [place, step] of all.entries()) {
    if (places.includes(place)) {
      const snapshot = store.snapshot();
      const before = [out, watermark] as const;
      out = [...out];
      take(step);
      [out, watermark] = before;
      store = restoredStore(snapshot);
      kernel = make();
    }
    take(step);
  }
  kernel.advance(watermark + 100, NO_BUDGET);
  kernel.endOfInput(watermark + 200, NO_BUDGET);
  return out;
}

type Context = ProcessContext<Key, number, unknown>;

const FUNCTIONS = new Map<string, (...values: never[]) => unknown>([
  ['1:reduce', (a: number, b: number) => a + b],
  ['1:inverse', (a: number, b: number) => a - b],
  [
    '1:update',
    (values: readonly number[], state: readonly number[] | undefined) =>
      values.includes(9) ? undefined : [...(state ?? []).slice(-5), ...values],
  ],
  [
    '1:onRecord',
    (value: number, context: Context) => {
      context.emit([context.key, value, context.state]);
      context.setState(value === 9 ? undefined : (context.state ?? 0) + value);
      if (value % 2 === 0) context.setTimer(context.timestamp + value * 7);
      if (value % 3 === 0) context.deleteTimer(context.timestamp + 14);
    },
  ],
  [
    '1:onTimer',
    (context: Context) => {
      context.emit(['timer', context.key, context.state]);
      if ((context.state ?? 0) % 4 === 1) context.setTimer(context.timestamp + 15);
    },
  ],
]);

function runTimestamps(
  idleTimeout: number | undefined,
  all: readonly { readonly isRecord: boolean; readonly passed: number; readonly time: number }[],
  place: number,
): readonly string[] {
  const out: string[] = [];
  let store = createMemoryStore();
  const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
  const operator = { kind: 'timestamps', node: 1, maxOutOfOrderness: 5, idleTimeout } as const;
  const make = () =>
    createTimestampsKernel(operator, new Map([['1:extract', (value: unknown) => value]]), {
      store,
      context,
      step: 10,
      emit: (value) => out.push(`${value}`),
      emitLate: (value) => out.push(`${value} late for ${context.timestamp}`),
      advanceDownstream: (watermark) => out.push(`watermark ${watermark}`),
      count: (counter, by) => out.push(`${counter} ${by}`),
    });
  let kernel = make();
  let now = 1_000;
  for (const [index, { isRecord, passed, time }] of all.entries()) {
    if (index === place) {
      store = restoredStore(store.snapshot());
      kernel = make();
    }
    now += passed;
    context.timestamp = now;
    if (isRecord) kernel.onRecord(now - 500 + time);
    else kernel.advance(now);
    out.push(`${kernel.watermark} ${kernel.highest}`);
  }
  return out;
}
