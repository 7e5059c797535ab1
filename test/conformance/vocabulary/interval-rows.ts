/** Operators that act once per interval. */
import { add, B, type Row, times } from './row.js';

export const INTERVAL_ROWS = {
  reduce: {
    build: ({ numbers, call }) => numbers().reduce({ uid: 'op', reduce: call('reduce', add) }),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '9 | 4 |  | ',
    errors: { reduce: '3 | 3 | 1000000 | 9 | ' },
  },
  aggregate: {
    build: ({ numbers, call }) =>
      numbers()
        .aggregate<readonly number[]>({
          uid: 'op',
          createCombiner: call('combine', (n) => [n]),
          mergeValue: call('combine', (list, n) => [...list, n]),
          mergeCombiners: call('combine', (x, y) => [...x, ...y]),
        })
        .map((list) => list.toSorted().join('+')),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1+1+2+5 | 4 |  | ',
    errors: { combine: '1+2 | 3 |  | 4+5 | ' },
  },
  count: {
    build: ({ numbers }) => numbers().count({ uid: 'op' }),
    one: '1 | 0 | 0 | 0',
    empty: ' | 1 | 0 | 0 | 1 | 0',
    twice: '4 | 1 | 0 | 0',
    errors: {},
  },
  countByValue: {
    build: ({ numbers }) => numbers().countByValue({ uid: 'op' }),
    one: '[1,1] |  |  | ',
    empty: ' | [1,1] |  |  | [2,1] | ',
    twice: '[1,2], [2,1], [5,1] | [4,1] |  | ',
    errors: {},
  },
  distinct: {
    build: ({ numbers }) => numbers().distinct({ uid: 'op' }),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 2, 5 | 4 |  | ',
    errors: {},
  },
  top: {
    build: ({ numbers, call }) => numbers().top({ uid: 'op', max: 2, by: call('by', (n) => n) }),
    one: '[1] |  |  | ',
    empty: ' | [1] |  |  | [2] | ',
    twice: '[5,2] | [4] |  | ',
    errors: { by: '[2,1] | [3] |  | [5,4] | ' },
  },
  glom: {
    build: ({ numbers }) => numbers().glom({ uid: 'op' }),
    one: '[1] |  |  | ',
    empty: ' | [1] |  |  | [2] | ',
    twice: '[1,2,5,1] | [4] |  | ',
    errors: {},
  },
  mapPartitions: {
    build: ({ numbers, call }) =>
      numbers().mapPartitions(
        call('mapPartitions', (values) => [values.length, ...values]),
        { uid: 'op' },
      ),
    one: '1, 1 |  |  | ',
    empty: ' | 1, 1 |  |  | 1, 2 | ',
    twice: '1, 1, 2, 4, 5 | 1, 4 |  | ',
    errors: { mapPartitions: ' | 1, 3 |  | 2, 4, 5 | ' },
  },
  transform: {
    build: ({ numbers, call }) =>
      numbers().transform(
        call('transform', (values, end) => [`${values.join()} at ${end / B}`]),
        { uid: 'op' },
      ),
    one: '1 at 1 |  at 2 |  at 3 |  at 4',
    empty: ' | 1 at 2 |  at 3 |  at 4 | 2 at 5 |  at 6',
    twice: '1,2,5,1 at 1 | 4 at 2 |  at 3 |  at 4',
    errors: { transform: ' | 3 at 2 |  | 4,5 at 4 |  at 5' },
  },
  transformWith: {
    build: ({ numbers, others, call }) =>
      numbers().transformWith(
        others(),
        call('transform', (values, more, end) => [`${values.join()}|${more.map(([, n]) => n).join()} at ${end / B}`]),
        { uid: 'op' },
      ),
    one: '1|10 at 1 | | at 2 | | at 3 | | at 4',
    empty: ' | 1|10 at 2 | | at 3 | | at 4 | 2|20 at 5 | | at 6',
    twice: '1,2,5,1|10,20,50,10 at 1 | 4|40 at 2 | | at 3 | | at 4',
    errors: { transform: ' | 3|30 at 2 |  | 4,5|40,50 at 4 | | at 5' },
  },
  stateQuery: {
    build: ({ pairs, others }) =>
      pairs()
        .map(([key]) => key)
        .stateQuery(others().runningReduce(add), { uid: 'op' }),
    one: '[a,10] |  |  | ',
    empty: ' | [a,10] |  |  | [a,30] | ',
    twice: '[a,40], [a,40], [a,40], [b,50] | [a,80] |  | ',
    errors: {},
  },
  reduceByKey: {
    build: ({ pairs, call }) => pairs().reduceByKey({ uid: 'op', reduce: call('reduce', add) }),
    one: '[a,1] |  |  | ',
    empty: ' | [a,1] |  |  | [a,2] | ',
    twice: '[a,4], [b,5] | [a,4] |  | ',
    errors: { reduce: '[a,1], [b,2] | [a,3] | [a,1000000] | [a,5], [b,4] | ' },
  },
  groupByKey: {
    build: ({ pairs }) => pairs().groupByKey({ uid: 'op' }),
    one: '[a,[1]] |  |  | ',
    empty: ' | [a,[1]] |  |  | [a,[2]] | ',
    twice: '[a,[1,2,1]], [b,[5]] | [a,[4]] |  | ',
    errors: {},
  },
  combineByKey: {
    build: ({ pairs, call }) =>
      pairs().combineByKey<readonly number[]>({
        uid: 'op',
        window: times(4),
        slide: times(2),
        createCombiner: call('combine', (n) => [n]),
        mergeValue: call('combine', (list, n) => [...list, n]),
        mergeCombiners: call('combine', (x, y) => [...x, ...y]),
      }),
    one: ' | [a,[1]] |  | [a,[1]]',
    empty: ' | [a,[1]] |  | [a,[1]] |  | [a,[2]]',
    twice: ' | [a,[1,2,1,4]], [b,[5]] |  | [a,[1,2,1,4]], [b,[5]]',
    errors: { combine: ' | [a,[1,3]], [b,[2]] |  | [a,[1,3,5]], [b,[2,4]] | ' },
  },
  cogroup: {
    build: ({ pairs, others }) => pairs().cogroup(others(), { uid: 'op' }),
    one: '[a,[[1],[10]]] |  |  | ',
    empty: ' | [a,[[1],[10]]] |  |  | [a,[[2],[20]]] | ',
    twice: '[a,[[1,2,1],[10,20,10]]], [b,[[5],[50]]] | [a,[[4],[40]]] |  | ',
    errors: {},
  },
  join: {
    build: ({ pairs, others }) => pairs().join(others(), { uid: 'op' }),
    one: '[a,[1,10]] |  |  | ',
    empty: ' | [a,[1,10]] |  |  | [a,[2,20]] | ',
    twice:
      '[a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,20]], [a,[1,20]], [a,[2,10]], [a,[2,10]], [a,[2,20]], [b,[5,50]] | [a,[4,40]] |  | ',
    errors: {},
  },
  leftOuterJoin: {
    build: ({ pairs, others }) =>
      pairs().leftOuterJoin(
        others().filter(([, n]) => n < 50),
        { uid: 'op' },
      ),
    one: '[a,[1,10]] |  |  | ',
    empty: ' | [a,[1,10]] |  |  | [a,[2,20]] | ',
    twice:
      '[a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,20]], [a,[1,20]], [a,[2,10]], [a,[2,10]], [a,[2,20]], [b,[5,none]] | [a,[4,40]] |  | ',
    errors: {},
  },
  rightOuterJoin: {
    build: ({ pairs, others }) =>
      pairs()
        .filter(([, n]) => n < 5)
        .rightOuterJoin(others(), { uid: 'op' }),
    one: '[a,[1,10]] |  |  | ',
    empty: ' | [a,[1,10]] |  |  | [a,[2,20]] | ',
    twice:
      '[a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,20]], [a,[1,20]], [a,[2,10]], [a,[2,10]], [a,[2,20]], [b,[none,50]] | [a,[4,40]] |  | ',
    errors: {},
  },
  fullOuterJoin: {
    build: ({ pairs, others }) =>
      pairs()
        .filter(([, n]) => n < 5)
        .fullOuterJoin(
          others().filter(([, n]) => n !== 40),
          { uid: 'op' },
        ),
    one: '[a,[1,10]] |  |  | ',
    empty: ' | [a,[1,10]] |  |  | [a,[2,20]] | ',
    twice:
      '[a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,10]], [a,[1,20]], [a,[1,20]], [a,[2,10]], [a,[2,10]], [a,[2,20]], [b,[none,50]] | [a,[4,none]] |  | ',
    errors: {},
  },
} satisfies Record<string, Row>;
