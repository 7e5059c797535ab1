/** The reading task of a record behind a grouping by key. What is wrong with a key is the fault of the operator that groups by it. */
import { taskOfKey } from '../core/keys.js';
import { isPair, notAPair } from '../kernels/shapes.js';
import { attributed, type Blamed } from './user-error.js';

/** @throws StreamError `RG033` for what is no key. */
export function taskOf(reader: Blamed, key: unknown, tasks: number): number {
  try {
    return taskOfKey(key, tasks);
  } catch (thrown) {
    throw attributed(thrown, reader);
  }
}

/** By the first part of a pair. @throws StreamError `RG032` for what is no pair. */
export function taskOfPair(reader: Blamed, value: unknown, tasks: number): number {
  if (!isPair(value)) throw attributed(notAPair(value), reader);
  return taskOf(reader, value[0], tasks);
}
