/** How a window's values become a total: by the user's reduce, by a combiner of another type, or by what is built in. */
import { StreamError } from '../core/errors.js';
import { isNoValue, noValue, shown } from './shapes.js';

/** As the plan names them. */
type FoldKind = 'user' | 'sum' | 'combine' | 'top';

/** What a fold depends on, beside the user's functions. */
export interface FoldParameters {
  readonly reduce: FoldKind;
  /** How many elements `top` keeps. */
  readonly max?: number | undefined;
}

/** A fold. Totals of several tasks or panes are put together by `merge`. */
export interface Fold {
  /** Makes a total of a first value. Undefined: the value is one. */
  readonly create: ((value: unknown) => unknown) | undefined;
  /** Puts a further value into a total that is in no other's hands. */
  readonly add: (total: unknown, value: unknown) => unknown;
  /** Puts two totals together, and changes neither. */
  readonly merge: (a: unknown, b: unknown) => unknown;
  /** What the user calls `add` and `merge`, for errors. */
  readonly names: readonly [add: string, merge: string];
}

/** Finds a function of the operator by its role. */
type Find = (role: string) => unknown;
type Binary = (a: unknown, b: unknown) => unknown;

/** The fold of an operator. */
export function foldOfKind({ reduce: kind, max = 1 }: FoldParameters, find: Find): Fold {
  switch (kind) {
    case 'user':
      return reducing(find('reduce') as Binary);
    case 'sum':
      return reducing(sum);
    case 'combine': {
      const create = find('createCombiner') as (value: unknown) => unknown;
      return {
        create: (value) => {
          const combiner = create(value);
          if (isNoValue(combiner)) throw noValue('createCombiner', combiner);
          return combiner;
        },
        add: find('mergeValue') as Binary,
        merge: find('mergeCombiners') as Binary,
        names: ['mergeValue', 'mergeCombiners'],
      };
    }
    case 'top':
      return topFold(find('by') as (value: unknown) => unknown, find('text') as (value: unknown) => string, max);
  }
}

function reducing(reduce: Binary): Fold {
  return { create: undefined, add: reduce, merge: reduce, names: ['reduce', 'reduce'] };
}

/** The built-in reduce of counts. */
function sum(a: unknown, b: unknown): unknown {
  return (a as number) + (b as number);
}

/**
 * The greatest elements, greatest first; equal ones by their text, so that no order of arrival can be told. Each element is ranked as it comes,
 * also the first: one that has no rank must not be what others are compared with.
 */
function topFold(by: (value: unknown) => unknown, text: (value: unknown) => string, max: number): Fold {
  const rankOf = (value: unknown): number => {
    const rank = by(value);
    if (typeof rank === 'number' && !Number.isNaN(rank)) return rank;
    throw noRank(rank);
  };
  const isBefore = (rank: number, value: unknown, other: unknown): boolean => {
    const theirs = rankOf(other);
    return rank > theirs || (rank === theirs && text(value) < text(other));
  };
  const add = (total: unknown, value: unknown): unknown => {
    const list = total as readonly unknown[];
    const rank = rankOf(value);
    if (list.length === max && !isBefore(rank, value, list[max - 1])) return list;
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(rank, value, list[middle])) high = middle;
      else low = middle + 1;
    }
    return list.toSpliced(low, 0, value).slice(0, max);
  };
  return {
    create: (value) => {
      rankOf(value);
      return [value];
    },
    add,
    merge: (a, b) => (b as readonly unknown[]).reduce(add, a),
    names: ['by', 'by'],
  };
}

function noRank(rank: unknown): StreamError {
  if (isNoValue(rank)) return noValue('by', rank);
  return new StreamError(
    'RG032',
    `by returned ${shown(rank)}, not a number`,
    'return a number that is not NaN on every path',
  );
}
