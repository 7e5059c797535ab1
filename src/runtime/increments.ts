/** When snapshots are increments, and when one must be whole again. Pure; it knows neither rows nor files. */
import { assert } from '../core/assert.js';
import type { JobSnapshot } from './durability.js';

/** Increments between two whole snapshots: so many are applied at most when a job is restored. */
export const INCREMENTS_MAX = 10;

/** A whole snapshot and the increments to it so far. Sizes are in rows. */
export interface Chain {
  /** Of the last one. */
  readonly epoch: number;
  readonly wholeSize: number;
  readonly increments: number;
  readonly incrementsSize: number;
}

/** The chain with one snapshot more, or, when that is whole, a new one. */
export function chainWith(
  chain: Chain | undefined,
  { epoch, size, isIncrement }: { readonly epoch: number; readonly size: number; readonly isIncrement: boolean },
): Chain {
  if (chain === undefined || !isIncrement) return { epoch, wholeSize: size, increments: 0, incrementsSize: 0 };
  const { wholeSize, increments, incrementsSize } = chain;
  return { epoch, wholeSize, increments: increments + 1, incrementsSize: incrementsSize + size };
}

/** What the next snapshot may add to: undefined after `increments` of them, or when they have outgrown the whole one. */
export function nextAddsTo(chain: Chain | undefined, increments: number): number | undefined {
  if (chain === undefined || chain.increments >= increments) return undefined;
  return chain.incrementsSize > chain.wholeSize ? undefined : chain.epoch;
}

/** Rows that add to anything but the snapshot that was saved last would be lost, or meet what they do not belong to. */
export function checkAddsTo({ meta, stores }: JobSnapshot, saved: number | undefined): void {
  for (const { uid, since } of stores)
    assert(
      since === undefined || since === saved,
      `'${uid}' at ${meta.epoch} adds to ${since}, and ${saved} was saved`,
    );
}
