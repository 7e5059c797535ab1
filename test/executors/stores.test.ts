/** The stores of a job: their snapshots, and how they begin from one. */
import { describe, expect, it } from 'vitest';
import type { SnapshotRow } from '../../src/core/keyed-store.js';
import { seconds } from '../../src/core/time.js';
import { createStores, type Stores } from '../../src/executors/stores.js';
import { compile } from '../../src/plan/compile.js';
import type { CoreOperator, Plan } from '../../src/plan/plan.js';
import type { RestoredJob, StoreSource } from '../../src/runtime/durability.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

const ALL = { epoch: 0, since: undefined };

const plan = compile(
  topology('job', (t) => {
    t.source('in', memory<number>([]))
      .timestamps({ extract: (n: number) => n, maxOutOfOrderness: seconds(1) })
      .keyBy((n) => n % 3)
      .runningReduce({ uid: 'totals', reduce: (a, b) => a + b })
      .process<number, number>({ uid: 'each', onRecord: () => {} })
      .to('out', memorySink() as never);
  }),
  { parallelism: 2 },
);

describe('the stores of a job', () => {
  it('begin a snapshot of each stateful operator on each task, also of those that nobody asked for yet', async () => {
    const sources = createStores(plan).snapshots(ALL);
    const told = sources.map(({ uid, kind, task, tasks }) => [kind, uid, task, tasks]);
    const stamping = plan.operators.find((operator) => operator.kind === 'timestamps')!;
    expect(told).toEqual([
      ['timestamps', stamping.uid, 0, 1],
      ['running-reduce', 'totals', 0, 2],
      ['running-reduce', 'totals', 1, 2],
      ['process', 'each', 0, 2],
      ['process', 'each', 1, 2],
    ]);
    expect(sources.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 1, 1, 1]);
    expect(await Promise.all(sources.map(rowsOf))).toEqual([[], [], [], [], []]);
  });

  it('are read as they were, in pieces, while they go on', async () => {
    const stores = createStores(plan);
    const totals = stores.of(operatorOf(plan, 'totals'), 1).space<number>('state');
    for (let key = 0; key < 25_000; key++) totals.insert(key, key, 0);
    const source = sourceOf(stores, 'totals', 1);
    const sizes: number[] = [];
    for (let rows = await source.next(); rows.length > 0; rows = await source.next()) {
      sizes.push(rows.length);
      totals.writable(24_999)!.value = -1;
      expect(rows.every((row) => row.kind === 'cell' && row.value === row.key)).toBe(true);
    }
    expect(sizes).toEqual([10_000, 10_000, 5_000]);
  });

  it('can be read again once a snapshot is over or given up', () => {
    const stores = createStores(plan);
    stores.of(operatorOf(plan, 'totals'), 1).space('state').insert('a', 1, 0);
    const sources = stores.snapshots(ALL);
    expect(() => stores.snapshots(ALL)).toThrow('while another is read');
    for (const source of sources) source.close();
    expect(stores.snapshots(ALL)).toHaveLength(5);
  });

  it('give what changed since a snapshot that was read to its end, and all of it otherwise', async () => {
    const stores = createStores(plan);
    const totals = stores.of(operatorOf(plan, 'totals'), 1).space<number>('state');
    for (const key of ['a', 'b', 'c']) totals.insert(key, 1, 0);
    const read = async (epoch: number, since: number | undefined, pieces = 9): Promise<readonly unknown[]> => {
      const sources = stores.snapshots({ epoch, since });
      const source = sources.find(({ uid, task }) => uid === 'totals' && task === 1)!;
      const rows: SnapshotRow[] = [];
      for (let i = 0; i < pieces; i++) rows.push(...(await source.next()));
      for (const each of sources) each.close();
      return [source.since, rows.map((row) => ('key' in row ? row.key : row.space))];
    };
    expect(await read(1, undefined)).toEqual([undefined, ['a', 'b', 'c']]);
    totals.writable('b')!.value = 2;
    expect(await read(2, 1)).toEqual([1, ['b']]);
    // Given up before a row of it was read: nothing may add to it, and what it would have had is still to be told.
    totals.writable('c')!.value = 3;
    expect(await read(3, 2, 0)).toEqual([2, []]);
    expect(await read(4, 2)).toEqual([2, ['c']]);
    // Saved by another number than that of the last one: not known here.
    expect(await read(5, 3)).toEqual([undefined, ['a', 'b', 'c']]);
    expect(await read(6, undefined)).toEqual([undefined, ['a', 'b', 'c']]);
  });

  it('that were restored give what changed since then', async () => {
    const rows = ['a', 'b'].map((key) => ({ kind: 'cell' as const, space: 'state', key, value: 1, count: 0 }));
    const restored = { meta: { epoch: 7 }, rows: () => rows } as unknown as RestoredJob;
    const stores = createStores(plan, restored);
    const totals = stores.of(operatorOf(plan, 'totals'), 1).space<number>('state');
    totals.delete('a');
    totals.insert('c', 1, 0);
    const sources = stores.snapshots({ epoch: 9, since: 7 });
    const source = sources.find(({ uid, task }) => uid === 'totals' && task === 1)!;
    expect([source.since, await rowsOf(source)]).toEqual([
      7,
      [
        { kind: 'deleted', space: 'state', key: 'a' },
        { kind: 'cell', space: 'state', key: 'c', value: 1, count: 0 },
      ],
    ]);
  });

  it('begin as a snapshot has them, an operator that it does not know empty', async () => {
    const before = createStores(plan);
    before.of(operatorOf(plan, 'totals'), 1).space('state').insert('a', 7, 0);
    const rows = await rowsOf(sourceOf(before, 'totals', 1));
    const asked: string[] = [];
    const restored = {
      meta: { epoch: 4 },
      rows(uid: string, task: number) {
        asked.push(`${uid}:${task}`);
        return uid === 'totals' && task === 1 ? rows : undefined;
      },
    } as unknown as RestoredJob;
    const after = createStores(plan, restored);
    expect(asked).toEqual([]);
    expect(after.of(operatorOf(plan, 'totals'), 1).peek('state')?.get('a')).toMatchObject({ value: 7 });
    expect(after.of(operatorOf(plan, 'each'), 0).peek('state')).toBeUndefined();
    after.of(operatorOf(plan, 'totals'), 1);
    expect(asked).toEqual(['totals:1', 'each:0']);
    expect([...after.state('totals')]).toEqual([['a', 7]]);
  });
});

function operatorOf({ operators }: Plan, uid: string): CoreOperator {
  return operators.find((operator) => operator.uid === uid)!;
}

function sourceOf(stores: Stores, uid: string, task: number): StoreSource {
  return stores.snapshots(ALL).find((source) => source.uid === uid && source.task === task)!;
}

async function rowsOf(source: StoreSource): Promise<readonly SnapshotRow[]> {
  const all: SnapshotRow[] = [];
  for (let rows = await source.next(); rows.length > 0; rows = await source.next()) all.push(...rows);
  return all;
}
