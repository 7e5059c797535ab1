/** Keeps results in the array that the spec holds. */
import type { SinkWriter } from '../runtime/sink.js';

/** Opens a memory sink. The results of an earlier run go. */
export function openMemorySink(results: unknown[]): SinkWriter {
  results.length = 0;
  return {
    accept: (value) => void results.push(value),
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => undefined,
  };
}
