/** What a stream of states says of keys: a `cogroup` of questions and states, and a `mapWithState` that knows the latest. */
import type { Key } from '../core/keys.js';
import type { GraphDraft } from './draft.js';
import type { StreamRef } from './graph.js';
import type { State } from './state-spec.js';
import type { Placed } from './types.js';

/** Adds the nodes; the last has the uid. */
export function queryStates(
  draft: GraphDraft,
  [questions, states]: readonly [StreamRef, StreamRef],
  { uid, partitions }: Placed,
  caller: (...args: never[]) => unknown,
): StreamRef {
  const placed = partitions === undefined ? {} : { partitions };
  const keys = draft.add({ kind: 'keyBy', input: questions }, { keyBy: itself }, caller);
  const met = draft.add({ kind: 'cogroup', inputs: [states, keys], ...placed }, {}, caller);
  const latest = { kind: 'mapWithState', input: met, timeout: undefined, snapshots: false, ...placed } as const;
  // The latest of an interval's states is that of their order.
  const answers = draft.add({ ...latest, orderSensitive: true }, { mapWithState: answersOf }, caller, uid);
  return draft.add({ kind: 'flatMap', input: answers }, { flatMap: itself }, caller);
}

/** The states of an interval come first. */
function answersOf(
  key: Key,
  met: readonly [states: readonly unknown[], questions: readonly unknown[]] | undefined,
  state: State<unknown>,
): readonly (readonly [Key, unknown])[] | undefined {
  const [states, questions] = met!;
  if (states.length > 0) {
    const latest = states.at(-1);
    // No state of `mapWithState` is undefined, but a stream's may be: of an outer join, or of another query.
    if (latest === undefined) state.remove();
    else state.update(latest);
  }
  return questions.length === 0 ? undefined : questions.map(() => [key, state.getOption()] as const);
}

function itself<T>(value: T): T {
  return value;
}
