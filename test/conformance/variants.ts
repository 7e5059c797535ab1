/** Every way in which a conformance case is run: what it says must hold in all of them. */
import type { IntervalRunOptions } from '../../src/testing/index.js';

export type Variant = Required<Pick<IntervalRunOptions, 'mode' | 'parallelism' | 'chaining'>>;

export const VARIANTS: readonly (readonly [name: string, variant: Variant])[] = (
  ['micro-batch', 'record'] as const
).flatMap((mode) =>
  [1, 2, 3].flatMap((parallelism) =>
    [true, false].map((chaining) => {
      const name = `${mode}, parallelism ${parallelism}${chaining ? '' : ', not chained'}`;
      return [name, { mode, parallelism, chaining }] as const;
    }),
  ),
);
