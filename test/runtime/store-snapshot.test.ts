/** Snapshots of the memory store: read in pieces while it goes on, against a naive model. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedStore, SnapshotMark, SnapshotRow, StoreSnapshot } from '../../src/core/keyed-store.js';
import { encodeKey, type Key } from '../../src/core/keys.js';
import { STORES } from './keyed-stores.js';

/** Plain values in `x`, `y` and 7, lists in 8 and 9. */
const SPACES = ['x', 'y', 7, 8, 9] as const;
type SpaceName = (typeof SPACES)[number];
type State = readonly (readonly [SpaceName, readonly unknown[]])[];

type Change =
  | { readonly kind: 'set' | 'delete' | 'reset'; readonly space: SpaceName; readonly key: Key; readonly by: number }
  | { readonly kind: 'sweep'; readonly space: SpaceName }
  | { readonly kind: 'drop'; readonly space: SpaceName };

const key = fc.constantFrom<Key>('a', 'b', 'c', 'd', 1, 2, null, ['a'], ['b', 1]);
const space = fc.constantFrom(...SPACES);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('set' as const), space, key, by: fc.nat(99) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), space, key, by: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reset' as const), space, key, by: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), space }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), space }) },
);
const changes = fc.array(change, { maxLength: 12 });

/** What happens to a store: changes, attempts, and a reading of the snapshot that is open. */
type Event =
  | Change
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'read'; readonly max: number };
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: change },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('begin' as const, 'commit' as const, 'rollback' as const) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), max: fc.integer({ min: 1, max: 4 }) }) },
);
const events = fc.array(event, { maxLength: 40 });

