/** Tells which values come back from a checkpoint as they were. It knows no encoding, only what structured cloning keeps. */

/** Nodes of a value that are looked at before it is checked whether some are met again, as in a value that refers to itself. */
const NODES_BEFORE_TRACKING = 1_000;

const bufferPrototypes: ReadonlySet<unknown> = new Set([
  ArrayBuffer.prototype,
  DataView.prototype,
  Int8Array.prototype,
  Uint8Array.prototype,
  Uint8ClampedArray.prototype,
  Int16Array.prototype,
  Uint16Array.prototype,
  Int32Array.prototype,
  Uint32Array.prototype,
  Float32Array.prototype,
  Float64Array.prototype,
  BigInt64Array.prototype,
  BigUint64Array.prototype,
  Buffer.prototype,
]);

/**
 * Says what in a value would not come back equal, such as `a function` or `an instance of Order`; undefined when all would.
 *
 * Plain objects, arrays, maps, sets, dates, regular expressions and typed arrays of primitives and of each other come back.
 * Getters are asked for their value, and extra names on arrays are not looked at.
 */
export function notPlain(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return primitiveProblem(value);
  budget = NODES_BEFORE_TRACKING;
  seen = undefined;
  try {
    return objectProblem(value);
  } catch (cause) {
    if (cause instanceof RangeError) return 'an object that is nested too deep';
    throw cause;
  } finally {
    seen = undefined;
  }
}

// Kept here and not handed through: a walk is synchronous, and two more arguments a node cost a third of its time.
let budget = 0;
let seen: Set<object> | undefined;

function problem(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? objectProblem(value) : primitiveProblem(value);
}

function primitiveProblem(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function';
  return typeof value === 'symbol' ? 'a symbol' : undefined;
}

function objectProblem(value: object): string | undefined {
  budget -= 1;
  if (budget < 0) {
    seen ??= new Set();
    if (seen.has(value)) return undefined;
    seen.add(value);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return arrayProblem(value as readonly unknown[]);
  if (prototype === Object.prototype) return fieldsProblem(value as Readonly<Record<string, unknown>>);
  if (prototype === Map.prototype) return mapProblem(value as ReadonlyMap<unknown, unknown>);
  if (prototype === Set.prototype) return arrayProblem([...(value as ReadonlySet<unknown>)]);
  if (prototype === Date.prototype || bufferPrototypes.has(prototype)) return undefined;
  if (prototype === RegExp.prototype) {
    return (value as RegExp).lastIndex === 0 ? undefined : 'a regular expression in use: its lastIndex is not 0';
  }
  return prototype === null ? 'an object without a prototype' : `an instance of ${nameOf(prototype)}`;
}

function arrayProblem(values: readonly unknown[]): string | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string' || typeof value === 'number') continue;
    const found = problem(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fieldsProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  for (const name in value) {
    const found = problem(value[name]);
    if (found !== undefined) return found;
  }
  return Object.getOwnPropertySymbols(value).length > 0 ? 'a field that is named by a symbol' : undefined;
}

function mapProblem(map: ReadonlyMap<unknown, unknown>): string | undefined {
  for (const [key, value] of map) {
    const found = problem(key) ?? problem(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf(prototype: unknown): string {
  const maker: unknown = (prototype as { constructor?: unknown }).constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class';
}
