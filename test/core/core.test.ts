/** Keys, times, errors, random numbers and canonical JSON: small things that everything else stands on. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSame } from '../../src/compare/canonical.js';
import { AssertionError, assert, unreachable } from '../../src/core/assert.js';
import { ERRORS, nearest, StreamError, StreamErrors } from '../../src/core/errors.js';
import { canonicalJson, hashText, readableJson } from '../../src/core/json.js';
import { encodeKey, type Key, taskOfKey } from '../../src/core/keys.js';
import { prng } from '../../src/core/prng.js';
import { haveSameContents } from '../../src/core/same-contents.js';
import {
  firstMultipleAbove,
  floorTo,
  formatDuration,
  micros,
  millis,
  minutes,
  parseDuration,
  seconds,
} from '../../src/core/time.js';

const primitive = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
const key: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof({ maxDepth: 2 }, primitive, fc.array(tie('key'), { maxLength: 3 })) as fc.Arbitrary<Key>,
})).key;

/** Equal as keys: tuples by their contents, -0 as 0, NaN as NaN. */
const areEqual = (a: Key, b: Key): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((part, i) => areEqual(part as Key, b[i] as Key))
    : a === b || Object.is(a, b);

/** Key groups: one a task at this parallelism. */
const GROUPS = 128;

describe('keys', () => {
  it('have equal text exactly when they are equal', () => {
    fc.assert(
      fc.property(key, key, (a, b) => (encodeKey(a) === encodeKey(b)) === areEqual(a, b)),
      { seed: 1 },
    );
    fc.assert(
      fc.property(key, (a) => encodeKey(a) === encodeKey(structuredClone(a))),
      { seed: 1 },
    );
  });

  it.each<[Key, Key]>([
    ['1', 1],
    [1, 1n],
    [null, undefined],
    [true, 'true'],
    [['a', 'b'], ['ab']],
    [
      ['a', ['b']],
      [['a'], 'b'],
    ],
    [[], ''],
    ['s1:a', ['a']],
  ])('pair %# is of different keys', (a, b) => {
    expect(encodeKey(a)).not.toBe(encodeKey(b));
  });

  it.each<[Key, Key]>([
    [0, -0],
    [Number.NaN, Number.NaN],
    [
      [0, 'x'],
      [-0, 'x'],
    ],
  ])('pair %# is of equal keys', (a, b) => {
    expect([encodeKey(a), taskOfKey(a, GROUPS)]).toEqual([encodeKey(b), taskOfKey(b, GROUPS)]);
  });

  it.each([[{}], [() => 0], [Symbol('s')], [[{}]], [new Date(0)]])('%s is no key', (value) => {
    expect(() => encodeKey(value)).toThrow(expect.objectContaining({ code: 'RG033' }));
  });

  it('a tuple that contains itself is no key', () => {
    const tuple: unknown[] = ['a'];
    tuple.push([tuple]);
    expect(() => encodeKey(tuple)).toThrow(expect.objectContaining({ code: 'RG033' }));
    expect(() => taskOfKey(tuple, GROUPS)).toThrow(expect.objectContaining({ code: 'RG033' }));
    const nested = Array.from({ length: 99 }).reduce<unknown>((inner) => [inner], 'a');
    expect(encodeKey(nested)).toContain('a');
  });

  it('belong to ranges of key groups, which stay together at any parallelism', () => {
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 1_024 }), (value, parallelism) => {
        const group = taskOfKey(value, GROUPS);
        expect(taskOfKey(value, parallelism)).toBe(Math.floor((group * parallelism) / GROUPS));
        expect(group).toBeLessThan(GROUPS);
        expect(group).toBeGreaterThanOrEqual(0);
      }),
      { seed: 1 },
    );
  });

  it('spread evenly', () => {
    const counts = Array<number>(8).fill(0);
    for (let i = 0; i < 8_000; i++) counts[taskOfKey(`word ${i}`, 8)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });

  it('belong to the groups that they always did: a checkpoint goes by it', () => {
    const groups = ['', 'rain', 'gauge', 7, ['rain', 7]].map((value) => taskOfKey(value, GROUPS));
    expect(groups).toEqual([101, 32, 71, 50, 16]);
  });
});

