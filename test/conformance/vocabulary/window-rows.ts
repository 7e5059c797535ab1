/** Operators on windows, sessions and times that are near. */
import { add, type Row, subtract, times } from './row.js';

export const WINDOW_ROWS = {
  window: {
    build: ({ numbers }) => numbers().window({ uid: 'op', window: times(2) }),
    one: '1 | 1 |  | ',
    empty: ' | 1 | 1 |  | 2 | 2',
    twice: '1, 1, 2, 5 | 1, 1, 2, 4, 5 | 4 | ',
    errors: {},
  },
  reduceByWindow: {
    build: ({ numbers, call }) =>
      numbers().reduceByWindow({
        uid: 'op',
        window: times(2),
        reduce: call('reduce', add),
        inverse: call('inverse', subtract),
      }),
    one: '1 | 1 |  | ',
    empty: ' | 1 | 1 |  | 2 | 2',
    twice: '9 | 13 | 4 | ',
    errors: { reduce: '3 | 6 |  |  | 9', inverse: '1000003 | 1000006 |  | 1000009 | ' },
  },
  countByWindow: {
    build: ({ numbers }) => numbers().countByWindow({ uid: 'op', window: times(2) }),
    one: '1 | 1 | 0 | 0',
    empty: ' | 1 | 1 | 0 | 1 | 1',
    twice: '4 | 5 | 1 | 0',
    errors: {},
  },
  countByValueAndWindow: {
    build: ({ numbers }) => numbers().countByValueAndWindow({ uid: 'op', window: times(2) }),
    one: '[1,1] | [1,1] |  | ',
    empty: ' | [1,1] | [1,1] |  | [2,1] | [2,1]',
    twice: '[1,2], [2,1], [5,1] | [1,2], [2,1], [4,1], [5,1] | [4,1] | ',
    errors: {},
  },
  groupByKeyAndWindow: {
    build: ({ pairs }) => pairs().groupByKeyAndWindow({ uid: 'op', window: times(2) }),
    one: '[a,[1]] | [a,[1]] |  | ',
    empty: ' | [a,[1]] | [a,[1]] |  | [a,[2]] | [a,[2]]',
    twice: '[a,[1,2,1]], [b,[5]] | [a,[1,2,1,4]], [b,[5]] | [a,[4]] | ',
    errors: {},
  },
  reduceByKeyAndWindow: {
    build: ({ pairs, call }) =>
      pairs().reduceByKeyAndWindow({
        uid: 'op',
        window: times(2),
        reduce: call('reduce', add),
        inverse: call('inverse', subtract),
        filter: call('filter', ([, n]) => n !== 4),
      }),
    one: '[a,1] | [a,1] |  | ',
    empty: ' | [a,1] | [a,1] |  | [a,2] | [a,2]',
    twice: '[b,5] | [a,8], [b,5] |  | ',
    errors: {
      reduce: '[a,1], [b,2] | [b,2] |  |  | [a,5]',
      inverse: '[a,1000001], [b,2] | [a,1000004], [b,2] |  | [a,1000005] | ',
      filter: '[b,2] | [b,2] |  |  | [a,5]',
    },
  },
  sessionWindow: {
    build: ({ pairs, call }) => pairs().sessionWindow({ uid: 'op', gap: times(2), reduce: call('reduce', add) }),
    one: ' | [a,1] |  | ',
    empty: ' |  | [a,1] |  |  | [a,2]',
    twice: ' |  | [a,8], [b,5] | ',
    errors: { reduce: ' |  | [a,4], [b,2] |  | [b,4]' },
  },
  intervalJoin: {
    build: ({ pairs, others }) => pairs().intervalJoin(others(), { uid: 'op', before: times(0), after: times(1) }),
    one: '[a,[1,10]] |  |  | ',
    empty: ' | [a,[1,10]] |  |  | [a,[2,20]] | ',
    twice:
      '[a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,20]], [a,[2,10]], [a,[2,20]], [b,[5,50]] | [a,[1,40]], [a,[1,40]], [a,[2,40]], [a,[4,40]] |  | ',
    errors: {},
  },
} satisfies Record<string, Row>;
