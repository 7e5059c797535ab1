/** `map-async`: which call a record makes, and what its answer gives. When calls are made, and how long they may take, executors decide. */
import type { CallContext } from '../topology/calls.js';
import { isPair, notAPair } from './shapes.js';

/** What calls are made from. */
export interface MapAsyncFunctions {
  readonly call: (value: unknown, context: CallContext) => unknown;
}

/** The part of `map-async` that decides the answer. It keeps nothing. */
export interface MapAsyncKernel {
  /** Begins a record's call; gives its answer or a promise of it. Throws what the user's function throws, and `RG032` for what is no pair. */
  begin(record: unknown, context: CallContext): unknown;
  /** The result of a record whose call gave that answer. */
  result(record: unknown, answer: unknown): unknown;
}

/** `pair-values`: the call is of a pair's value, and the key stays. */
export function createMapAsync({ call }: MapAsyncFunctions, shape: 'value' | 'pair-values'): MapAsyncKernel {
  if (shape === 'value') return { begin: call, result: (_record, answer) => answer };
  return {
    begin: (record, context) => {
      if (!isPair(record)) throw notAPair(record);
      return call(record[1], context);
    },
    result: (record, answer) => [(record as readonly unknown[])[0], answer],
  };
}

/** What came of a record's call: it takes the record's place on its way to the head of the task's chain. */
export class CallOutcome {
  readonly record: unknown;
  readonly result: unknown;
  /** Set when the last attempt failed: then there is no result. */
  readonly error: Error | undefined;

  constructor(record: unknown, result: unknown, error?: Error) {
    this.record = record;
    this.result = result;
    this.error = error;
  }
}

/** A record as the user knows it: for a dead letter. */
export function recordOf(value: unknown): unknown {
  return value instanceof CallOutcome ? value.record : value;
}
