/** Tests of the codec of state: what comes back, what is refused, and that a changed byte never decodes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SnapshotRow } from '../../src/core/keyed-store.js';
import { notPlain } from '../../src/runtime/plain-data.js';
import {
  type Chunk,
  chunkAt,
  decodeChunk,
  decodeLogRecord,
  encodeChunk,
  encodeLogRecord,
} from '../../src/runtime/state-codec.js';
import { allocated, prepared, received } from './checkpoint-kit.js';

function cell(
  value: unknown,
  key: SnapshotRow & { kind: 'cell' } extends never ? never : string | number = 1,
): SnapshotRow {
  return { kind: 'cell', space: 'totals', key, value, count: 2 };
}

function back(rows: readonly SnapshotRow[]): readonly SnapshotRow[] {
  return [...decodeChunk((chunkAt(encodeChunk(rows, 3, 'counts'), 0) as Chunk).bytes)];
}

class Order {
  readonly id = 1;
}

const cyclic: { me?: unknown; two?: unknown } = {};
cyclic.me = [cyclic, cyclic];
cyclic.two = new Map([[cyclic, cyclic]]);

describe('rows of state', () => {
  it('come back as they were: of all kinds, spaces, keys and counts', () => {
    const rows: readonly SnapshotRow[] = [
      { kind: 'dropped', space: 7 },
      { kind: 'deleted', space: 'totals', key: ['a', 1n, [null, undefined]] },
      { kind: 'cell', space: 'totals', key: Number.NaN, value: 1, count: 0 },
      { kind: 'cell', space: 'totals', key: '日本', value: undefined, count: -0 },
      { kind: 'cell', space: 9, key: true, value: 'x', count: 1.5 },
      { kind: 'deleted', space: 9, key: '\ud800' },
      { kind: 'dropped', space: 7 },
      { kind: 'dropped', space: '7' },
    ];
    expect(back(rows)).toStrictEqual(rows);
    expect(back([])).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['numbers', [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]],
    ['bigints', [0n, -(2n ** 80n)]],
    ['maps and sets', new Map<unknown, unknown>([[{ a: 1 }, new Set([[1], 'é'])]])],
    ['dates and patterns', [new Date(5), /a+/giu]],
    ['typed arrays', [new Uint8Array([1, 2]), new Float64Array([1.5]), new BigInt64Array([3n]), Buffer.from('hi')]],
    ['a view', new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1)],
    ['holes', Object.assign([], { 1: 'after a hole' })],
    ['a field named __proto__', JSON.parse('{"__proto__":{"x":1}}')],
    ['a value that refers to itself', cyclic],
    ['nothing', [null, undefined]],
  ])('hold %s', (_name, value) => {
    expect(back([cell(value)])).toStrictEqual([cell(value)]);
  });

  it('hold typed arrays of their own, which do not keep the chunk', () => {
    const [row] = back([cell(new Uint8Array([1, 2]))]);
    expect((row as { value: Uint8Array }).value.buffer.byteLength).toBe(2);
  });

  it('hold any plain data', () => {
    const values = fc.anything({
      withBigInt: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withDate: true,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), values)), (entries) => {
        const rows = entries.map(([key, value]) => cell(value, key));
        expect(back(rows)).toStrictEqual(rows);
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a function', { deep: [new Map([[1, () => 1]])] }],
    ['a symbol', Symbol('x')],
    ['an instance of Order', [new Order()]],
    ['an instance of Order', new Set([new Order()])],
    ['an instance of Error', new Error('x')],
    ['an instance of Promise', Promise.resolve()],
    ['an instance of Number', Object(3)],
    ['an object without a prototype', Object.create(null)],
    ['a field that is named by a symbol', { [Symbol('x')]: 1 }],
    ['a regular expression in use', Object.assign(/a/g, { lastIndex: 1 })],
    ['what cannot be copied', Object.assign([1], { extra: () => 1 })],
  ])('refuse %s, and name the key', (what, value) => {
    expect(() => encodeChunk([cell(1), cell(value, 'k7')], 0, 'counts')).toThrow(
      expect.objectContaining({ code: 'RG056', message: expect.stringMatching(new RegExp(`'counts'.*${what}`)) }),
    );
    if (what !== 'what cannot be copied') expect(() => encodeChunk([cell(value, 'k7')], 0, 'counts')).toThrow(/"k7"/);
  });

  it('refuse what is nested too deep to come back, and take what is not', () => {
    let deep: unknown = [];
    for (let depth = 1; depth <= 1_000_000; depth++) {
      deep = [deep];
      if (![100, 1_000, 2_000, 4_000, 8_000, 16_000, 1_000_000].includes(depth)) continue;
      let taken: readonly SnapshotRow[];
      try {
        taken = back([cell(deep)]);
      } catch (error) {
        expect(error, `depth ${depth}`).toMatchObject({ code: 'RG056' });
        expect(depth).toBeGreaterThan(1_000);
        continue;
      }
      expect(taken.length).toBe(1);
    }
  });

  it('take a hundred thousand nodes that refer to each other in no time', () => {
    const nodes = Array.from({ length: 100_000 }, (): { to: unknown[] } => ({ to: [] }));
    for (const [i, node] of nodes.entries()) node.to.push(nodes[i >> 1], nodes[i >> 2], nodes[0]);
    expect(notPlain(nodes)).toBeUndefined();
  });
});

describe('bytes of state', () => {
  it('never decode when a bit is changed', () => {
    const bytes = encodeChunk([cell({ a: [1, 'two'] }), cell(3)], 5, 'counts');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(typeof chunkAt(changed, 0), `bit ${bit}`).toBe('string');
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(typeof chunkAt(bytes.slice(0, length), 0), `length ${length}`).toBe('string');
    }
  });
});

describe('records of the log', () => {
  it('come back as they were', () => {
    for (const record of [received(3), allocated(3), prepared(4)])
      expect(decodeLogRecord(encodeLogRecord(record))).toStrictEqual(record);
  });

  it('of the version before, with values in the ranges of a batch, are read', () => {
    const bytes = encodeLogRecord(allocated(3));
    bytes[0] = 1;
    expect(decodeLogRecord(bytes)).toStrictEqual(allocated(3));
  });

  it('are not read when they are newer', () => {
    const bytes = encodeLogRecord(prepared(1));
    bytes[0] = 3;
    expect(decodeLogRecord(bytes)).toBeUndefined();
  });

  it('refuse values that would not come back, and name the source and the offset', () => {
    const { range, ...record } = received(1);
    expect(() => encodeLogRecord({ ...record, range: { ...range, values: [1, new Order()] } })).toThrow(
      expect.objectContaining({
        code: 'RG056',
        message: expect.stringMatching(/record 8 of the source 'lines'.*Order/),
      }),
    );
  });
});
