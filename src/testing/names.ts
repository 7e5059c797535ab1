/** Checks names that a test gives against those that a topology has. */
import { nearest, StreamError } from '../core/errors.js';

/** A problem for each of `given` that the topology lacks. `kind` is the word for it: source, spout, component. */
export function unknownNames(kind: string, given: readonly string[], known: readonly string[]): StreamError[] {
  return given
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const all = known.length === 0 ? `the topology has no ${kind}` : `use ${known.join(', ')}`;
      const hint = near === undefined ? all : `did you mean '${near}'?`;
      return new StreamError('RG005', `there is no ${kind} '${name}'`, hint);
    });
}

/** The problem of a word that is not one of a few. */
export function notOneOf(name: string, value: unknown, words: readonly string[]): StreamError[] {
  if (words.includes(value as string)) return [];
  const near = nearest(String(value), words);
  const hint = near === undefined ? `use ${words.join(' or ')}` : `did you mean '${near}'?`;
  return [new StreamError('RG004', `${name} is '${String(value)}'; it must be ${words.join(' or ')}`, hint)];
}

/** The problem of a number that is not whole, or below `min`. */
export function notWhole(name: string, value: number | undefined, min: number): StreamError[] {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return [];
  const message = `${name} is ${String(value)}; it must be a whole number, ${min} or more`;
  return [new StreamError('RG011', message, `leave ${name} out for its default`)];
}
