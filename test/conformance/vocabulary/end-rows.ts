/** Where a stream ends. */
import { none } from '../../../src/topology/sink-specs.js';
import type { Row } from './row.js';

export const END_ROWS = {
  to: {
    build: ({ numbers }) => void numbers().to('end', none()),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: {},
  },
  print: {
    build: ({ numbers }) => void numbers().print(),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: {},
  },
  foreachBatch: {
    build: ({ numbers }) => void numbers().foreachBatch(() => undefined),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: {},
  },
  saveAsTextFiles: {
    build: ({ numbers }) => void numbers().saveAsTextFiles('out'),
    one: '1 |  |  | ',
    empty: ' | 1 |  |  | 2 | ',
    twice: '1, 1, 2, 5 | 4 |  | ',
    errors: {},
  },
} satisfies Record<string, Row>;
