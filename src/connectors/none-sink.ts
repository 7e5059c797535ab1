/** Drops results. The executor counts what it hands over, so nothing is left to do. */
import type { SinkTransactions, SinkWriter } from '../runtime/sink.js';

const NOTHING_TO_COMMIT: SinkTransactions = {
  prepare: async () => undefined,
  commit: async () => undefined,
  recover: async () => undefined,
};

/** Opens a sink that drops everything. */
export function openNoneSink(transactional = false): SinkWriter {
  return {
    accept: () => undefined,
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => undefined,
    ...(transactional ? { transactions: NOTHING_TO_COMMIT } : {}),
  };
}
