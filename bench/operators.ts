/** `npm run bench -- --only operators`: each operator in each mode against the plain loop that does the same. */
import type { Variant } from './measurement.js';
import { joinGrowth } from './operators/join-growth.js';
import { JOINS } from './operators/joins.js';
import { KEYED_STATE } from './operators/keyed-state.js';
import { keysHeld, keysHeldByHand } from './operators/keys-held.js';
import { NARROW } from './operators/narrow.js';
import type { OperatorCase } from './operators/operator-case.js';
import { PER_INTERVAL } from './operators/per-interval.js';
import { WINDOWS } from './operators/windows.js';

const MODES = ['micro-batch', 'record'] as const;
const CASES: readonly OperatorCase[] = [...NARROW, ...PER_INTERVAL, ...WINDOWS, ...JOINS, ...KEYED_STATE];

/** What a group of the bench is made of, for each operator: three variants that must agree. */
export const OPERATORS: readonly { readonly name: string; readonly variants: Readonly<Record<string, Variant>> }[] =
  CASES.map(({ name, loop, microBatch, record }) => ({
    name,
    variants: { [`${name}: loop`]: loop, [`${name}: micro-batch`]: microBatch, [`${name}: record`]: record },
  }));

/** Variants that each do something else: what a held key, and what a partner more, costs. */
export const GROWTHS: Readonly<Record<string, Variant>> = Object.fromEntries([
  ['1 k keys held: loop', keysHeldByHand(1_000)],
  ['1 M keys held: loop', keysHeldByHand(1_000_000)],
  ...MODES.flatMap((mode): [string, Variant][] => [
    [`1 k keys held: ${mode}`, keysHeld(1_000, mode)],
    [`1 M keys held: ${mode}`, keysHeld(1_000_000, mode)],
    [`join of 1 partner: ${mode}`, joinGrowth(1, mode)],
    [`join of 10 partners: ${mode}`, joinGrowth(10, mode)],
  ]),
]);

/** The rate of each operator in each mode, as a share of its loop's: variant and base. */
export const AGAINST_LOOPS: readonly (readonly [variant: string, base: string])[] = CASES.flatMap(({ name }) =>
  MODES.map((mode) => [`${name}: ${mode}`, `${name}: loop`] as const),
);

/** How many times as much a slide, or a record in or out, may cost: variant, base and bound. */
export const GROWTH_BOUNDS: readonly (readonly [variant: string, base: string, atMost: number])[] = MODES.flatMap(
  (mode) => [
    [`1 M keys held: ${mode}`, `1 k keys held: ${mode}`, 3] as const,
    [`join of 10 partners: ${mode}`, `join of 1 partner: ${mode}`, 1.5] as const,
  ],
);
