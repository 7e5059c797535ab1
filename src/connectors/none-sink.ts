/** Drops results. The executor counts what it hands over, so nothing is left to do. */
import type { SinkWriter } from '../runtime/sink.js';

/** Opens a sink that drops everything. */
export function openNoneSink(): SinkWriter {
  return {
    accept: () => undefined,
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => undefined,
  };
}
