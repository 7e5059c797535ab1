import { describe, expect, it } from 'vitest';
import { exactJson, parseExactJson } from '../../src/runtime/exact-json.js';

describe('exact JSON', () => {
  it.each([
    ['what JSON has', { a: [1, 'x', null, true], b: { c: {} } }],
    ['numbers that JSON drops', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0, 0]],
    ['bigints', { deep: [{ er: 12n }, -3n] }],
    ['undefined, as itself and as a field', [undefined, { a: undefined }]],
    ['texts that look like marks', ['$', '$$', '$undefined', '$1n', '$-0', '$NaN', 'a$']],
    ['an atom alone', -0],
    ['a text alone', '$NaN'],
  ])('keeps %s', (_, value) => {
    expect(parseExactJson(exactJson(value))).toStrictEqual(value);
  });

  it('keeps a field called __proto__ as a field', () => {
    const value: unknown = JSON.parse('{"a":{"__proto__":{"x":1},"b":{"__proto__":"$y"}}}');
    const read = parseExactJson(exactJson(value));
    expect(read).toStrictEqual(value);
    expect(Object.keys((read as { a: object }).a)).toEqual(['__proto__', 'b']);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('refuses what is no JSON', () => {
    expect(() => parseExactJson('{')).toThrow(SyntaxError);
  });
});
