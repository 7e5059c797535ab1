/** Operators that take one record at a time and keep nothing. */
import type { Row } from './row.js';

export const RECORD_ROWS = {
  map: {
    build: ({ numbers, call }) =>
      numbers().map(
        call('map', (n) => n * 10),
        { uid: 'op' },
      ),
    one: '10 |  |  | ',
    empty: ' | 10 |  |  | 20 | ',
    twice: '10, 10, 20, 50 | 40 |  | ',
    errors: { map: '10, 20 | 30 |  | 40, 50 | ' },
  },
  flatMap: {
    build: ({ numbers, call }) =>
      numbers().flatMap(
        call('flatMap', (n) => (n === 1 ? [] : [n, -n])),
        { uid: 'op' },
      ),
    one: ' |  |  | ',
    empty: ' |  |  |  | -2, 2 | ',
    twice: '-2, -5, 2, 5 | -4, 4 |  | ',
    errors: { flatMap: '-2, 2 | -3, 3 |  | -4, -5, 4, 5 | ' },
  },
  filter: {
    build: ({ numbers, call }) =>
      numbers().filter(
        call('filter', (n) => n > 1),
        { uid: 'op' },
      ),
    one: ' |  |  | ',
    empty: ' |  |  |  | 2 | ',
    twice: '2, 5 | 4 |  | ',
    errors: { filter: '2 | 3 |  | 4, 5 | ' },
  },
  peek: {
    build: ({ numbers, call }) =>
      numbers().peek(
        call('peek', () => undefined),
        { uid: 'op' },
      ),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: { peek: '1, 2 | 3 |  | 4, 5 | ' },
  },
  keyBy: {
    build: ({ numbers, call }) =>
      numbers().keyBy(
        call('keyBy', (n) => n % 2),
        { uid: 'op' },
      ),
    one: '[1,1] |  |  | ',
    empty: ' | [1,1] |  |  | [0,2] | ',
    twice: '[0,2], [1,1], [1,1], [1,5] | [0,4] |  | ',
    errors: { keyBy: '[0,2], [1,1] | [1,3] |  | [0,4], [1,5] | ' },
  },
  union: {
    build: ({ numbers, others }) => numbers().union(others().map(([, n]) => n)),
    one: '1, 10 |  |  | ',
    empty: ' | 1, 10 |  |  | 2, 20 | ',
    twice: '1, 1, 10, 10, 2, 20, 5, 50 | 4, 40 |  | ',
    errors: {},
  },
  branch: {
    build: ({ numbers, call }) => {
      const { one, even } = numbers().branch(
        { one: call('arm one', (n) => n === 1), even: call('arm even', (n) => n % 2 === 0) },
        { uid: 'op' },
      );
      return one.map((n) => `one ${n}`).union(even.map((n) => `even ${n}`));
    },
    one: 'one 1 |  |  | ',
    empty: ' | one 1 |  |  | even 2 | ',
    twice: 'even 2, one 1, one 1 | even 4 |  | ',
    errors: { 'arm one': 'even 2, one 1 |  |  | even 4 | ', 'arm even': 'even 2, one 1 |  |  | even 4 | ' },
  },
  repartition: {
    build: ({ numbers }) => numbers().repartition(3, { uid: 'op' }),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: {},
  },
  mapAsync: {
    build: ({ numbers, call }) =>
      numbers().mapAsync(
        call('mapAsync', async (n) => n * 10),
        { uid: 'op' },
      ),
    one: '10 |  |  | ',
    empty: ' | 10 |  |  | 20 | ',
    twice: '10, 10, 20, 50 | 40 |  | ',
    errors: { mapAsync: '10, 20 | 30 |  | 40, 50 | ' },
  },
  mapValues: {
    build: ({ pairs, call }) =>
      pairs().mapValues(
        call('mapValues', (n) => n * 10),
        { uid: 'op' },
      ),
    one: '[a,10] |  |  | ',
    empty: ' | [a,10] |  |  | [a,20] | ',
    twice: '[a,10], [a,10], [a,20], [b,50] | [a,40] |  | ',
    errors: { mapValues: '[a,10], [b,20] | [a,30] |  | [a,50], [b,40] | ' },
  },
  flatMapValues: {
    build: ({ pairs, call }) =>
      pairs().flatMapValues(
        call('flatMapValues', (n) => (n === 1 ? [] : [n, -n])),
        { uid: 'op' },
      ),
    one: ' |  |  | ',
    empty: ' |  |  |  | [a,-2], [a,2] | ',
    twice: '[a,-2], [a,2], [b,-5], [b,5] | [a,-4], [a,4] |  | ',
    errors: { flatMapValues: '[b,-2], [b,2] | [a,-3], [a,3] |  | [a,-5], [a,5], [b,-4], [b,4] | ' },
  },
  mapValuesAsync: {
    build: ({ pairs, call }) =>
      pairs().mapValuesAsync(
        call('mapValuesAsync', async (n) => n * 10),
        { uid: 'op' },
      ),
    one: '[a,10] |  |  | ',
    empty: ' | [a,10] |  |  | [a,20] | ',
    twice: '[a,10], [a,10], [a,20], [b,50] | [a,40] |  | ',
    errors: { mapValuesAsync: '[a,10], [b,20] | [a,30] |  | [a,50], [b,40] | ' },
  },
  partitionBy: {
    build: ({ pairs, call }) =>
      pairs()
        .map(([key, n]) => [n, key] as const)
        .partitionBy({ by: call('by', (n) => n % 2 === 0), uid: 'op' }),
    one: '[1,a] |  |  | ',
    empty: ' | [1,a] |  |  | [2,a] | ',
    twice: '[1,a], [1,a], [2,a], [5,b] | [4,a] |  | ',
    errors: { by: '[1,a], [2,b] | [3,a] |  | [4,b], [5,a] | ' },
  },
  joinTable: {
    build: ({ pairs }) =>
      pairs().joinTable(
        [
          ['a', 'x'],
          ['c', 'y'],
          ['a', 'z'],
        ],
        { uid: 'op' },
      ),
    one: '[a,[1,x]], [a,[1,z]] |  |  | ',
    empty: ' | [a,[1,x]], [a,[1,z]] |  |  | [a,[2,x]], [a,[2,z]] | ',
    twice: '[a,[1,x]], [a,[1,x]], [a,[1,z]], [a,[1,z]], [a,[2,x]], [a,[2,z]] | [a,[4,x]], [a,[4,z]] |  | ',
    errors: {},
  },
  leftOuterJoinTable: {
    build: ({ pairs }) =>
      pairs().leftOuterJoinTable(
        [
          ['a', 'x'],
          ['c', 'y'],
        ],
        { uid: 'op' },
      ),
    one: '[a,[1,x]] |  |  | ',
    empty: ' | [a,[1,x]] |  |  | [a,[2,x]] | ',
    twice: '[a,[1,x]], [a,[1,x]], [a,[2,x]], [b,[5,none]] | [a,[4,x]] |  | ',
    errors: {},
  },
} satisfies Record<string, Row>;
