/** Checks what a job written in JavaScript hands to the builder; types keep it from happening in TypeScript. */
import { type Place, StreamError } from '../core/errors.js';
import { parseDuration } from '../core/time.js';
import { placeOf } from './draft.js';

/** The public method at hand: its name stands in the message, and the error's place is where it was called. */
type Caller = (...args: never[]) => unknown;

/** Functions that an operator can do without. */
const OPTIONAL: readonly string[] = ['inverse', 'onTimer'];

/**
 * Callers read options that are missing altogether as empty ones, so that the error names what they lack.
 *
 * @throws StreamError `RG004` for the first that is no function.
 */
export function checkFunctions(functions: Readonly<Record<string, unknown>>, caller: Caller): void {
  for (const [role, value] of Object.entries(functions)) {
    if (typeof value === 'function' || (value === undefined && OPTIONAL.includes(role))) continue;
    const what = role === 'create' ? 'a function that makes it' : `a function '${role.replace(/^arm:/, '')}'`;
    const hint = role === 'create' ? 'write for example () => ({ … })' : 'write for example (value) => …';
    const place = placeOf(caller);
    throw new StreamError('RG004', `${caller.name}() needs ${what}, but got ${shown(value)}`, hint, { place });
  }
}

/** @throws StreamError `RG010` for the first that is given and no duration, or missing although it is `required`. */
export function checkDurations(
  durations: Readonly<Record<string, unknown>>,
  caller: Caller,
  required: readonly string[] = [],
  min = 0,
): void {
  for (const [name, value] of Object.entries(durations)) {
    if (value === undefined ? !required.includes(name) : Number.isSafeInteger(value) && (value as number) >= min)
      continue;
    throw notADuration(caller.name, name, value, placeOf(caller));
  }
}

/** The error for an option `name` of `call` that must be a duration. */
export function notADuration(call: string, name: string, value: unknown, place?: Place): StreamError {
  const message = `${call}() needs a duration '${name}', but got ${shown(value)}`;
  return new StreamError('RG010', message, durationHint(value), { place });
}

/** @throws StreamError `RG011` unless it is a whole number, `min` or more. */
export function checkCount(name: string, value: unknown, caller: Caller, min = 1): void {
  if (Number.isSafeInteger(value) && (value as number) >= min) return;
  const message = `${caller.name}() needs a whole number '${name}', ${min} or more, but got ${shown(value)}`;
  throw new StreamError('RG011', message, `use for example ${name}: 10`, { place: placeOf(caller) });
}

/** The limit on keys with state, where one is given. @throws StreamError `RG011` as `checkCount`. */
export function checkedKeys(maxKeys: number | undefined, caller: Caller): { readonly maxKeys?: number } {
  if (maxKeys === undefined) return {};
  checkCount('maxKeys', maxKeys, caller);
  return { maxKeys };
}

/** @throws StreamError `RG004` for what is no iterable of pairs. */
export function checkTable<T extends Iterable<readonly [unknown, unknown]>>(table: T, caller: Caller): T {
  const isIterable = typeof table === 'object' && table !== null && Symbol.iterator in table;
  const wrong = isIterable ? [...table].find((row) => !Array.isArray(row) || row.length !== 2) : table;
  if (isIterable && wrong === undefined) return table;
  const what = isIterable ? `${shown(wrong)} as a row` : shown(wrong);
  const message = `${caller.name}() needs a table: an iterable of pairs [key, value], but got ${what}`;
  throw new StreamError('RG004', message, "write for example [['rain', 1], ['sun', 2]], or a Map", {
    place: placeOf(caller),
  });
}

/** @throws StreamError `RG018` for the first that is no field's name. */
export function checkFields(fields: readonly unknown[], caller: Caller): void {
  for (const field of fields) {
    if (typeof field === 'string' && field !== '') continue;
    const message = `${caller.name}() got ${shown(field)} as a field; a field is the name of one of the tuple's values`;
    throw new StreamError('RG018', message, `name it: ${caller.name}(words, 'word')`, { place: placeOf(caller) });
  }
}

/** `'5s'` is understood on the command line, so it may be meant here. */
function durationHint(value: unknown): string {
  try {
    const micros = parseDuration(String(value));
    return `write ${micros % 1_000 === 0 ? `millis(${micros / 1_000})` : `micros(${micros})`}`;
  } catch {
    return 'use for example millis(250) or seconds(0.5)';
  }
}

/** A value in a few words. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