describe.each(STORES)('a store $name', ({ create, share }) => {
  describe('a snapshot of the memory store', () => {
    it('is the state at its beginning, whatever happens while it is read', () => {
      fc.assert(
        fc.property(changes, events, fc.integer({ min: 1, max: 5 }), (before, during, max) => {
          const store = create();
          for (const change of before) apply(store, change);
          const expected = stateOf(store);
          const { rows, snapshot } = readDuring(store, undefined, during);
          rows.push(...rest(snapshot, max));
          expect(stateOf(restored(create, [rows]))).toEqual(expected);
          expect(namesInOrder(rows)).toEqual([...new Set(namesInOrder(rows))]);
        }),
        { numRuns: 2_000 * share },
      );
    });

    it('does not change what the store holds', () => {
      fc.assert(
        fc.property(changes, events, (before, during) => {
          const [read, plain] = [create(), create()];
          for (const store of [read, plain]) for (const change of before) apply(store, change);
          const { snapshot } = readDuring(read, undefined, during);
          rest(snapshot, 3);
          happen(plain, during, () => {});
          expect(stateOf(read)).toEqual(stateOf(plain));
        }),
        { numRuns: 500 * share },
      );
    });

    it('with its increments is the state at the beginning of the last one', () => {
      const step = fc.record({ changes: events, during: events, isWhole: fc.boolean(), isRead: fc.boolean() });
      fc.assert(
        fc.property(changes, fc.array(step, { minLength: 1, maxLength: 5 }), (before, steps) => {
          const store = create();
          for (const change of before) apply(store, change);
          const first = store.snapshot();
          let mark: SnapshotMark = first.mark;
          let parts: (readonly SnapshotRow[])[] = [rest(first, 2)];
          for (const { changes, during, isWhole, isRead } of steps) {
            happen(store, changes, () => {});
            const expected = stateOf(store);
            const { rows, snapshot } = readDuring(store, isWhole ? undefined : mark, during);
            if (!isRead) {
              rows.push(...snapshot.next(1));
              snapshot.close();
              if (!snapshot.isWhole) continue;
            } else {
              rows.push(...rest(snapshot, 3));
            }
            mark = snapshot.mark;
            parts = isWhole ? [rows] : [...parts, rows];
            expect(stateOf(restored(create, parts))).toEqual(expected);
          }
        }),
        { numRuns: 2_000 * share },
      );
    });

    it('restores a store that goes on in the same way, again and again from the same rows', () => {
      fc.assert(
        fc.property(changes, events, (before, after) => {
          const store = create();
          for (const change of before) apply(store, change);
          const rows = rest(store.snapshot(), 3);
          const copy = structuredClone(rows);
          const again = restored(create, [rows]);
          happen(again, after, () => {});
          expect(rows).toEqual(copy);
          const third = restored(create, [rows]);
          happen(store, after, () => {});
          happen(third, after, () => {});
          expect([stateOf(again), stateOf(third)]).toEqual([stateOf(store), stateOf(store)]);
        }),
        { numRuns: 1_000 * share },
      );
    });

    it('has no more rows in a piece than asked for, and none when it is over', () => {
      const store = create();
      for (let i = 0; i < 10; i++) store.space(i % 2).insert(i, i, 0);
      const snapshot = store.snapshot();
      const sizes = Array.from({ length: 5 }, () => snapshot.next(4).length);
      expect(sizes).toEqual([4, 4, 2, 0, 0]);
    });

    it('carries only what counts of a list, and none of what comes later', () => {
      const store = create();
      const lists = store.space<unknown[]>(1);
      lists.append('a', 1);
      store.begin();
      lists.append('a', 'rolled back');
      store.rollback();
      const snapshot = store.snapshot();
      const rows = snapshot.next(10);
      lists.append('a', 'later');
      expect(rows).toEqual([{ kind: 'cell', space: 1, key: 'a', value: [1], count: 1 }]);
      expect(lists.get('a')).toMatchObject({ value: [1, 'later'], count: 2 });
    });

    it('has marks behind the elements of which they are said', () => {
      const store = create();
      const lists = store.space<unknown[]>(1);
      lists.append('a', undefined, 1);
      store.begin();
      lists.append('a', 'rolled back', 0);
      store.rollback();
      lists.append('a', 'x', 0);
      lists.append('a', 'unmarked');
      const [row] = store.snapshot().next(10);
      expect(row).toEqual({ kind: 'cell', space: 1, key: 'a', value: [undefined, 1, 'x', 0, 'unmarked'], count: 5 });
    });

    it('leaves an array alone that is a value and no list', () => {
      const store = create();
      store.space('x').insert('a', [1, 2, 3], 1);
      expect(store.snapshot().next(10)).toMatchObject([{ value: [1, 2, 3], count: 1 }]);
    });

    it('has only what changed in an increment, with what is gone before it', () => {
      const store = create();
      for (const name of ['x', 'y', 7]) for (const key of ['a', 'b', 'c']) store.space(name).insert(key, 1, 0);
      const full = store.snapshot();
      rest(full, 100);
      store.space('x').writable('b')!.value = 2;
      store.space('x').delete('c');
      store.space('x').insert('c', 3, 0);
      store.space('x').insert('short-lived', 3, 0);
      store.space('x').delete('short-lived');
      store.drop(7);
      store.space(8).insert('d', 4, 0);
      expect(rest(store.snapshot(full.mark), 100)).toEqual([
        { kind: 'dropped', space: 7 },
        { kind: 'deleted', space: 'x', key: 'c' },
        { kind: 'cell', space: 'x', key: 'b', value: 2, count: 0 },
        { kind: 'cell', space: 'x', key: 'c', value: 3, count: 0 },
        { kind: 'cell', space: 8, key: 'd', value: 4, count: 0 },
      ]);
    });

    it.each([
      ['a few', 0.003],
      ['more cells than are remembered', 0.5],
      ['all', 1],
    ])('is an increment of what changed, in order, also when that is %s', (_name, changed) => {
      // In memory more than are remembered; lmdb remembers all.
      const total = 40_000 * share;
      const count = total * changed;
      const store = create();
      const cells = store.space<number>('x');
      for (let i = 0; i < total; i++) cells.insert(i, 0, 0);
      let { mark } = readWhole(store, undefined);
      // Twice, since what is remembered begins anew with each snapshot; the second one comes behind one that was given up.
      for (const round of [1, 2]) {
        if (round === 2) store.snapshot(mark).close();
        for (let i = count - 1; i >= 0; i--) {
          const cell = cells.writable((i * 7_919) % total);
          if (cell !== undefined) cell.value = round;
        }
        if (round === 2) store.snapshot(mark).close();
        if (round === 1) cells.delete(7);
        cells.insert(-round, round, 0);
        const { rows, snapshot } = readDuring(store, mark, []);
        rows.push(...rest(snapshot, 1_000));
        const keys = Array.from({ length: count }, (_, i) => (i * 7_919) % total).filter((key) => key !== 7);
        const expected = [...keys.sort((a, b) => a - b), -round];
        expect(rows.flatMap((row) => (row.kind === 'cell' ? [row.key] : []))).toEqual(expected);
        mark = snapshot.mark;
      }
    });

    it('begins outside attempts, one at a time, and adds only to the last that was read to its end', () => {
      const store = create();
      store.space('x').insert('a', 1, 0);
      store.begin();
      expect(() => store.snapshot()).toThrow('inside an attempt');
      expect(() => store.restore([])).toThrow('inside an attempt');
      store.commit();
      const first = store.snapshot();
      expect(() => store.snapshot()).toThrow('while another is read');
      expect(() => store.restore([])).toThrow('while a snapshot is read');
      first.close();
      expect(() => store.snapshot(first.mark)).toThrow('not the last whole snapshot');
    });
  });
});

