/** What a task on a worker writes as columns: what its readers get is what they would get in one thread. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { KnownTexts } from '../../../src/executors/micro-batch/known-texts.js';
import { PairsOutput } from '../../../src/executors/micro-batch/pairs-output.js';
import { readable, type SentRows } from '../../../src/executors/micro-batch/row-codec.js';
import type { ReadableRows } from '../../../src/executors/micro-batch/rows.js';
import { RowsOutput, type ShuffleExit, type ShuffleOutput } from '../../../src/executors/micro-batch/shuffle.js';
import { newTaskContext } from '../../../src/executors/micro-batch/task-context.js';
import { compile } from '../../../src/plan/compile.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';

const plan = compile(
  topology('pairs', { batchInterval: millis(10) }, (t) => {
    t.source('in', memory(['a']))
      .map((word) => [word, 1] as const)
      .runningReduce({ uid: 'sums', reduce: (a, b) => a + b })
      .to('out', none());
  }),
  { mode: 'micro-batch', parallelism: 2 },
);
const reader = plan.operators.find(({ kind }) => kind === 'running-reduce')!;

function exitTo(readers: number): ShuffleExit {
  return { key: '1:0', exchange: { kind: 'hash' }, reader, readers } as ShuffleExit;
}

interface Write {
  readonly pair: readonly [unknown, unknown];
  readonly timestamp: number;
  readonly windowEnd: number;
}

/** Writes `kept`, then `undone`, which is taken back, then `more`. */
function written<O extends ShuffleOutput>(
  output: O,
  kept: readonly Write[],
  undone: readonly Write[],
  more: readonly Write[],
): O {
  const write = (writes: readonly Write[]): void => {
    for (const { pair, timestamp, windowEnd } of writes)
      output.write(pair, { ...newTaskContext(), timestamp, windowEnd });
  };
  write(kept);
  const back = output.mark();
  write(undone);
  back();
  write(more);
  return output;
}

function sent(output: PairsOutput): readonly SentRows[] {
  const buffers: ArrayBuffer[] = [];
  const rows = output.sent(buffers);
  return structuredClone(rows, { transfer: buffers });
}

function listed(rows: ReadableRows): readonly unknown[] {
  return Array.from({ length: rows.length }, (_, i) => [rows.at(i), rows.timestamps[i], rows.windowEnds[i]]);
}

const key = fc.oneof(
  fc.constantFrom('a', 'b', '', 'a word of more than a dozen letters', '__proto__'),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.boolean(),
  fc.tuple(fc.string(), fc.nat()),
);
const value = fc.oneof(
  fc.constant(1),
  fc.double(),
  fc.string(),
  fc.constantFrom(null, undefined, true),
  fc.array(fc.nat()),
);
const writes = fc.oneof(
  fc.array(fc.record({ pair: fc.tuple(key, value), timestamp: fc.nat(3), windowEnd: fc.constantFrom(Number.NaN, 7) })),
  fc.array(
    fc.record({ pair: fc.tuple(key, fc.nat(2)), timestamp: fc.constant(5), windowEnd: fc.constant(Number.NaN) }),
  ),
);

describe('pairs as columns', () => {
  it('are what a thread would read, for each reading task, also when some are taken back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), writes, writes, writes, (readers, kept, undone, more) => {
        const rows = written(new RowsOutput(exitTo(readers)), kept, undone, more).rows;
        const columns = sent(written(new PairsOutput(reader, readers), kept, undone, more));
        expect(columns.map((each) => listed(readable(each)))).toEqual(rows.map(listed));
      }),
      { numRuns: 300 },
    );
  });

  it('are the same when texts are known from the batches before', () => {
    fc.assert(
      fc.property(fc.array(writes, { minLength: 2, maxLength: 4 }), (batches) => {
        const known = new KnownTexts();
        for (const batch of batches) {
          const { rows } = written(new RowsOutput(exitTo(2)), batch, [], []);
          const columns = sent(written(new PairsOutput(reader, 2, known), batch, [], []));
          expect(columns.map((each) => listed(readable(each)))).toEqual(rows.map(listed));
        }
      }),
      { numRuns: 100 },
    );
  });

  const numbered = (i: number): Write => ({ pair: [`key ${i}`, i], timestamp: i, windowEnd: Number.NaN });

  it('name each key once, when keys come again', () => {
    const all = Array.from({ length: 9_000 }, (_, i) => numbered(i % 300));
    const [rows] = sent(written(new PairsOutput(reader, 1), all, [], []));
    expect(listed(readable(rows!)).length).toBe(9_000);
    expect(rows!.columns.kind === 'pairs' && rows!.columns.numbers!.length).toBe(9_000);
    const { keys } = rows!.columns as Extract<SentRows['columns'], { kind: 'pairs' }>;
    expect((keys as { lengths: Uint8Array }).lengths.length).toBe(300);
  });

  it('are not looked up, when keys hardly ever come again', () => {
    const all = Array.from({ length: 5_000 }, (_, i) => numbered(i));
    const again = Array.from({ length: 500 }, (_, i) => numbered(i));
    const output = written(new PairsOutput(reader, 1), all, [], again);
    const [rows] = sent(output);
    expect(listed(readable(rows!)).map((row) => (row as [unknown])[0])).toEqual(
      [...all, ...again].map(({ pair }) => pair),
    );
    expect((rows!.columns as { numbers: unknown }).numbers).toBeUndefined();
  });

  it('are not looked up behind more keys than are kept', () => {
    const few = Array.from({ length: 5_000 }, (_, i) => numbered(i % 1_000));
    const many = Array.from({ length: 140_000 }, (_, i) => numbered(i % 70_000));
    const [rows] = sent(written(new PairsOutput(reader, 1), [...few, ...many], [], []));
    expect(listed(readable(rows!)).map((row) => (row as [unknown])[0])).toEqual(
      [...few, ...many].map(({ pair }) => pair),
    );
    const { keys } = rows!.columns as Extract<SentRows['columns'], { kind: 'pairs' }>;
    // 65,536 once, and the rest of the batch one by one.
    expect((keys as { lengths: Uint8Array }).lengths.length).toBe(140_000);
  });

  it('are refused when they are no pairs, and when a key is none', () => {
    const context = { timestamp: 0, windowEnd: Number.NaN };
    expect(() => new PairsOutput(reader, 2).write('alone', context)).toThrow(
      expect.objectContaining({ code: 'RG032' }),
    );
    expect(() => new PairsOutput(reader, 2).write([{}, 1], context)).toThrow(
      expect.objectContaining({ code: 'RG033' }),
    );
  });
});
