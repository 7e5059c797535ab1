/** The memory store: keys, order, and attempts against a naive model. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedStore } from '../../src/core/keyed-store.js';
import { encodeKey, type Key } from '../../src/core/keys.js';
import { STORES } from './keyed-stores.js';

describe.each(STORES)('a store $name', ({ create, share }) => {
  describe('keys of the memory store', () => {
    const keys: readonly Key[] = [
      '',
      '1',
      1,
      1n,
      true,
      null,
      undefined,
      Number.NaN,
      0,
      [],
      [1],
      ['1'],
      [[1], null],
      's1:1',
      '[n1;]',
    ];

    it('keeps keys apart that differ, and finds each again', () => {
      const space = create().space<number>('x');
      keys.forEach((key, i) => void space.insert(key, i, 0));
      expect(space.size).toBe(keys.length);
      expect(keys.map((key) => space.get(structuredClone(key))?.value)).toEqual(keys.map((_, i) => i));
      expect([...space.cells()].map((cell) => cell.key)).toEqual(keys);
    });

    it('takes -0 for 0, also in a tuple', () => {
      const space = create().space<number>('x');
      space.insert(0, 1, 0);
      space.insert([0], 2, 0);
      expect([space.get(-0)?.value, space.get([-0])?.value]).toEqual([1, 2]);
    });

    it.each([
      ['an object', { id: 1 }],
      ['an object', new Date(0)],
      ['an object', [{ id: 1 }]],
      ['a function', () => 1],
      ['a symbol', Symbol('x')],
    ])('refuses %s', (shown, key) => {
      const space = create().space('x');
      const use = (): void => {
        if (space.writable(key as never) === undefined) space.insert(key as never, 1, 0);
      };
      expect(use).toThrow(`a key is ${shown}`);
      expect(space.size).toBe(0);
    });
  });

  describe('the memory store', () => {
    it('lists panes ascending and forgets what is dropped', () => {
      const store = create();
      for (const name of [10, 9, -1, 'totals', 100]) store.space(name).insert('a', name, 0);
      expect(store.panes()).toEqual([-1, 9, 10, 100]);
      store.drop(10);
      store.drop('totals');
      store.drop('never there');
      expect(store.panes()).toEqual([-1, 9, 100]);
      expect([store.peek(10), store.peek('totals')]).toEqual([undefined, undefined]);
      expect(store.space(10).size).toBe(0);
    });

    it('does not show a cell that was deleted while iterating', () => {
      const space = create().space('x');
      for (const key of ['a', ['b'], 'c']) space.insert(key, 0, 0);
      const seen: Key[] = [];
      for (const cell of space.cells()) {
        seen.push(cell.key);
        space.delete(['b']);
      }
      expect(seen).toEqual(['a', 'c']);
    });

    it('rolls back what a touched cell from an iteration was, once, however often it changed', () => {
      const store = create();
      const space = store.space<number>('x');
      space.insert('a', 1, 10);
      store.begin();
      for (const cell of space.cells()) {
        for (const value of [2, 3]) {
          space.touch(cell);
          cell.value = value;
          cell.count = value;
        }
      }
      store.rollback();
      expect(dump(store)).toEqual({ x: [['a', 1, 10]] });
    });

    it('rolls back a delete to its place in the order', () => {
      const store = create();
      const space = store.space('x');
      for (const key of ['a', ['b'], 'c']) space.insert(key, 0, 0);
      store.begin();
      space.delete('a');
      space.delete(['b']);
      space.insert('a', 9, 9);
      space.insert('d', 9, 9);
      store.rollback();
      expect([...space.cells()].map((cell) => cell.key)).toEqual(['a', ['b'], 'c']);
      expect([space.get('a')?.value, space.get(['b'])?.value, space.get('d')]).toEqual([0, 0, undefined]);
    });

    it('has no attempt inside another, and ends none that did not begin', () => {
      const store = create();
      expect(() => store.commit()).toThrow('commit without begin');
      expect(() => store.rollback()).toThrow('rollback without begin');
      store.begin();
      expect(() => store.begin()).toThrow('an attempt begins inside another');
    });

    it('refuses to insert a key twice', () => {
      const space = create().space('x');
      space.insert('a', 1, 0);
      expect(() => space.insert('a', 2, 0)).toThrow('inserted a key that has a cell');
    });

    it('agrees with a naive model under random attempts', () => {
      const key = fc.constantFrom<Key>('a', 'b', 1, ['a'], ['b', 1]);
      const space = fc.constantFrom<string | number>('x', 7, 8);
      const change = fc.oneof(
        { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), space, key, by: fc.integer() }) },
        { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), space, key }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), space }) },
      );
      const attempt = fc.record({
        how: fc.constantFrom('commit', 'rollback', 'none'),
        changes: fc.array(change, { maxLength: 12 }),
      });
      fc.assert(
        fc.property(fc.array(attempt, { maxLength: 8 }), (attempts) => {
          const store = create();
          let model: Model = {};
          for (const { how, changes } of attempts) {
            const before = structuredClone(model);
            if (how !== 'none') store.begin();
            for (const change of changes) {
              if (change.kind === 'drop') {
                store.drop(change.space);
                delete model[change.space];
              } else if (change.kind === 'delete') {
                store.space(change.space).delete(change.key);
                model[change.space] = (model[change.space] ?? []).filter(
                  ([k]) => encodeKey(k) !== encodeKey(change.key),
                );
              } else {
                add(store, change.space, change.key, change.by);
                model[change.space] ??= [];
                const cells = model[change.space]!;
                const cell = cells.find(([k]) => encodeKey(k) === encodeKey(change.key));
                if (cell === undefined) cells.push([change.key, change.by, 1]);
                else [cell[1], cell[2]] = [cell[1] + change.by, cell[2] + 1];
              }
            }
            if (how === 'commit') store.commit();
            if (how === 'rollback') {
              store.rollback();
              model = before;
            }
            expect(dump(store)).toEqual(model);
            expect(store.panes()).toEqual([7, 8].filter((name) => name in model));
          }
        }),
        { numRuns: 300 * share },
      );
    });
  });
});

type Model = Record<string | number, [key: Key, value: number, count: number][]>;

function add(store: KeyedStore, name: string | number, key: Key, by: number): void {
  const space = store.space<number>(name);
  const cell = space.writable(key);
  if (cell === undefined) {
    space.insert(key, by, 1);
  } else {
    cell.value += by;
    cell.count += 1;
  }
}

function dump(store: KeyedStore): Model {
  const entries = ['x', 7, 8].flatMap((name) => {
    const space = store.peek<number>(name);
    return space === undefined ? [] : [[name, [...space.cells()].map(({ key, value, count }) => [key, value, count])]];
  });
  return Object.fromEntries(entries) as Model;
}