function readWhole(store: KeyedStore, since: SnapshotMark | undefined): StoreSnapshot {
  const snapshot = store.snapshot(since);
  rest(snapshot, 10_000);
  return snapshot;
}

/** Reads a snapshot now and then while things happen; ends with no attempt open. */
function readDuring(
  store: KeyedStore,
  since: SnapshotMark | undefined,
  during: readonly Event[],
): { readonly rows: SnapshotRow[]; readonly snapshot: StoreSnapshot } {
  const snapshot = store.snapshot(since);
  const rows: SnapshotRow[] = [];
  const seen: string[] = [];
  happen(store, during, (max) => {
    const piece = snapshot.next(max);
    rows.push(...piece);
    seen.push(...piece.map((row) => JSON.stringify(row)));
  });
  expect(rows.map((row) => JSON.stringify(row))).toEqual(seen);
  return { rows, snapshot };
}

/** Lets things happen, as far as they may where the store stands; what is left open is rolled back. */
function happen(store: KeyedStore, during: readonly Event[], read: (max: number) => void): void {
  let isOpen = false;
  for (const event of during) {
    switch (event.kind) {
      case 'read':
        read(event.max);
        break;
      case 'begin':
        if (!isOpen) store.begin();
        isOpen = true;
        break;
      case 'commit':
      case 'rollback':
        if (isOpen) store[event.kind]();
        isOpen = false;
        break;
      default:
        apply(store, event);
    }
  }
  if (isOpen) store.rollback();
}

function apply(store: KeyedStore, change: Change): void {
  if (change.kind === 'drop') {
    store.drop(change.space);
    return;
  }
  const cells = store.space<unknown>(change.space);
  const isOfLists = change.space === 8 || change.space === 9;
  if (change.kind === 'sweep') {
    if (isOfLists) return;
    for (const cell of cells.cells()) {
      cells.touch(cell);
      cell.count += 1;
      cell.value = [cell.value];
    }
    return;
  }
  if (change.kind !== 'set') cells.delete(change.key);
  if (change.kind === 'delete') return;
  if (isOfLists) {
    cells.append(change.key, change.by);
    return;
  }
  const cell = cells.writable(change.key);
  if (cell === undefined) {
    cells.insert(change.key, change.by, 1);
  } else {
    cell.value = change.by;
    cell.count += 1;
  }
}

function rest(snapshot: StoreSnapshot, max: number): SnapshotRow[] {
  const rows: SnapshotRow[] = [];
  for (let piece = snapshot.next(max); piece.length > 0; piece = snapshot.next(max)) rows.push(...piece);
  return rows;
}

function restored(create: () => KeyedStore, parts: readonly (readonly SnapshotRow[])[]): KeyedStore {
  const store = create();
  for (const rows of parts) store.restore(rows);
  return store;
}

/** All cells in order. A space without cells counts as none. */
function stateOf(store: KeyedStore): State {
  return SPACES.flatMap((name) => {
    const cells = [...(store.peek(name)?.cells() ?? [])];
    const isOfLists = name === 8 || name === 9;
    const shown = cells.map(({ key, value, count }) => [
      key,
      structuredClone(isOfLists ? (value as unknown[]).slice(0, count) : value),
      count,
    ]);
    return shown.length === 0 ? [] : [[name, shown] as const];
  });
}

function namesInOrder(rows: readonly SnapshotRow[]): readonly string[] {
  return rows.map((row) => `${row.space}/${row.kind === 'dropped' ? '' : encodeKey(row.key)}`);
}
