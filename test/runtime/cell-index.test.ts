/** The index of cells against a `Map`, which has the same order, and keys that were chosen to collide. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Key } from '../../src/core/keys.js';
import { CellIndex } from '../../src/runtime/cell-index.js';
import { hashOf, toWords, words } from '../../src/runtime/key-words.js';
import { MemoryCell } from '../../src/runtime/memory-cell.js';

const cellOf = (key: Key, order: number): MemoryCell => new MemoryCell(key, order, 1, 0, order);
const keysOf = (index: CellIndex): Key[] => [...index.cells()].map(({ key }) => key);

/** Few keys of each kind, so that they come again. */
const keys: fc.Arbitrary<Key> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40).map((n) => `k${n}`) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.constantFrom(2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 0.5),
    ),
  },
  { weight: 1, arbitrary: fc.nat(5).map((n) => `ключ${'ж'.repeat(n * 2)}`) },
  { weight: 1, arbitrary: fc.nat(20).map((n) => 'y'.repeat(n)) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'a\0', 'a\0\0\0', '\0', 'é', 'ÿ', 'Ā', 'aĀ', '\ud800') },
  { weight: 1, arbitrary: fc.nat(5).map((n) => `long key ${'x'.repeat(30)} ${n}`) },
  { weight: 1, arbitrary: fc.constantFrom<Key>('', '0', 0, -0, 1, Number.NaN, true, null, 10n) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('a', 'b'), fc.nat(3)) },
);

type Step = readonly ['add' | 'remove', Key] | readonly ['clear'];
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: keys.map((key) => ['add', key] as const) },
  { weight: 8, arbitrary: keys.map((key) => ['remove', key] as const) },
  { weight: 1, arbitrary: fc.constant(['clear'] as const) },
);

describe('an index of cells', () => {
  it('finds and visits what a Map does, in its order', () => {
    const textOf = (key: Key): unknown => (typeof key === 'object' && key !== null ? `tuple ${String(key)}` : key);
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 400 }), (all) => {
        const index = new CellIndex();
        const model = new Map<unknown, MemoryCell>();
        let order = 0;
        for (const [kind, key] of all) {
          if (kind === 'clear') {
            index.clear();
            model.clear();
            continue;
          }
          const known = index.find(key!);
          expect(known).toBe(model.get(textOf(key!)));
          if (kind === 'add' && known === undefined) {
            const cell = cellOf(key!, order++);
            index.add(cell);
            model.set(textOf(key!), cell);
          } else if (kind === 'remove' && known !== undefined) {
            index.remove(known);
            model.delete(textOf(key!));
          }
          expect(index.size).toBe(model.size);
        }
        expect([...index.cells()]).toEqual([...model.values()]);
      }),
      { seed: Number(process.env['RAINGAUGE_SEED'] ?? 1) },
    );
  });

  it('visits cells that are added on the way, and none that is removed before its turn', () => {
    const index = new CellIndex();
    const cells = Array.from({ length: 100 }, (_, n) => cellOf(`k${n}`, n));
    for (const cell of cells) index.add(cell);
    const visited: Key[] = [];
    for (const { key } of index.cells()) {
      visited.push(key);
      if (key !== 'k10') continue;
      // More holes than cells: places move while they are visited.
      for (const cell of cells.slice(0, 90)) index.remove(cell);
      index.add(cellOf('new', 100));
    }
    expect(visited).toEqual([...Array.from({ length: 11 }, (_, n) => `k${n}`), ...keysOf(index)]);
    expect(keysOf(index)).toEqual([...Array.from({ length: 10 }, (_, n) => `k${90 + n}`), 'new']);
  });

  it('keeps a key apart from the text of a tuple, and 1 from "1"', () => {
    const index = new CellIndex();
    const all: Key[] = ['1', 1, 1n, true, 'true', null, 'null', ['1'], ['a', 1], 'a,1'];
    for (const [order, key] of all.entries()) index.add(cellOf(key, order));
    for (const [order, key] of all.entries()) expect(index.find(key)?.value).toBe(order);
  });

  it('refuses a key that has a cell', () => {
    for (const key of ['k', 'k'.repeat(40), 1, null, ['k', 1]] satisfies Key[]) {
      const index = new CellIndex();
      index.add(cellOf(key, 0));
      expect(() => index.add(cellOf(key, 1))).toThrow('inserted a key that has a cell');
    }
  });

  it('leaves its table for keys that were chosen to collide, and finds them all the same', () => {
    // The first 200 texts whose hashes agree in the ten bits that pick the slot.
    const colliding: string[] = [];
    for (let n = 0; colliding.length < 200; n++) if ((hashOfText(`k${n}`) & 1023) === 0) colliding.push(`k${n}`);
    const index = new CellIndex();
    for (const [order, key] of colliding.entries()) index.add(cellOf(key, order));
    expect(index.isOverfull).toBe(true);
    for (const [order, key] of colliding.entries()) expect(index.find(key)?.order).toBe(order);
    for (const key of colliding.slice(0, 150)) index.remove(index.find(key)!);
    expect(keysOf(index)).toEqual(colliding.slice(150));
    expect(index.find(colliding[0]!)).toBeUndefined();
    index.clear();
    expect(index.isOverfull).toBe(false);
  });

  it('keeps its table for keys that nobody chose', () => {
    const index = new CellIndex();
    for (let n = 0; n < 100_000; n++) index.add(cellOf(`user-${n}`, n));
    for (let n = 100_000; n < 200_000; n++) index.add(cellOf(`${n}.0000.0000`, n));
    for (let n = 200_000; n < 300_000; n++) index.add(cellOf(`улица ${n}`, n));
    for (let n = 300_000; n < 400_000; n++) index.add(cellOf(n.toString(36), n));
    for (let n = 400_000; n < 500_000; n++) index.add(cellOf(n * 4_096, n));
    expect(index.isOverfull).toBe(false);
  });
});

/** As the index hashes. */
function hashOfText(key: string): number {
  toWords(key);
  return hashOf(words[0]!, words[1]!, words[2]!, words[3]!);
}
