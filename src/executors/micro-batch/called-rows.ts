/** Makes the calls of a task's rows, before an attempt takes what came of them. An attempt itself never waits. */
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

  /** Adds what came of each row's call, in the order of the rows or of the ends of their calls. Resolves to `into` when all have ended. */
  call(rows: readonly ReadableRows[], into = new Rows()): Promise<Rows> {
    const count = rows.reduce((sum, { length }) => sum + length, 0);
    if (count === 0) return Promise.resolve(into);
    return new Promise((resolve) => {
      let ended = 0;
      const called = (from: ReadableRows, index: number): void => {
        const place = into.length;
        if (this.#isOrdered) into.addAs(undefined, from, index);
        this.#calls.make(from.at(index), this.#attemptsMax, (outcome) => {
          if (this.#isOrdered) into.set(place, outcome);
          else into.addAs(outcome, from, index);
          if (++ended === count) resolve(into);
        });
      };
      for (const from of rows) for (let i = 0; i < from.length; i++) called(from, i);
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
