/** Values as text and as numbers: how results are told apart, and how near two of them are. */

/** Relative tolerance of numbers that are no integers, scaled by the sum of the absolute inputs. */
export const TOLERANCE = 1e-9;

/** Nesting beyond this is taken for equal: user values are small, and a cycle must not hang the comparison. */
const DEPTH_MAX = 32;

/**
 * Writes a value so that equal values, and only they, have equal text. With `numbers`, numbers are left out of the text
 * and put there instead, to be compared with tolerance.
 */
export function canonical(value: unknown, numbers?: number[], depth = 0): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
      if (numbers === undefined) return `n${value};`; // also for -0, which prints as 0
      numbers.push(value);
      return '#';
    case 'bigint':
      return `b${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'object':
      if (value === null) return '0';
      return depth === DEPTH_MAX ? '…' : canonicalObject(value, numbers, depth + 1);
    default:
      return `?${String(value)};`;
  }
}

/** True for `[key, value]` with a key that can be written exactly. */
export function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2 && isExactKey(value[0]);
}

/** True when a number that is no integer occurs in a value: then it is compared with tolerance. */
export function hasFraction(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return !Number.isInteger(value);
  if (typeof value !== 'object' || value === null || depth === DEPTH_MAX) return false;
  if (Array.isArray(value)) return value.some((part) => hasFraction(part, depth + 1));
  const parts = value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value);
  return parts.some((part) => hasFraction(part, depth + 1));
}

/** True when two numbers are the same, or both finite and differ by no more than the tolerance at that scale. */
export function isNear(a: number, b: number, scale: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Number.isFinite(a - b) && Math.abs(a - b) <= TOLERANCE * Math.max(scale, Math.abs(a), Math.abs(b));
}

/** True when two values are equal, their fractional numbers within the tolerance. */
export function isSame(a: unknown, b: unknown, scale: number): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || (!(Number.isInteger(a) && Number.isInteger(b)) && isNear(a, b, scale));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // Pairs are nearly all that comes here: no text is made of them.
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((part, i) => isSame(part, b[i], scale));
  const [as, bs]: [number[], number[]] = [[], []];
  return canonical(a, as) === canonical(b, bs) && as.every((number, i) => isSame(number, bs[i], scale));
}

/** A value for people: short, on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return `${value}n`;
  const text =
    typeof value === 'object' && value !== null
      ? (safeJson(value) ?? canonical(value))
      : typeof value === 'string'
        ? JSON.stringify(value)
        : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function canonicalObject(value: object, numbers: number[] | undefined, depth: number): string {
  const text = (part: unknown): string => canonical(part, numbers, depth);
  if (Array.isArray(value)) return `[${value.map(text).join('')}]`;
  if (value instanceof Date) return `d${value.getTime()};`;
  if (value instanceof Map)
    return `m{${[...value]
      .map(([key, part]) => [canonical(key), part] as const)
      // Before texts are made of the values, which put their numbers into one list.
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, part]) => `${key}${text(part)}`)
      .join('')}}`;
  if (value instanceof Set)
    return `e{${[...value]
      .map((part) => canonical(part))
      .sort()
      .join('')}}`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([name, part]) => `${name.length}:${name}${text(part)}`).join('')}}`;
}

function isExactKey(key: unknown): boolean {
  if (typeof key === 'number') return Number.isInteger(key);
  if (Array.isArray(key)) return key.every(isExactKey);
  return typeof key !== 'object' || key === null;
}

function safeJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
