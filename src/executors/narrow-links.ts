/** Links of the narrow operators: one record in, any number out, no state. User functions run here and in `branch-link`, nowhere deeper. */
import { derivedFlatMap, derivedMap } from '../kernels/derived-map.js';
import { isPair, notAPair } from '../kernels/shapes.js';
import type { CoreOperator, FilterOperator, FlatMapOperator, MapOperator } from '../plan/plan.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import type { Link } from './link.js';
import { attributed, promiseReturned, wrongShape } from './user-error.js';

type Unary = (value: unknown) => unknown;
type Pair = readonly [unknown, unknown];

/** The link of a narrow operator in front of `next`. Watermarks and the end pass. */
export function narrowLink(
  operator: MapOperator | FlatMapOperator | FilterOperator,
  functions: FunctionTable,
  next: Link,
): Link {
  const { advance, end } = next;
  const find = (role: string): Unary => functions.get(functionId(operator.node, role)) as Unary;
  switch (operator.kind) {
    case 'map':
      return { push: mapPush(operator, find, next.push), advance, end };
    case 'flat-map': {
      return { push: flatPush(operator, find, next.push), advance, end };
    }
    case 'filter':
      return { push: filterPush(operator, find('filter'), next.push), advance, end };
  }
}

function mapPush(operator: MapOperator, find: (role: string) => Unary, next: Link['push']): Link['push'] {
  switch (operator.shape) {
    case 'value':
      return valuePush(operator, find('map'), next);
    case 'pair-values':
      return pairValuesPush(operator, find('mapValues'), next);
    case 'key':
      return keyPush(operator, find('keyBy'), next);
    case 'pair-key':
      return keyPush(operator, ofItsKey(find('by')), next);
    case 'unit':
      return (value) => next([value, 1]);
    case 'constant':
      return () => next(NULL_ONE);
    case 'pair':
      return (value) => {
        if (!isPair(value)) throw attributed(notAPair(value), operator);
        next(value);
      };
    case 'drop-key':
      return (pair) => next((pair as Pair)[1]);
    default:
      return derivedPush(operator, derivedMap(operator.shape, operator.partitions), next);
  }
}

/** What is built in throws for records that are not what it takes. */
function derivedPush(operator: MapOperator, map: Unary, next: Link['push']): Link['push'] {
  return (value) => {
    let out: unknown;
    try {
      out = map(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    next(out);
  };
}

const NULL_ONE: Pair = [null, 1];

function valuePush(operator: MapOperator, map: Unary, next: Link['push']): Link['push'] {
  return (value) => {
    let out: unknown;
    try {
      out = map(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    // An array is no promise: pairs skip the walk along the prototypes (bench `record`: 6 % of a word count).
    if (typeof out === 'object' && !Array.isArray(out) && out instanceof Promise) throw promiseReturned(operator);
    next(out);
  };
}

function keyPush(operator: MapOperator, key: Unary, next: Link['push']): Link['push'] {
  return (value) => {
    let out: unknown;
    try {
      out = key(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (typeof out === 'object' && out instanceof Promise) throw promiseReturned(operator);
    next([out, value]);
  };
}

function ofItsKey(by: Unary): Unary {
  return (pair) => {
    if (!isPair(pair)) throw notAPair(pair);
    return by(pair[0]);
  };
}

function pairValuesPush(operator: MapOperator, map: Unary, next: Link['push']): Link['push'] {
  return (pair) => {
    const { 0: key, 1: value } = pairOf(operator, pair);
    let out: unknown;
    try {
      out = map(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (out instanceof Promise) throw promiseReturned(operator);
    next([key, out]);
  };
}

function flatPush(operator: FlatMapOperator, find: (role: string) => Unary, next: Link['push']): Link['push'] {
  switch (operator.shape) {
    case 'value':
      return flatMapPush(operator, find('flatMap'), next);
    case 'pair-values':
      return flatMapValuesPush(operator, find('flatMapValues'), next);
    default:
      return flatMapPush(operator, derivedFlatMap(operator.shape), next);
  }
}

function flatMapPush(operator: FlatMapOperator, flatMap: Unary, next: Link['push']): Link['push'] {
  return (value) => {
    let out: unknown;
    try {
      out = flatMap(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (!Array.isArray(out)) return eachOf(operator, out, next);
    for (let i = 0; i < out.length; i++) next(out[i]);
  };
}

function flatMapValuesPush(operator: FlatMapOperator, flatMap: Unary, next: Link['push']): Link['push'] {
  return (pair) => {
    const { 0: key, 1: value } = pairOf(operator, pair);
    let out: unknown;
    try {
      out = flatMap(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (!Array.isArray(out)) return eachOfKey(operator, key, out, next);
    for (let i = 0; i < out.length; i++) next([key, out[i]]);
  };
}

/** Apart, so that no closure holds the key of the loop above. */
function eachOfKey(operator: FlatMapOperator, key: unknown, out: unknown, next: Link['push']): void {
  eachOf(operator, out, (item) => next([key, item]));
}

/** Iterates what is no array: a generator, a Set. A user's generator may throw while it runs. */
function eachOf(operator: FlatMapOperator, out: unknown, next: Link['push']): void {
  if (out instanceof Promise) throw promiseReturned(operator);
  if (typeof out !== 'object' || out === null || !(Symbol.iterator in out))
    throw wrongShape(operator, out, 'an array or another iterable of elements');
  const iterator = (out as Iterable<unknown>)[Symbol.iterator]();
  for (;;) {
    let step: IteratorResult<unknown>;
    try {
      step = iterator.next();
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (step.done === true) return;
    next(step.value);
  }
}

function filterPush(operator: FilterOperator, keep: Unary, next: Link['push']): Link['push'] {
  return (value) => {
    let kept: unknown;
    try {
      kept = keep(value);
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
    if (kept === true) next(value);
    else if (kept !== false && isTrue(operator, kept)) next(value);
  };
}

/** A predicate's answer. @throws StreamError `RG031` for a promise. */
export function isTrue(operator: CoreOperator, kept: unknown): boolean {
  if (kept instanceof Promise) throw promiseReturned(operator);
  return Boolean(kept);
}

/** Read it by place: to take it apart as `[key, value]` goes by an iterator, which V8 does not always leave out. */
function pairOf(operator: MapOperator | FlatMapOperator, value: unknown): Pair {
  if (Array.isArray(value) && value.length === 2) return value as unknown as Pair;
  throw wrongShape(operator, value, 'a pair [key, value]');
}
