/** What an attempt of a task of the first stage takes of a batch. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/core/time.js';
import { Pieces } from '../../../src/executors/micro-batch/pieces.js';
import { type RunOptions, start } from '../../../src/host/run.js';
import { simulatedTaskWorkers } from '../../../src/host/simulated-workers.js';
import { compile } from '../../../src/plan/compile.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { Block } from '../../../src/runtime/source.js';
import { topology } from '../../../src/topology/builder.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { memory as memorySource } from '../../../src/topology/source-specs.js';
import type { Stream } from '../../../src/topology/stream.js';
import { aSource } from '../../compare/memory-ends.js';

describe('pieces of a job with a result for each record', () => {
  const perRecord = (): Pieces => piecesOf((s) => s.map((n) => n + 1));

  it('have 2,000 records each at first', () => {
    expect(lengths(perRecord(), 5_000)).toEqual([2_000, 2_000, 1_000]);
  });

  it.each([
    ['ten results a record', 2_000, 20_000, 2_000],
    ['twenty results a record', 2_000, 40_000, 1_000],
    ['one result a record', 2_000, 2_000, 10_000],
    ['few results', 2_000, 1, 10_000],
    ['no result', 2_000, 0, 10_000],
    ['a thousand results a record', 10, 10_000, 200],
  ])('go by what the batch before gave: %s', (_, records, results, length) => {
    const pieces = perRecord();
    pieces.gave(records, [{ length: results }]);
    expect(Math.max(...lengths(pieces, 30_000))).toBe(length);
  });

  it('go by all pieces of that batch, since its last one may close a window', () => {
    const pieces = perRecord();
    pieces.gave(9_900, [{ length: 9_900 }]);
    pieces.gave(100, [{ length: 30_100 }]);
    expect(lengths(pieces, 10_000)).toEqual([5_000, 5_000]);
    pieces.gave(10_000, [{ length: 10_000 }]);
    expect(lengths(pieces, 10_000)).toEqual([10_000]);
  });

  it('stay as they are behind an attempt without records', () => {
    const pieces = perRecord();
    pieces.gave(0, [{ length: 40_000 }]);
    expect(lengths(pieces, 4_000)).toEqual([2_000, 2_000]);
  });

  it('have all records in their order, with the heartbeats between them, and the last one the end', () => {
    const pieces = perRecord();
    pieces.gave(1, [{ length: 3 }, { length: 5 }]);
    const cut = pieces.of([block(6_000, [0, 2_500, 2_501, 6_000])]).flat();
    expect(cut.map(({ firstOffset, ended }) => [firstOffset, ended])).toEqual([
      [100, false],
      [2_600, false],
      [5_100, true],
    ]);
    expect(cut.flatMap(({ values }) => values)).toEqual(Array.from({ length: 6_000 }, (_, n) => n));
    expect(cut.flatMap(({ timestamps, length }) => [...timestamps.subarray(0, length)])).toEqual(
      Array.from({ length: 6_000 }, (_, n) => n * 10),
    );
    expect(cut.map(({ heartbeats }) => heartbeats)).toEqual([
      [{ at: 0, watermark: 0 }],
      [
        { at: 0, watermark: 25_000 },
        { at: 1, watermark: 25_010 },
      ],
      [{ at: 1_000, watermark: 60_000 }],
    ]);
  });
});

it.each<[string, (s: Stream<number>) => Stream<unknown>]>([
  ['results for an interval only', (s) => s.count()],
  ['a shuffle behind it', (s) => s.repartition(2).map((n) => n + 1)],
])('a job with %s has all of a batch in one piece', (_, build) => {
  const pieces = piecesOf(build);
  pieces.gave(10, [{ length: 1_000_000 }]);
  expect(lengths(pieces, 50_000)).toEqual([50_000]);
});

it.each<[string, Partial<RunOptions>]>([
  ['here', {}],
  ['on a worker', { workers: { count: 1, isolation: 'thread', job: undefined } }],
])('a task %s tells what its pieces gave: an attempt of the second batch is all of it', async (_where, more) => {
  const RECORDS = 10_000;
  let calls = 0;
  const job = topology('job', { batchInterval: seconds(1) }, (t) => {
    const numbers = t.source('in', memorySource(Array.from({ length: 2 * RECORDS }, (_, n) => n)));
    numbers
      .map((n) => {
        calls += 1;
        if (n === 2 * RECORDS - 1 && calls === 2 * RECORDS) throw new Error('the last one, once');
        return n;
      })
      .to('out', memory());
  });
  const world = createSimulatedWorld({ start: 1_000_000, workers: { 'task-worker': simulatedTaskWorkers(job) } });
  const microBatch = { trigger: 'available', batchRecordsMax: RECORDS, blockRecordsMax: RECORDS } as const;
  const result = await world.complete(
    start(job, { mode: 'micro-batch', microBatch, world, ...more }).then(({ done }) => done),
    2_000_000,
  );
  expect(result.outcome).toBe('finished');
  expect(calls).toBe(3 * RECORDS);
});

function piecesOf(build: (s: Stream<number>) => Stream<unknown>): Pieces {
  const plan = compile(
    topology('job', { batchInterval: seconds(1) }, (t) => {
      build(t.source('in', aSource<number>())).to('out', memory());
    }),
  );
  return new Pieces(plan, plan.stages[0]!);
}

function lengths(pieces: Pieces, records: number): readonly number[] {
  return pieces.of([block(records, [])]).map((blocks) => blocks.reduce((sum, { length }) => sum + length, 0));
}

/** Ten microseconds from record to record; the watermark of a heartbeat is the time of its place. */
function block(records: number, heartbeats: readonly number[]): Block {
  const made = new Block();
  made.firstOffset = 100;
  for (let n = 0; n < records; n++) {
    if (heartbeats.includes(n)) made.heartbeat(n * 10);
    made.push(n, n * 10);
  }
  if (heartbeats.includes(records)) made.heartbeat(records * 10);
  made.ended = true;
  return made;
}