describe('durations', () => {
  it('are whole microseconds', () => {
    expect([micros(1), millis(250), seconds(0.5), minutes(2)]).toEqual([1, 250_000, 500_000, 120_000_000]);
  });

  it.each([
    () => micros(0.5),
    () => micros(1e15 + 0.25),
    () => seconds(-1),
    () => millis(Number.NaN),
    () => seconds(Number.POSITIVE_INFINITY),
    () => seconds(1e-7),
  ])('%s is none', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'RG010' }));
  });

  it.each([
    ['500ms', 500_000],
    ['2s', 2_000_000],
    ['1.5m', 90_000_000],
    ['1h', 3_600_000_000],
    [' 7us ', 7],
    ['5 s', 5_000_000],
    ['2 min', 120_000_000],
    ['17199254740.991 ms', 17_199_254_740_991],
  ])('%s is read', (text, value) => {
    expect(parseDuration(text)).toBe(value);
  });

  it.each([
    ['5', /5s or 5ms/],
    ['5  s', /500ms/],
    ['', /500ms/],
    ['s', /500ms/],
    ['-1s', /500ms/],
    ['5d', /500ms/],
  ])('%j is not read, and says how to write it', (text, hint) => {
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({ code: 'RG010', hint: expect.stringMatching(hint) as string }),
    );
  });

  it('are written as they are read', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 10_000_000_000 }),
          fc.maxSafeNat(),
          fc.maxSafeNat().map((n) => n - (n % 1_000)),
        ),
        (value) => parseDuration(formatDuration(value)) === value,
      ),
      { seed: 1 },
    );
  });

  it('round down, and to the next multiple above', () => {
    expect([floorTo(7, 5), floorTo(10, 5), floorTo(-1, 5)]).toEqual([5, 10, -5]);
    expect([firstMultipleAbove(7, 5), firstMultipleAbove(10, 5), firstMultipleAbove(-5, 5)]).toEqual([10, 15, 0]);
  });
});

describe('errors', () => {
  it('carry code, hint, place, operator and cause', () => {
    const cause = new Error('inside');
    const error = new StreamError('RG030', 'it threw', 'fix it', {
      place: { file: 'a.ts', line: 1, column: 2 },
      operator: 'map',
      cause,
    });
    expect(error).toMatchObject({
      name: 'StreamError',
      code: 'RG030',
      message: 'it threw',
      hint: 'fix it',
      place: { line: 1 },
      operator: 'map',
      cause,
    });
    expect('cause' in new StreamError('RG030', 'a', 'b')).toBe(false);
  });

  it('come together', () => {
    const problems = [new StreamError('RG010', 'a', 'b'), new StreamError('RG011', 'c', 'd')];
    expect(new StreamErrors(problems)).toMatchObject({ name: 'StreamErrors', message: 'RG010: a\nRG011: c', problems });
  });

  it('have exit codes from the one table', () => {
    for (const { exit, title } of Object.values(ERRORS)) {
      expect([1, 2, 3, 4, 5]).toContain(exit);
      expect(title).not.toBe('');
    }
  });

  it.each([
    ['lnes', ['lines', 'words'], 'lines'],
    ['LINES', ['lines'], 'lines'],
    ['xyz', ['lines', 'words'], undefined],
    ['a', [], undefined],
  ])('suggest a name near %s', (name, names, near) => {
    expect(nearest(name, names)).toBe(near);
  });

  it('of our own are assertions', () => {
    expect(() => assert(false, 'so not')).toThrow(AssertionError);
    expect(() => assert(false, 'so not')).toThrow('raingauge bug: so not');
    expect(() => assert(true, 'so')).not.toThrow();
    expect(() => unreachable('case' as never)).toThrow(AssertionError);
  });
});

describe('random numbers', () => {
  it('are the same for the same seed, and independent for each name', () => {
    const draw = (from: ReturnType<typeof prng>) => Array.from({ length: 5 }, () => from.int32());
    expect(draw(prng(7))).toEqual(draw(prng(7)));
    expect(draw(prng(7))).not.toEqual(draw(prng(8)));
    expect(draw(prng(7).fork('a'))).not.toEqual(draw(prng(7).fork('b')));
    const drawn = prng(7);
    drawn.int32();
    expect(draw(drawn.fork('a'))).toEqual(draw(prng(7).fork('a')));
  });

  it('are uniform', () => {
    const random = prng(1);
    const counts = Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect(prng(2 ** 40).float()).not.toBe(prng(2 ** 41).float());
  });
});

