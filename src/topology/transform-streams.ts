/** One function of several streams, interval by interval: each record says which stream it is of, and a `transform` sorts them out. */
import { StreamError } from '../core/errors.js';
import type { Timestamp } from '../core/time.js';
import { type GraphDraft, placeOf } from './draft.js';
import type { StreamRef } from './graph.js';
import { intervalCall } from './interval-stream.js';
import type { Stream } from './stream.js';

/** The elements of each of these streams. */
export type ListsOf<S extends readonly Stream<unknown>[]> = {
  readonly [I in keyof S]: S[I] extends Stream<infer T> ? readonly T[] : never;
};

/** A user's function of one interval of several streams. */
export type TransformStreams<S extends readonly Stream<unknown>[], U> = (
  lists: ListsOf<S>,
  end: Timestamp,
) => Iterable<U>;

/** Adds the nodes. @throws StreamError `RG004` for what are no streams. */
export function transformStreams(
  draft: GraphDraft,
  inputs: readonly StreamRef[],
  user: (lists: never, end: Timestamp) => Iterable<unknown>,
  options: { readonly uid?: string | undefined; readonly orderSensitive?: boolean | undefined },
  caller: (...args: never[]) => unknown,
): StreamRef {
  if (inputs.length === 0)
    throw new StreamError('RG004', `${caller.name}() got no streams`, 'write t.transform([lines, clicks], …)', {
      place: placeOf(caller),
    });
  const sides = inputs.map((input, side) => draft.add({ kind: 'map', input }, { map: sideOf(side) }, caller));
  const union = draft.add({ kind: 'union', inputs: sides }, {}, caller);
  const transform = named(
    (values: readonly Sided[], end: Timestamp) => user(listsOf(values, inputs.length), end),
    user,
  );
  const { uid, orderSensitive } = options;
  const node = {
    kind: 'transform',
    input: union,
    ...(orderSensitive === undefined ? {} : { orderSensitive }),
  } as const;
  return draft.add(node, { flatMap: named(intervalCall(transform), user), transform }, caller, uid);
}

type Sided = readonly [side: number, value: unknown];

function sideOf(side: number): (value: unknown) => Sided {
  return named((value: unknown): Sided => [side, value], `side ${side}`);
}

function listsOf(values: readonly Sided[], count: number): never {
  const lists = Array.from({ length: count }, (): unknown[] => []);
  for (const [side, value] of values) lists[side]!.push(value);
  return lists as never;
}

/** The identity of a plan goes by the text of the user's function. */
function named<F extends (...args: never[]) => unknown>(own: F, text: unknown): F {
  return Object.assign(own, { toString: () => String(text) });
}
