/** Every operator of the public API: each method of a stream, however many layers it is built in. */
import { KeyedStream } from '../../../src/topology/streams.js';

/** What a stream has for those who build it, and for no user. */
const INTERNAL = ['constructor', 'next', 'add', 'refOf', 'origin'];
/** A method of what `mapWithState` gives. */
const ELSEWHERE = ['stateSnapshots'];

/** In order of the alphabet. */
export function operatorNames(): readonly string[] {
  const names = new Set(ELSEWHERE);
  for (let layer: object = KeyedStream.prototype; layer !== Object.prototype; layer = Object.getPrototypeOf(layer))
    for (const name of Object.getOwnPropertyNames(layer)) names.add(name);
  return [...names].filter((name) => !INTERNAL.includes(name)).toSorted();
}
