/** Windowed bolts with state: their windows are in the job's checkpoints too, so that no tuple waits for its window to be acked. */
import type { Key } from '../core/keys.js';
import type { NoStreams, Streams, Values } from './components.js';
import type { KeyValueState } from './stateful-bolt.js';
import type { WindowedBolt, WindowOptionsOfAll } from './windowed-bolt.js';

/**
 * A bolt on windows of tuples, with a state by key. `initState` comes behind `prepare` and before the first window.
 *
 * 1. A tuple is acked when it is in the bolt's windows, which are in every checkpoint beside its state. Emits have no anchors: what is lost
 *    with a crash is made again from the checkpoint.
 * 2. After a restart windows go on with the tuples that they had, those told as expired among them.
 *
 * Keeps a row for each tuple that is in a window, or left the last one. Source: Storm `IStatefulWindowedBolt`, `PersistentWindowedBoltExecutor`.
 */
export interface StatefulWindowedBolt<
  In extends Values,
  K extends Key,
  State,
  V extends Values = Values,
  S extends Streams = NoStreams,
> extends WindowedBolt<In, V, S> {
  initState(state: KeyValueState<K, State>): void;
}

/** Options of a stateful windowed bolt. */
export type StatefulWindowOptions<In extends Values, S extends Streams> = WindowOptionsOfAll<In, S> & {
  /**
   * What tells a message: a tuple of one that the windows have is acked and dropped. For spouts, which may send a message again that is in
   * a checkpoint. Storm: `withMessageIdField`.
   */
  readonly messageId?: (values: In) => Key;
};
