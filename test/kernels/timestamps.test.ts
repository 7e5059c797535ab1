/** `timestamps`: event time, lateness and the watermark of one source partition. */
import { describe, expect, it } from 'vitest';
import { createTimestampsKernel } from '../../src/kernels/create-kernel.js';
import type { TimestampsKernel } from '../../src/kernels/timestamps.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import { restoredStore } from './drive.js';

/** A record with its ingest time, or a heartbeat of the ingest clock. */
type Step = readonly [ingest: number, value: unknown] | { readonly heartbeat: number };
const WAYS = ['plain', 'restart', 'restored', 'attempts'] as const;
type Way = (typeof WAYS)[number];

function run(
  parameters: { maxOutOfOrderness: number; idleTimeout?: number },
  steps: readonly Step[],
  way: Way = 'plain',
) {
  let store = createMemoryStore();
  const context = { timestamp: Number.NaN, windowEnd: Number.NaN };
  let out: readonly string[] = [];
  let lateRecords = 0;
  const tell = (text: string): void => {
    out = [...out, text];
  };
  const make = (): TimestampsKernel =>
    createTimestampsKernel(
      {
        kind: 'timestamps',
        node: 1,
        maxOutOfOrderness: parameters.maxOutOfOrderness,
        idleTimeout: parameters.idleTimeout,
      },
      new Map([['1:extract', (value: unknown) => value]]),
      {
        store,
        context,
        step: 10,
        emit: (value) => tell(`${value}@${context.timestamp}`),
        emitLate: (value) => tell(`late ${value}@${context.timestamp}`),
        advanceDownstream: (watermark) => {
          tell(`W${watermark}`);
          context.timestamp = context.windowEnd = -1;
        },
        count: (_, by) => {
          lateRecords += by;
        },
      },
    );
  let kernel = make();
  const take = (step: Step): void => {
    if ('heartbeat' in step) {
      kernel.advance(step.heartbeat);
      return;
    }
    [context.timestamp, context.windowEnd] = [step[0], Number.NaN];
    kernel.onRecord(step[1]);
    expect(context).toEqual({ timestamp: step[0], windowEnd: Number.NaN });
  };
  for (const step of steps) {
    if (way === 'restart') kernel = make();
    if (way === 'restored') {
      const before = [out, lateRecords] as const;
      const snapshot = store.snapshot();
      take(step);
      [out, lateRecords] = before;
      store = restoredStore(snapshot);
      kernel = make();
    }
    if (way === 'attempts') {
      const before = [out, lateRecords] as const;
      store.begin();
      take(step);
      store.rollback();
      [out, lateRecords] = before;
      kernel = make();
      store.begin();
    }
    take(step);
    if (way === 'attempts') store.commit();
  }
  return { out, lateRecords, watermark: kernel.watermark, highest: kernel.highest };
}

const cases = [
  {
    name: 'knows no watermark without a record, whatever the ingest clock says',
    parameters: { maxOutOfOrderness: 5, idleTimeout: 1 },
    steps: [{ heartbeat: 100 }, { heartbeat: 900 }],
    expected: { out: [], lateRecords: 0, watermark: Number.NEGATIVE_INFINITY, highest: Number.NEGATIVE_INFINITY },
  },
  {
    name: 'gives records their own times, and downstream the exact watermark when it reaches another step',
    parameters: { maxOutOfOrderness: 5 },
    steps: [
      [1_000, 12],
      [1_000, 14],
      [1_001, 15],
      [1_002, 27],
      [1_003, 24],
      [1_004, 47],
    ],
    expected: {
      out: ['12@12', 'W7', '14@14', '15@15', 'W10', '27@27', 'W22', '24@24', '47@47', 'W42'],
      lateRecords: 0,
      watermark: 42,
      highest: 47,
    },
  },
  {
    name: 'calls late what is below the watermark, and not what equals it',
    parameters: { maxOutOfOrderness: 3 },
    steps: [
      [0, 13],
      [0, 10],
      [0, 9],
      [0, 11],
      [0, 4],
    ],
    expected: {
      out: ['13@13', 'W10', '10@10', 'late 9@10', '11@11', 'late 4@10'],
      lateRecords: 2,
      watermark: 10,
      highest: 13,
    },
  },
  {
    name: 'lets no heartbeat pass without an idle timeout',
    parameters: { maxOutOfOrderness: 0 },
    steps: [[50, 3], { heartbeat: 5_000 }],
    expected: { out: ['3@3', 'W3'], lateRecords: 0, watermark: 3, highest: 3 },
  },
  {
    name: 'goes on with the ingest clock after the idle timeout, and back without falling',
    parameters: { maxOutOfOrderness: 5, idleTimeout: 20 },
    steps: [
      [100, 50],
      { heartbeat: 119 },
      { heartbeat: 120 },
      { heartbeat: 124 },
      [125, 52],
      [126, 70],
      { heartbeat: 140 },
      { heartbeat: 150 },
    ],
    expected: {
      out: ['50@50', 'W45', 'W65', 'late 52@69', '70@70', 'W89'],
      lateRecords: 1,
      watermark: 89,
      highest: 70,
    },
  },
] as const;

describe.each(WAYS)('timestamps, driven with %s', (way) => {
  it.each(cases)('$name', ({ parameters, steps, expected }) => {
    expect(run(parameters, steps, way)).toEqual(expected);
  });
});

describe('timestamps', () => {
  it('goes by the time of a record whose own way ends in an error: the next one is as late as without that', () => {
    const context = { timestamp: 0, windowEnd: Number.NaN };
    const out: string[] = [];
    const emit = (value: unknown): void => {
      if (out.length === 0) {
        out.push('thrown');
        throw new Error('once');
      }
      out.push(`${value}`);
    };
    const kernel = createTimestampsKernel(
      { kind: 'timestamps', node: 1, maxOutOfOrderness: 5, idleTimeout: undefined },
      new Map([['1:extract', (value: unknown) => value]]),
      {
        store: createMemoryStore(),
        context,
        step: 10,
        emit,
        emitLate: (value) => out.push(`late ${value}@${context.timestamp}`),
        advanceDownstream: (watermark) => out.push(`W${watermark}`),
        count: () => {},
      },
    );
    expect(() => kernel.onRecord(30)).toThrow('once');
    kernel.onRecord(24);
    kernel.onRecord(26);
    kernel.onReplay(30, Number.NEGATIVE_INFINITY);
    expect(out).toEqual(['thrown', 'W25', 'late 24@25', '26', '30']);
  });

  it.each([
    ['the number NaN', Number.NaN],
    ['the number Infinity', Number.POSITIVE_INFINITY],
    ['the number 1.5', 1.5],
    ['the string "12"', '12'],
    ['undefined', undefined],
  ])('refuses %s', (shown, value) => {
    expect(() => run({ maxOutOfOrderness: 0 }, [[1, value]])).toThrow(`extract returned ${shown}`);
  });
});
