/** What is made of the values that a window has gathered. Knows no time. */
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import type { JoinKind } from '../topology/graph.js';
import type { Sided } from './derived-map.js';
import { isPromise, noValue, shown } from './shapes.js';
import type { WindowGroupFunctions } from './window-group.js';

/** As the plan names them. */
export type GroupResult = 'list' | JoinKind | 'each' | 'glom' | 'mapPartitions';

/** How one kind works. `values` is a copy, which results may keep. */
export interface GroupResults {
  readonly isKeyed: boolean;
  readonly of: (key: Key, values: readonly unknown[]) => Iterable<unknown>;
}

/** Finds the way of a kind. */
export function resultsOf(gives: GroupResult, functions: WindowGroupFunctions, task: number): GroupResults {
  switch (gives) {
    case 'list':
      return { isKeyed: true, of: (key, values) => [[key, values]] };
    case 'each':
      return { isKeyed: false, of: (_key, values) => values };
    case 'glom':
      return { isKeyed: false, of: (_key, values) => [values] };
    case 'mapPartitions':
      return { isKeyed: false, of: (_key, values) => elements(functions.mapPartitions!(values, task)) };
    case 'cogroup':
      return { isKeyed: true, of: (key, values) => [[key, [side(values, 0), side(values, 1)]]] };
    default: {
      const keepsLeft = gives === 'leftOuterJoin' || gives === 'fullOuterJoin';
      const keepsRight = gives === 'rightOuterJoin' || gives === 'fullOuterJoin';
      return {
        isKeyed: true,
        of: (key, values) => joined(key, side(values, 0), side(values, 1), keepsLeft, keepsRight),
      };
    }
  }
}

/** Each left value with each right one. Where one side has none, an outer join that keeps the other gives it alone. */
function* joined(
  key: Key,
  left: readonly unknown[],
  right: readonly unknown[],
  keepsLeft: boolean,
  keepsRight: boolean,
): Iterable<unknown> {
  const lefts = left.length === 0 && keepsRight ? NOTHING : left;
  const rights = right.length === 0 && keepsLeft ? NOTHING : right;
  for (const a of lefts) for (const b of rights) yield [key, [a, b]];
}

const NOTHING: readonly unknown[] = [undefined];

function side(values: readonly unknown[], wanted: Sided[0]): readonly unknown[] {
  const found: unknown[] = [];
  for (const [from, value] of values as readonly Sided[]) if (from === wanted) found.push(value);
  return found;
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
