/** The link of `timestamps`: where a partition's ingest clock ends and its own stream time begins. */
import type { KeyedStore } from '../core/keyed-store.js';
import { createTimestampsKernel } from '../kernels/create-kernel.js';
import type { KernelCounter, RecordContext } from '../kernels/kernel.js';
import type { TimestampsKernel } from '../kernels/timestamps.js';
import type { TimestampsOperator } from '../plan/plan.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import type { Link } from './link.js';
import { attributed, blaming } from './user-error.js';
import { type Deliveries, WatermarkPlaces } from './watermark-places.js';

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
  /** Set where records may be delivered again. */
  readonly deliveries?: Deliveries | undefined;
  /** How often `extract` is tried for a record before that is delivered again. */
  readonly attemptsMax: number;
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
  deliveries,
  attemptsMax,
}: TimestampsParts): Link {
  const advanceDownstream = (watermark: number): void => {
    next.advance(watermark);
    late.advance(watermark);
  };
  const called = deliveries === undefined ? functions : withAttempts(functions, operator, deliveries, attemptsMax);
  const kernel = createTimestampsKernel(operator, called, {
    store,
    context,
    emit: next.push,
    emitLate: late.push,
    step,
    count,
    advanceDownstream,
  });
  const take = deliveries === undefined ? (value: unknown) => kernel.onRecord(value) : replayable(kernel, deliveries);
  return {
    push: (value) => {
      try {
        take(value);
      } catch (thrown) {
        throw attributed(thrown, operator);
      }
    },
    advance: (watermark) => blaming(operator, () => kernel.advance(watermark)),
    end: () => {
      next.end(kernel.watermark, kernel.highest);
      late.end(kernel.watermark, kernel.highest);
    },
  };
}

/** Which records are late behind it depends on a record's time: so its function is tried again at once, and not only when its turn comes again. */
function withAttempts(
  functions: FunctionTable,
  { node }: TimestampsOperator,
  deliveries: Deliveries,
  attemptsMax: number,
): FunctionTable {
  const role = functionId(node, 'extract');
  const extract = functions.get(role) as (value: unknown) => unknown;
  const tried = (value: unknown): unknown => {
    for (let attempt = 1; ; attempt++) {
      try {
        return extract(value);
      } catch (thrown) {
        if (attempt >= attemptsMax || deliveries.replaying >= 0) throw thrown;
      }
    }
  };
  return new Map([...functions, [role, tried]]);
}

/** A replay must not be late because of records that came after it: it is judged at the place where it stood. */
function replayable(kernel: TimestampsKernel, deliveries: Deliveries): (value: unknown) => void {
  const places = new WatermarkPlaces(deliveries);
  let replay = 0;
  let watermark = 0;
  return (value) => {
    if (deliveries.replaying < 0) {
      places.enter(kernel.watermark);
      kernel.onRecord(value);
      return;
    }
    if (replay !== deliveries.replays) {
      replay = deliveries.replays;
      watermark = places.before(deliveries.replaying, kernel.watermark);
    }
    watermark = kernel.onReplay(value, watermark);
  };
}
