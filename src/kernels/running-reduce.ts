/** `runningReduce`: a total per key, told at each record. Knows neither windows nor watermarks. */
import type { Space } from '../core/keyed-store.js';
import type { Kernel, KernelSetup } from './kernel.js';
import { isNoValue, isPair, notAPair, noValue } from './shapes.js';
import { checkKeys, type KeptKeys, STATE } from './state-space.js';

/** The user's part. */
export interface RunningReduceFunctions {
  readonly reduce: (a: unknown, b: unknown) => unknown;
}

/**
 * Folds each value into its key's total and emits `[key, total]` with the record's own times.
 *
 * Keeps one total per key, for ever, of `maxKeys` keys. @throws StreamError `RG032` for a record that is no pair or a total of `undefined`, `RG066` beyond the
 * limit.
 */
export function createRunningReduce(setup: KernelSetup<RunningReduceFunctions, KeptKeys>): Kernel {
  const { functions, parameters, store, emit } = setup;
  const { reduce } = functions;
  const totals: Space = store.space(STATE);
  return {
    onRecord(value) {
      if (!isPair(value)) throw notAPair(value);
      const key = value[0];
      let total = value[1];
      const cell = totals.writable(key);
      if (cell === undefined) {
        checkKeys(totals, key, parameters);
        totals.insert(key, total, 0);
      } else {
        total = reduce(cell.value, total);
        if (isNoValue(total)) throw noValue('reduce', total);
        cell.value = total;
      }
      emit([key, total]);
    },
    advance: () => true,
    endOfInput: () => true,
  };
}
