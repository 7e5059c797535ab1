/** `runningReduce`: a total per key, told at each record. Knows neither windows nor watermarks. */
import type { Space } from '../core/keyed-store.js';
import type { Emit, Kernel, KernelSetup } from './kernel.js';
import { isNoValue, isPair, notAPair, noValue } from './shapes.js';
import { STATE } from './state-space.js';

/** The user's part. */
export interface RunningReduceFunctions {
  readonly reduce: (a: unknown, b: unknown) => unknown;
}

/**
 * Folds each value into its key's total and emits `[key, total]` with the record's own times.
 *
 * Keeps one total per key, for ever. @throws StreamError `RG032` for a record that is no pair or a total of `undefined`.
 */
export function createRunningReduce(setup: KernelSetup<RunningReduceFunctions, object>): Kernel {
  return new RunningReduce(setup);
}

class RunningReduce implements Kernel {
  readonly #reduce: RunningReduceFunctions['reduce'];
  readonly #totals: Space;
  readonly #emit: Emit;

  constructor({ functions, store, emit }: KernelSetup<RunningReduceFunctions, object>) {
    this.#reduce = functions.reduce;
    this.#totals = store.space(STATE);
    this.#emit = emit;
  }

  onRecord(value: unknown): void {
    if (!isPair(value)) throw notAPair(value);
    const key = value[0];
    let total = value[1];
    const cell = this.#totals.writable(key);
    if (cell === undefined) {
      this.#totals.insert(key, total, 0);
    } else {
      const reduce = this.#reduce;
      total = reduce(cell.value, total);
      if (isNoValue(total)) throw noValue('reduce', total);
      cell.value = total;
    }
    this.#emit([key, total]);
  }

  advance(): boolean {
    return true;
  }

  endOfInput(): boolean {
    return true;
  }
}
