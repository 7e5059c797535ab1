/** Makes the calls of a task's rows, before an attempt takes what came of them. An attempt itself never waits. */
import type { RecordContext } from '../../kernels/kernel.js';
import { isAsync } from '../../plan/kinds.js';
import type { MapAsyncOperator, Plan, Stage } from '../../plan/plan.js';
import type { World } from '../../runtime/world.js';
import type { FunctionTable } from '../../topology/graph.js';
import { Calls } from '../calls.js';
import { type ReadableRows, Rows } from './rows.js';

/** What calls are made with. */
export interface CallerParts {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
}

/**
 * One task's calls, from batch to batch. A call is tried again by itself; an attempt of the task that fails for another reason finds what
 * came of the calls as it was.
 */
export class RowCaller {
  readonly #calls: Calls;
  readonly #attemptsMax: number;
  readonly #isOrdered: boolean;

  constructor(operator: MapAsyncOperator, { plan, functions, world: { clock, scheduler } }: CallerParts) {
    const { guarantee, attemptsMax } = plan.settings;
    this.#attemptsMax = guarantee === 'at-most-once' ? 1 : attemptsMax;
    this.#isOrdered = operator.ordered;
    const now = (): number => clock.now();
    this.#calls = new Calls({ operator, functions, now, at: (time, run) => scheduler.at(time, run) });
  }

  /** What came of each row's call, in the order of the rows or of the ends of their calls. Resolves when all have ended. */
  call(rows: readonly ReadableRows[]): Promise<Rows> {
    const count = rows.reduce((sum, { length }) => sum + length, 0);
    const called = new Rows();
    if (count === 0) return Promise.resolve(called);
    return new Promise((resolve) => {
      let ended = 0;
      for (const row of eachOf(rows)) {
        const place = called.length;
        if (this.#isOrdered) called.add(undefined, row);
        this.#calls.make(row.value, this.#attemptsMax, (outcome) => {
          if (this.#isOrdered) called.values[place] = outcome;
          else called.add(outcome, row);
          if (++ended === count) resolve(called);
        });
      }
    });
  }

  /** Nothing more is called or heard. */
  end(): void {
    this.#calls.end();
  }
}

/** The caller of a task whose stage begins with calls; undefined for any other. */
export function callerOf(stage: Stage, parts: CallerParts): RowCaller | undefined {
  const head = parts.plan.operators[stage.head]!;
  return isAsync(head) ? new RowCaller(head, parts) : undefined;
}

/** Each row with its times. */
function* eachOf(rows: readonly ReadableRows[]): Generator<RecordContext & { readonly value: unknown }> {
  for (const from of rows)
    for (let i = 0; i < from.length; i++)
      yield { value: from.at(i), timestamp: from.timestamps[i]!, windowEnd: from.windowEnds[i]! };
}
