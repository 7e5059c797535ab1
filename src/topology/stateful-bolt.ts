/** Stateful bolts: what they put into their state is in every checkpoint, and is there again when the job goes on from one. */
import type { Key } from '../core/keys.js';
import type { Bolt, NoStreams, Streams, Values } from './components.js';

/**
 * The state of one task of a bolt, by key. Values count as immutable: put a new one in place of the old. Behind a fields grouping each
 * key is in one task; otherwise each task has what it put itself.
 *
 * Source: Storm `KeyValueState`.
 */
export interface KeyValueState<K extends Key = Key, V = unknown> {
  readonly size: number;
  get(key: K): V | undefined;
  /** The value of the key, or that one if it has none. */
  get(key: K, otherwise: V): V;
  /** @throws StreamError `RG038` for undefined: `delete` takes a key out. `RG033` for what is no key. */
  put(key: K, value: V): void;
  delete(key: K): void;
  /** In the order in which keys were put first. */
  entries(): IterableIterator<readonly [K, V]>;
}

/** What the engine's own bolts get: further states of the task, which no user sees and all checkpoints have. */
export interface StateSpaces extends KeyValueState {
  beside(name: string): KeyValueState;
  /** An attempt failed, and the state is as it was before: `goBack` is called, and the bolt is not made anew. */
  whenTakenBack(goBack: () => void): void;
  /** All inputs have ended: ticks go on as long as `isWaiting`. */
  whenEnded(isWaiting: () => boolean): void;
}

/**
 * A bolt with state in the job's checkpoints. `initState` comes behind `prepare` and before the first tuple, with the state of the
 * checkpoint that the job goes on from, or an empty one. All else that the bolt remembers is gone then.
 *
 * Source: Storm `IStatefulBolt`. There state is saved by a commit that bolts hear of (`preCommit`, `prePrepare`, `preRollback`);
 * here it is snapshotted at a barrier, when no tuple is open, so there is nothing to prepare.
 */
export interface StatefulBolt<
  In extends Values,
  K extends Key,
  State,
  V extends Values = Values,
  S extends Streams = NoStreams,
> extends Bolt<In, V, S> {
  initState(state: KeyValueState<K, State>): void;
}

/** The bolt that runs a stateful one. */
export function statefulBolt<In extends Values, K extends Key, State, V extends Values, S extends Streams>(
  bolt: StatefulBolt<In, K, State, V, S>,
): Bolt<In, V, S> {
  return {
    prepare: (collector, info) => {
      bolt.prepare?.(collector, info);
      bolt.initState(info.state as unknown as KeyValueState<K, State>);
    },
    execute: (tuple, collector) => bolt.execute(tuple, collector),
    cleanup: () => bolt.cleanup?.(),
  };
}
