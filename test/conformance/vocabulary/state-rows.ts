/** Operators that keep a state for each key, and event time. */
import type { State, StateSpec } from '../../../src/topology/state-spec.js';
import { add, type Parts, type Row, times } from './row.js';

export const STATE_ROWS = {
  timestamps: {
    build: ({ events, call }) =>
      events()
        .timestamps({ uid: 'op', extract: call('extract', ({ at }) => at), maxOutOfOrderness: times(0) })
        .map(({ n }) => n),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: { extract: '1, 2 | 3 |  | 4, 5 | ' },
  },
  runningReduce: {
    build: ({ pairs, call }) => pairs().runningReduce({ uid: 'op', reduce: call('reduce', add) }),
    one: '[a,1] |  |  | ',
    empty: ' | [a,1] |  |  | [a,3] | ',
    twice: '[a,1], [a,3], [a,4], [b,5] | [a,8] |  | ',
    errors: { reduce: '[a,1], [b,2] | [a,4] |  | [a,9], [b,6] | ' },
  },
  updateStateByKey: {
    build: ({ pairs, call }) =>
      pairs().updateStateByKey<number>({
        uid: 'op',
        update: call('update', (values, state = 0) => values.reduce(add, state)),
      }),
    one: '[a,1] | [a,1] | [a,1] | [a,1]',
    empty: ' | [a,1] | [a,1] | [a,1] | [a,3] | [a,3]',
    twice: '[a,4], [b,5] | [a,8], [b,5] | [a,8], [b,5] | [a,8], [b,5]',
    errors: { update: '[b,2] | [a,3], [b,2] | [b,2] | [a,8], [b,6] | [a,8], [b,6]' },
  },
  mapWithState: {
    build: ({ pairs, call }) => pairs().mapWithState(spec(call)),
    one: 'a: 1 | a ends with 1 |  | ',
    empty: ' | a: 1 | a ends with 1 |  | a: 2 | a ends with 2',
    twice: 'a: 1, a: 3, a: 4, b: 5 | a: 8 | a ends with 8, b ends with 5 | ',
    errors: {
      map: 'a: 1, b: 2 | a: 4 | a ends with 4, b ends with 2 | a: 5, b: 4 | b ends with 4',
      'map at the timeout':
        'a: 1, a: 1000001, b: 2 | a: 1000004 | a: 2000004, b ends with 2 | a: 5, b: 4 | b ends with 4',
    },
  },
  stateSnapshots: {
    build: ({ pairs, call }) => pairs().mapWithState(spec(call)).stateSnapshots(),
    one: '[a,1] |  |  | ',
    empty: ' | [a,1] |  |  | [a,2] | ',
    twice: '[a,4], [b,5] | [a,8], [b,5] |  | ',
    errors: {
      map: '[a,1], [b,2] | [a,4], [b,2] |  | [a,5], [b,4] | [a,5]',
      'map at the timeout': '[a,1000001], [b,2] | [a,1000004], [b,2] | [a,2000004] | [a,5], [b,4] | [a,5]',
    },
  },
  process: {
    build: ({ pairs, call }) =>
      pairs().process<number, string>({
        uid: 'op',
        onRecord: call('onRecord', (n, context) => {
          context.setState((context.state ?? 0) + n);
          context.setTimer(context.timestamp + times(1.5));
          context.emit(`${context.key} has ${context.state}`);
        }),
        onTimer: call('onTimer', (context) => {
          context.emit(`${context.key} had ${context.state}`);
          context.setState(undefined);
        }),
      }),
    one: 'a has 1 | a had 1 |  | ',
    empty: ' | a has 1 | a had 1 |  | a has 2 | a had 2',
    twice:
      'a has 1, a has 3, a has 4, b has 5 | a had 8, a had undefined, a has 8 | a had undefined, a had undefined, b had 5 | ',
    errors: {
      onRecord: 'a has 1, b has 2 | a had 4, a has 4 | a had undefined, b had 2 | a has 5, b has 4 | b had 4',
      onTimer:
        'a has 1, a has 1000001, b has 2 | a has 1000004 | a has 2000004, b had 2 | a has 2000009, b has 4 | b had 4',
    },
  },
} satisfies Record<string, Row>;

/** Sums, and says so; a key that is silent for the timeout says goodbye. */
function spec(call: Parts['call']): StateSpec<string, number, number, string> {
  const onRecord = call('map', (key: string, n: number, state: State<number>) => {
    state.update((state.getOption() ?? 0) + n);
    return `${key}: ${state.get()}`;
  });
  const onTimeout = call('map at the timeout', (_sum: number, text: string) => text);
  return {
    uid: 'op',
    timeout: times(1.5),
    map: (key, n, state) =>
      state.isTimingOut() ? onTimeout(state.get(), `${key} ends with ${state.get()}`) : onRecord(key, n!, state),
  };
}
