/** What is made of the values that a window has gathered. Knows no time. */
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import type { JoinKind } from '../topology/graph.js';
import type { Side } from './derived-map.js';
import { isPromise, noValue, shown } from './shapes.js';
import type { WindowGroupFunctions } from './window-group.js';

/** As the plan names them. */
export type GroupResult = 'list' | JoinKind | 'each' | 'glom' | 'mapPartitions';

/** How one kind works. */
export interface GroupResults {
  readonly takes: 'pairs' | 'pairs of sides' | 'values';
  /** Of the first `count` of a list that goes on living; with sides each second one is the side of that before it. What is given is read before the next call. */
  readonly of: (key: Key, values: readonly unknown[], count: number) => Iterable<unknown>;
}

/** Finds the way of a kind. */
export function resultsOf(gives: GroupResult, functions: WindowGroupFunctions, task: number): GroupResults {
  switch (gives) {
    case 'list':
      return { takes: 'pairs', of: (key, values, count) => [[key, values.slice(0, count)]] };
    case 'each':
      return { takes: 'values', of: (_key, values, count) => values.slice(0, count) };
    case 'glom':
      return { takes: 'values', of: (_key, values, count) => [values.slice(0, count)] };
    case 'mapPartitions':
      return {
        takes: 'values',
        of: (_key, values, count) => elements(functions.mapPartitions!(values.slice(0, count), task)),
      };
    case 'cogroup':
      return {
        takes: 'pairs of sides',
        of: (key, values, count) => {
          const sides: [unknown[], unknown[]] = [[], []];
          split(values, count, sides);
          return [[key, sides]];
        },
      };
    default:
      return { takes: 'pairs of sides', of: joining(gives) };
  }
}

/** Each left value with each right one. Where one side has none, an outer join that keeps the other gives it alone. */
function joining(kind: Exclude<JoinKind, 'cogroup'>): GroupResults['of'] {
  const keepsLeft = kind === 'leftOuterJoin' || kind === 'fullOuterJoin';
  const keepsRight = kind === 'rightOuterJoin' || kind === 'fullOuterJoin';
  // Used again for each key: most have a value or two, and new arrays would cost more than joining them.
  const sides: [unknown[], unknown[]] = [[], []];
  const results: unknown[] = [];
  return (key, values, count) => {
    for (const side of sides) side.length = 0;
    results.length = 0;
    split(values, count, sides);
    const lefts = sides[0].length === 0 && keepsRight ? NOTHING : sides[0];
    const rights = sides[1].length === 0 && keepsLeft ? NOTHING : sides[1];
    if (lefts.length * rights.length > MADE_AT_ONCE) return joined(key, lefts, rights);
    for (const a of lefts) for (const b of rights) results.push([key, [a, b]]);
    return results;
  };
}

/** Results of a key that are more are made one after another, as they are read. */
const MADE_AT_ONCE = 64;

function* joined(key: Key, lefts: readonly unknown[], rights: readonly unknown[]): Iterable<unknown> {
  for (const a of lefts) for (const b of rights) yield [key, [a, b]];
}

const NOTHING: readonly unknown[] = [undefined];

function split(values: readonly unknown[], count: number, sides: readonly [unknown[], unknown[]]): void {
  for (let i = 0; i < count; i += 2) sides[values[i + 1] as Side].push(values[i]);
}

/** All that a function gives, so that one that throws in the middle gives nothing. @throws StreamError `RG031` for a promise, `RG032` for what is no iterable. */
function elements(returned: unknown): readonly unknown[] {
  if (Array.isArray(returned)) return returned;
  if (isPromise(returned)) throw noValue('mapPartitions', returned);
  if (typeof returned === 'object' && returned !== null && Symbol.iterator in returned)
    return [...(returned as Iterable<unknown>)];
  throw new StreamError(
    'RG032',
    `mapPartitions returned ${shown(returned)}, not an array or another iterable of elements`,
    'return an array of elements',
  );
}
