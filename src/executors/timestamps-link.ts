/** The link of `timestamps`: where a partition's ingest clock ends and its own stream time begins. */
import type { KeyedStore } from '../core/keyed-store.js';
import { createTimestampsKernel } from '../kernels/create-kernel.js';
import type { KernelCounter, RecordContext } from '../kernels/kernel.js';
import type { TimestampsOperator } from '../plan/plan.js';
import type { FunctionTable } from '../topology/graph.js';
import type { Link } from './link.js';
import { attributed } from './user-error.js';

/** What the link is made from: `next` takes records in time, `late` the others. */
export interface TimestampsParts {
  readonly operator: TimestampsOperator;
  readonly functions: FunctionTable;
  readonly context: RecordContext;
  readonly store: KeyedStore;
  /** Watermark steps (us). */
  readonly step: number;
  readonly count: (counter: KernelCounter, by: number) => void;
  readonly next: Link;
  readonly late: Link;
}

/** Watermarks of the ingest clock go no further than this link. */
export function timestampsLink({
  operator,
  functions,
  context,
  store,
  step,
  count,
  next,
  late,
}: TimestampsParts): Link {
  const advanceDownstream = (watermark: number): void => {
    next.advance(watermark);
    late.advance(watermark);
  };
  const kernel = createTimestampsKernel(operator, functions, {
    store,
    context,
    emit: next.push,
    emitLate: late.push,
    step,
    count,
    advanceDownstream,
  });
  const blamed = <T>(run: () => T): T => {
    try {
      return run();
    } catch (thrown) {
      throw attributed(thrown, operator);
    }
  };
  return {
    push: (value) => {
      try {
        kernel.onRecord(value);
      } catch (thrown) {
        throw attributed(thrown, operator);
      }
    },
    advance: (watermark) => blamed(() => kernel.advance(watermark)),
    end: () => {
      next.end(kernel.watermark, kernel.highest);
      late.end(kernel.watermark, kernel.highest);
    },
  };
}
