/** Drives one kernel through a script in every way in which an executor may, and says what it emitted. */
import type { KeyedStore, SnapshotRow, StoreSnapshot } from '../../src/core/keyed-store.js';
import { createKernel, type KernelOperator } from '../../src/kernels/create-kernel.js';
import { type Kernel, NO_BUDGET } from '../../src/kernels/kernel.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';

/** A record at a time, a watermark, or the end of the input with its highest timestamp. */
export type Step = readonly [time: number, value: unknown] | { readonly watermark: number } | { readonly end: number };

/** What came out: value, timestamp, window end (undefined for none), in order. */
export type Result = readonly [value: unknown, timestamp: number, windowEnd: number | undefined];

export interface Outcome {
  readonly results: readonly Result[];
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * `restart`: a new kernel on the same store before each step. `restored`: before each step a snapshot is begun, which is read only when the
 * old kernel has taken the step; then a new kernel on a new store that is restored from it takes the step. `attempts`: each step is first tried and
 * rolled back. `one attempt`: all in one. `budget`: one result a call. `thin`: a third of the watermarks, and the last.
 */
export const WAYS = ['plain', 'restart', 'restored', 'attempts', 'one attempt', 'budget', 'thin'] as const;
export type Way = (typeof WAYS)[number];

export function drive(
  operator: KernelOperator,
  functions: Readonly<Record<string, unknown>>,
  steps: readonly Step[],
  way: Way = 'plain',
): Outcome {
  let store = createMemoryStore();
  const table = new Map(Object.entries(functions).map(([role, f]) => [`${operator.node}:${role}`, f]));
  const context = { timestamp: Number.NaN, windowEnd: Number.NaN };
  let results: Result[] = [];
  let counters: Record<string, number> = {};
  const make = (): Kernel =>
    createKernel(operator, table, {
      store,
      context,
      emit: (value) => {
        results.push([value, context.timestamp, Number.isNaN(context.windowEnd) ? undefined : context.windowEnd]);
      },
      count: (counter, by) => {
        counters[counter] = (counters[counter] ?? 0) + by;
      },
    });
  let kernel = make();
  const budget = way === 'budget' ? 1 : NO_BUDGET;
  if (way === 'one attempt') store.begin();
  for (const step of way === 'thin' ? thinned(steps) : steps) {
    if (way === 'restart') kernel = make();
    if (way === 'restored') {
      const [before, countersBefore] = [[...results], { ...counters }];
      const snapshot = store.snapshot();
      take(kernel, step, context, budget);
      [results, counters] = [before, countersBefore];
      store = restoredStore(snapshot);
      kernel = make();
    }
    if (way === 'attempts') {
      const [before, countersBefore] = [[...results], { ...counters }];
      store.begin();
      take(kernel, step, context, budget);
      store.rollback();
      [results, counters] = [before, countersBefore];
      kernel = make();
      store.begin();
    }
    take(kernel, step, context, budget);
    if (way === 'attempts') store.commit();
  }
  if (way === 'one attempt') store.commit();
  return { results, counters };
}

/** A new store as the snapshot has it. */
export function restoredStore(snapshot: StoreSnapshot): KeyedStore {
  const rows: SnapshotRow[] = [];
  for (let piece = snapshot.next(3); piece.length > 0; piece = snapshot.next(3)) rows.push(...piece);
  const store = createMemoryStore();
  store.restore(structuredClone(rows));
  return store;
}

/** The values of the results, in order. */
export function valuesOf({ results }: Outcome): readonly unknown[] {
  return results.map(([value]) => value);
}

/** The results in an order that depends on them alone. */
export function sorted({ results, counters }: Outcome): unknown {
  return { counters, results: results.map((result) => JSON.stringify(result)).sort() };
}

function take(kernel: Kernel, step: Step, context: { timestamp: number; windowEnd: number }, budget: number): void {
  if ('watermark' in step) {
    while (!kernel.advance(step.watermark, budget));
  } else if ('end' in step) {
    while (!kernel.endOfInput(step.end, budget));
  } else {
    context.timestamp = step[0];
    context.windowEnd = Number.NaN;
    kernel.onRecord(step[1]);
  }
}

function thinned(steps: readonly Step[]): readonly Step[] {
  const last = steps.findLastIndex((step) => 'watermark' in step);
  return steps.filter((step, i) => !('watermark' in step) || i % 3 === 0 || i === last);
}
