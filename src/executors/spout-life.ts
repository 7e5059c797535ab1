/** The life of a user-written spout: each call once, in order, whatever ends the job. */
import type { SpoutOperator } from '../plan/plan.js';
import type { NoStreams, Spout, SpoutCollector, Streams, TaskInfo, Values } from '../topology/components.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import { blaming } from './user-error.js';

export class SpoutLife {
  readonly spout: Spout<Values>;
  readonly #operator: SpoutOperator;
  #state: 'made' | 'active' | 'inactive' | 'closed' = 'made';

  constructor(operator: SpoutOperator, functions: FunctionTable) {
    this.#operator = operator;
    this.spout = blaming(operator, () => (functions.get(functionId(operator.node, 'create')) as () => Spout<Values>)());
  }

  /** Calls the user's `open`, which may emit already, and `activate`. One that does not open is never closed. */
  open(collector: SpoutCollector<Values, Streams & NoStreams>, info: TaskInfo): void {
    blaming(this.#operator, () => this.spout.open?.(collector, info));
    this.#state = 'active';
    blaming(this.#operator, () => this.spout.activate?.());
  }

  deactivate(): void {
    if (this.#state !== 'active') return;
    this.#state = 'inactive';
    blaming(this.#operator, () => this.spout.deactivate?.());
  }

  /** It is closed even if it does not let itself be deactivated. */
  close(): void {
    if (this.#state === 'made' || this.#state === 'closed') return;
    try {
      this.deactivate();
    } finally {
      this.#state = 'closed';
      blaming(this.#operator, () => this.spout.close?.());
    }
  }
}
