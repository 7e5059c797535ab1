/** The maps that lowering needs and no user wrote: they bring records into the shape that a core operator takes. */
import { KEY_GROUPS, taskOfKey } from '../core/keys.js';
import { isPair, notAPair, type Pair } from './shapes.js';

/** As the plan names them. */
export type DerivedMap = 'null-key' | 'keep-key' | 'left' | 'right' | 'left-record' | 'right-record' | 'spread';

/** Where a value came from: 0 is left. */
export type Side = 0 | 1;

/** A value with the side that it came from. */
export type Sided = readonly [side: Side, value: unknown];

/**
 * Makes one for a task. Without `partitions`, `spread` goes through all key groups. It keeps the number of the next task: which element goes where is nobody's promise.
 *
 * The maps of sides throw StreamError `RG032` for a record that is no pair.
 */
export function derivedMap(shape: DerivedMap, partitions = KEY_GROUPS): (value: unknown) => unknown {
  switch (shape) {
    case 'null-key':
      return (value) => [null, value];
    case 'keep-key':
      return (pair) => (pair as Pair)[0];
    case 'left':
      return sided(0);
    case 'right':
      return sided(1);
    case 'left-record':
      return (value) => [0, value];
    case 'right-record':
      return (value) => [1, value];
    case 'spread': {
      const keys = keysOfTasks(partitions);
      let next = 0;
      return (value) => {
        const key = keys[next]!;
        next = next + 1 === keys.length ? 0 : next + 1;
        return [key, value];
      };
    }
  }
}

/** As the plan names them: the records of one side. */
export type DerivedFlatMap = 'left-of' | 'right-of';

/** Makes one: of `[side, record]` the records of its side. */
export function derivedFlatMap(shape: DerivedFlatMap): (value: unknown) => readonly unknown[] {
  const wanted = shape === 'left-of' ? 0 : 1;
  return (value) => {
    const [side, record] = value as Sided;
    return side === wanted ? [record] : NONE;
  };
}

const NONE: readonly unknown[] = [];

function sided(side: Side): (pair: unknown) => unknown {
  return (pair) => {
    if (!isPair(pair)) throw notAPair(pair);
    return [pair[0], [side, pair[1]]];
  };
}

/** For each task the lowest whole number that, as a key, belongs to it. */
function keysOfTasks(tasks: number): readonly number[] {
  const keys = new Array<number>(tasks).fill(-1);
  for (let key = 0, found = 0; found < tasks; key++) {
    const task = taskOfKey(key, tasks);
    if (keys[task] !== -1) continue;
    keys[task] = key;
    found += 1;
  }
  return keys;
}
