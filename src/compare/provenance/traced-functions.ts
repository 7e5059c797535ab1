/** A user's functions on traced values: they get and give what they always did, and the provenance goes by beside them. */
import {
  added,
  NO_RECORDS,
  type Provenance,
  plainRecord,
  provenanceOf,
  subtracted,
  type Traced,
  traced,
  tracedRecord,
} from './traced.js';

type Unary = (value: unknown) => unknown;
type Call = (value: unknown, context: unknown) => unknown;
type Reduce = (a: unknown, b: unknown) => unknown;
type Update = (values: readonly unknown[], state: unknown, context: unknown) => unknown;

/** `map`: what comes out is made of what went in. */
export function tracedMap(map: Unary): Unary {
  return (record) => {
    const out = map(plainRecord(record));
    return isPromise(out) ? out : tracedRecord(out, provenanceOf(record));
  };
}

/** `mapAsync`: the same, once the call has ended. */
export function tracedMapAsync(call: Call): Call {
  return async (record, context) => tracedRecord(await call(plainRecord(record), context), provenanceOf(record));
}

/** `mapValuesAsync`. */
export function tracedMapValuesAsync(call: Call): Call {
  return async (value, context) => traced(await call((value as Traced).value, context), value as Traced);
}

/** `flatMap`: so is each element. */
export function tracedFlatMap(flatMap: Unary): Unary {
  return (record) => {
    const from = provenanceOf(record);
    return eachOf(flatMap(plainRecord(record)), (element) => tracedRecord(element, from));
  };
}

/** What a function of many records gives: each element is made of all of them. */
export function tracedEach(elements: unknown, from: Provenance): unknown {
  return eachOf(elements, (element) => tracedRecord(element, from));
}

/** `createCombiner` of `combineByKey`. */
export function tracedCombiner(create: Unary): Unary {
  return (value) => {
    const out = create((value as Traced).value);
    return isNoValue(out) ? out : traced(out, value as Traced);
  };
}

/** `createCombiner` of `aggregate`: of whole records. */
export function tracedRecordCombiner(create: Unary): Unary {
  return (record) => {
    const out = create(plainRecord(record));
    return isNoValue(out) ? out : tracedRecord(out, provenanceOf(record));
  };
}

/** `reduce` of whole records, which may be pairs. */
export function tracedRecordReduce(reduce: Reduce, provenance: typeof added = added): Reduce {
  return (a, b) => {
    const out = reduce(plainRecord(a), plainRecord(b));
    return isNoValue(out) ? out : tracedRecord(out, provenance(provenanceOf(a), provenanceOf(b)));
  };
}

/** Its inverse. */
export function tracedRecordInverse(inverse: Reduce): Reduce {
  return tracedRecordReduce(inverse, subtracted);
}

/** `filter`, an arm of `branch`, and `extract`: they only look. */
export function lookingAtPlain(look: Unary): Unary {
  return (record) => look(plainRecord(record));
}

/** `keyBy` as a `map`: the operator itself would pair the key with the traced record. */
export function tracedKeyBy(keyBy: Unary): Unary {
  return (record) => {
    const plain = plainRecord(record);
    const key = keyBy(plain);
    return isPromise(key) ? key : [key, traced(plain, provenanceOf(record))];
  };
}

export function tracedMapValues(map: Unary): Unary {
  return (value) => {
    const out = map((value as Traced).value);
    return isPromise(out) ? out : traced(out, value as Traced);
  };
}

export function tracedFlatMapValues(flatMap: Unary): Unary {
  return (value) => eachOf(flatMap((value as Traced).value), (element) => traced(element, value as Traced));
}

/** A reduce adds what both are made of. */
export function tracedReduce(reduce: Reduce): Reduce {
  return combining(reduce, added);
}

/** An inverse takes it out again. */
export function tracedInverse(inverse: Reduce): Reduce {
  return combining(inverse, subtracted);
}

/** `update`: the state is made of all values that it ever got, since it was last removed. */
export function tracedUpdate(update: Update): Update {
  return (values, state, context) => {
    const before = state as Traced | undefined;
    const plain = values.map((value) => (value as Traced).value);
    const after = update(plain, before?.value, context);
    if (isNoValue(after)) return after;
    // The same object, so that a store sees that nothing changed.
    if (before !== undefined && values.length === 0 && Object.is(after, before.value)) return before;
    return traced(after, (values as readonly Traced[]).reduce(added, before ?? NO_RECORDS));
  };
}

/** Initial states are made of no record. */
export function tracedStates(states: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map(Array.from(states, ([key, state]) => [key, traced(state, NO_RECORDS)]));
}

function combining(combine: Reduce, provenance: (a: Provenance, b: Provenance) => Provenance): Reduce {
  return (a, b) => {
    const out = combine((a as Traced).value, (b as Traced).value);
    return isNoValue(out) ? out : traced(out, provenance(a as Traced, b as Traced));
  };
}

/** What is no iterable goes on as it is: the operator has the error for it. */
function eachOf(elements: unknown, trace: (element: unknown) => unknown): unknown {
  if (Array.isArray(elements)) return elements.map(trace);
  const isIterable = typeof elements === 'object' && elements !== null && Symbol.iterator in elements;
  return isIterable ? traceEach(elements as Iterable<unknown>, trace) : elements;
}

function* traceEach(elements: Iterable<unknown>, trace: (element: unknown) => unknown): Iterable<unknown> {
  for (const element of elements) yield trace(element);
}

/** What no function may return goes on as it is: kernels have the errors for it. */
function isNoValue(value: unknown): boolean {
  return value === undefined || isPromise(value);
}

function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}