describe('canonical JSON', () => {
  it('does not depend on the order of properties, but on that of elements', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it('hashes to 16 hex digits', () => {
    expect(hashText('rain')).toMatch(/^[0-9a-f]{16}$/);
    expect(hashText('rain')).toBe(hashText('rain'));
    const hashes = new Set(Array.from({ length: 10_000 }, (_, i) => hashText(`plan ${i}`)));
    expect(hashes.size).toBe(10_000);
  });
});

describe('haveSameContents', () => {
  const cyclic = (): unknown => {
    const value: { self?: unknown } = {};
    value.self = value;
    return value;
  };

  const cyclicTwice = (): unknown => {
    const value: { left?: unknown; right?: unknown } = {};
    value.left = value.right = value;
    return value;
  };
  const shared = (depth: number, end = 0): unknown =>
    Array.from({ length: depth }).reduce<unknown>((inner) => [inner, inner], [end]);
  const setsInSets = (depth: number, end: number): unknown =>
    Array.from({ length: depth }).reduce<unknown>(
      (inner) =>
        new Set([
          [inner, 1],
          [inner, 2],
        ]),
      new Set([end]),
    );
  const [x1, x2] = [[[1]], [[2]]];
  class Money {
    readonly #amount: number;
    constructor(amount: number) {
      this.#amount = amount;
    }
    toJSON(): number {
      return this.#amount;
    }
  }
  class Counts extends Map<string, number> {
    override get [Symbol.toStringTag](): string {
      return 'Counts';
    }
  }
  class Sum {
    readonly sum: number;
    constructor(sum: number) {
      this.sum = sum;
    }
  }
  class Mean {
    readonly sum: number;
    constructor(sum: number) {
      this.sum = sum;
    }
  }

  it.each<readonly [what: string, a: unknown, b: unknown]>([
    ['numbers up to rounding', 0.1 + 0.2, 0.3],
    ['numbers in objects up to rounding', { sum: [0.1 + 0.2] }, { sum: [0.3] }],
    ['NaN', Number.NaN, Number.NaN],
    ['a field that is undefined and none', { a: 1, b: undefined }, { a: 1 }],
    ['fields in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    [
      'maps in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [
      'maps whose keys are objects',
      new Map([
        [[1, 2], 'x'],
        [[3], 'y'],
      ]),
      new Map([
        [[3], 'y'],
        [[1, 2], 'x'],
      ]),
    ],
    ['sets in another order', new Set([1, [2]]), new Set([[2], 1])],
    ['times', new Date(7), new Date(7)],
    ['times that are none', new Date(Number.NaN), new Date(Number.NaN)],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    ['buffers', Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2).buffer],
    ['views', new DataView(Uint8Array.of(1, 2).buffer, 1), new DataView(Uint8Array.of(3, 2).buffer, 1)],
    ['what holds itself', cyclic(), cyclic()],
    ['a list in a map that holds itself', new Map([[cyclic(), [1]]]), new Map([[cyclic(), [1]]])],
    ['what holds itself twice', cyclicTwice(), cyclicTwice()],
    ['what is shared, forty deep', shared(40), shared(40)],
    [
      'maps whose keys are the same, in another order',
      new Map([
        [[1], 1],
        [[1], 2],
      ]),
      new Map([
        [[1], 2],
        [[1], 1],
      ]),
    ],
    ['bytes in a Buffer', Buffer.of(1, 2), Uint8Array.of(1, 2)],
    ['addresses', new URL('http://a/b'), new URL('http://a/b')],
    ['patterns', /a/g, /a/g],
    ['errors', new TypeError('a'), new TypeError('a')],
    ['boxed numbers, up to rounding', Object(0.1 + 0.2), Object(0.3)],
    ['what toJSON gives', new Money(1), new Money(1)],
    ['maps with a name of their own', new Counts([['a', 1]]), new Counts([['a', 1]])],
    ['what calls itself a map', { [Symbol.toStringTag]: 'Map', a: 1 }, { [Symbol.toStringTag]: 'Map', a: 1 }],
    ['an instance and what a channel makes of it', new Sum(1), { sum: 1 }],
    ['an object without a class and one', Object.assign(Object.create(null) as object, { sum: 1 }), { sum: 1 }],
  ])('%s', (_what, a, b) => {
    expect(haveSameContents(a, b)).toBe(true);
    expect(haveSameContents(b, a)).toBe(true);
  });

  it.each<readonly [what: string, a: unknown, b: unknown]>([
    ['numbers', 1, 1.001],
    ['numbers and NaN', Number.NaN, 0],
    ['an endless number and another', Number.POSITIVE_INFINITY, 1],
    ['numbers and texts', 1, '1'],
    ['big numbers', 1n, 2n],
    ['fields', { a: 1 }, { a: 1, b: 2 }],
    ['null and nothing', null, {}],
    ['lists by their lengths', [1], [1, undefined]],
    ['maps by their values', new Map([['a', 1]]), new Map([['a', 2]])],
    ['maps by their keys', new Map([['a', 1]]), new Map([['b', 1]])],
    ['maps by what is undefined', new Map([['a', undefined]]), new Map([['b', undefined]])],
    ['maps by their sizes', new Map(), new Map([['a', 1]])],
    ['maps and objects', new Map(), {}],
    [
      'maps whose keys are objects',
      new Map([
        [[1], 1],
        [[1], 2],
      ]),
      new Map([
        [[1], 1],
        [[1], 1],
      ]),
    ],
    ['sets', new Set([1]), new Set([2])],
    ['sets and lists', new Set([1]), [1]],
    ['times', new Date(7), new Date(8)],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
    ['bytes and numbers', Uint8Array.of(1), Float64Array.of(1)],
    ['buffers', Uint8Array.of(1).buffer, Uint8Array.of(2).buffer],
    ['views', new DataView(Uint8Array.of(1, 2).buffer), new DataView(Uint8Array.of(1, 3).buffer)],
    ['what is shared, forty deep, and ends otherwise', shared(40, 1), shared(40, 2)],
    ['sets in sets in sets', setsInSets(14, 1), setsInSets(14, 2)],
    [
      'keys that were compared, and differ',
      new Set([
        [x1, 'a'],
        [x1, 'b'],
      ]),
      new Set([
        [x2, 'a'],
        [x2, 'b'],
      ]),
    ],
    ['a map and what calls itself one', new Map(), { [Symbol.toStringTag]: 'Map' }],
    ['maps with a name of their own', new Counts([['a', 1]]), new Counts([['a', 2]])],
    ['addresses', new URL('http://a/b'), new URL('http://a/c')],
    ['patterns by their flags', /a/g, /a/],
    ['patterns', /a/, /b/],
    ['errors by their messages', new Error('a'), new Error('b')],
    ['errors by their names', new Error('a'), new TypeError('a')],
    ['errors by their fields', Object.assign(new Error('a'), { code: 1 }), Object.assign(new Error('a'), { code: 2 })],
    ['boxed numbers', Object(1), Object(2)],
    ['what toJSON gives', new Money(1), new Money(2)],
    ['classes', new Sum(1), new Mean(1)],
    ['times and objects', new Date(7), {}],
  ])('tells apart %s', (_what, a, b) => {
    expect(haveSameContents(a, b)).toBe(false);
    expect(haveSameContents(b, a)).toBe(false);
  });
});

it('results that are maps are the same in any order of their keys, also where numbers are compared with tolerance', () => {
  const map = (...pairs: [string, number][]) => new Map(pairs);
  expect(isSame(map(['a', 1], ['b', 2.5]), map(['b', 2.5], ['a', 1]), 1)).toBe(true);
  expect(isSame(map(['a', 1], ['b', 2.5]), map(['b', 1], ['a', 2.5]), 1)).toBe(false);
});

it('JSON for people shows what is in maps, sets and bytes', () => {
  expect(readableJson({ map: new Map([['a', 1n]]), set: new Set([1]), bytes: Uint8Array.of(7, 8) })).toBe(
    '{"map":[["a","1n"]],"set":[1],"bytes":[7,8]}',
  );
});
