/** Which checkpoints must stay, and which log. Pure: it removes nothing. */

/** A checkpoint on the disk, and what it needs. */
export interface KeptCheckpoint {
  readonly epoch: number;
  /** The first record of the log behind it. */
  readonly logFrom: number;
  /** The epoch of the checkpoint that it adds to. */
  readonly addsTo: number | undefined;
  /** In all of its stores. Bytes would not do: how long a number is as bytes depends on what V8 made of it. */
  readonly rows: number;
}

export interface Retention {
  readonly kept: readonly KeptCheckpoint[];
  readonly gone: readonly KeptCheckpoint[];
  /** The first record of the log that a kept one may ask for. */
  readonly logFrom: number;
}

/**
 * What a restart may have to go back to stays, with all that it adds to. Those are:
 *
 * 1. the newest `keep`;
 * 2. all that the newest one adds to: damage in one of them leaves the one before;
 * 3. unless `keep` is 1, the newest one that shares nothing with it: damage in the whole one leaves that.
 *
 *      1 ◀ 2 ◀ 3    4 ◀ 5 ◀ 6 ◀ 7 ◀ 8        8 is the newest, 4 is whole: 3 stays, with 1 and 2; log from 3 on
 */
export function retained(checkpoints: readonly KeptCheckpoint[], keep: number): Retention {
  const whole = wholeOf(checkpoints);
  const apart = checkpoints.findLastIndex(({ epoch }) => epoch < whole);
  const fromWhole = checkpoints.findIndex(({ epoch }) => epoch >= whole);
  const from = Math.max(0, Math.min(checkpoints.length - keep, fromWhole, keep > 1 && apart >= 0 ? apart : fromWhole));
  const needed = new Set<number>();
  for (const { epoch, addsTo } of checkpoints.toReversed()) {
    if (epoch < checkpoints[from]!.epoch && !needed.has(epoch)) continue;
    needed.add(epoch);
    if (addsTo !== undefined) needed.add(addsTo);
  }
  return {
    kept: checkpoints.filter(({ epoch }) => needed.has(epoch)),
    gone: checkpoints.filter(({ epoch }) => !needed.has(epoch)),
    logFrom: checkpoints[from]!.logFrom,
  };
}

/** The epoch of the whole checkpoint at the beginning of the newest one's chain. */
function wholeOf(checkpoints: readonly KeptCheckpoint[]): number {
  let whole = checkpoints.at(-1)!;
  for (const checkpoint of checkpoints.toReversed()) if (checkpoint.epoch === whole.addsTo) whole = checkpoint;
  return whole.epoch;
}
