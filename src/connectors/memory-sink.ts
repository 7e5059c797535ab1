/** Keeps results in the array that the spec holds. */
import type { SinkTransactions, SinkWriter } from '../runtime/sink.js';
import { StagedEpochs } from '../runtime/staged-epochs.js';

/** What waits for its commit, by the array that it goes to: a run that goes on in this process finds it again. */
const stagings = new WeakMap<unknown[], StagedEpochs<unknown>>();

/**
 * Opens a memory sink. The results of an earlier run go.
 *
 * Opened to commit by epoch, results wait for their commit, and those of an earlier run come back when the run turns out to be one
 * that goes on: `recover` of an epoch from 1 on. So they are exactly once as long as the process lives.
 */
export function openMemorySink(results: unknown[], transactional = false, ids = false): SinkWriter {
  const earlier = results.splice(0);
  const staged = transactional ? stagingOf(results, earlier) : undefined;
  if (staged === undefined) stagings.delete(results);
  const take =
    staged === undefined ? (value: unknown) => void results.push(value) : (value: unknown) => staged.add(value);
  return {
    accept: ids ? once(take) : take,
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => undefined,
    ...(staged === undefined ? {} : { transactions: staged }),
  };
}

/** Drops what has come before. One id for each result, which are all kept too. */
function once(take: (value: unknown) => void): SinkWriter['accept'] {
  const seen = new Set<string>();
  return (value, { id }) => {
    if (id !== undefined && seen.size === seen.add(id).size) return;
    take(value);
  };
}

function stagingOf(results: unknown[], earlier: readonly unknown[]): SinkTransactions & { add(value: unknown): void } {
  let staged = new StagedEpochs<unknown>((value) => results.push(value));
  let before: { readonly staged: typeof staged | undefined } | undefined = { staged: stagings.get(results) };
  stagings.set(results, staged);
  return {
    add: (value) => staged.add(value),
    prepare: (epoch) => {
      before = undefined;
      return staged.prepare(epoch);
    },
    commit: (epoch) => staged.commit(epoch),
    recover: (epoch) => {
      if (before !== undefined && epoch > 0) {
        for (const value of earlier) results.push(value);
        staged = before.staged ?? staged;
        stagings.set(results, staged);
      }
      before = undefined;
      return staged.recover(epoch);
    },
  };
}
