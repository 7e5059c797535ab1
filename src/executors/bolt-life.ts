/** The life of a user-written bolt: prepared once, called for each tuple, cleaned up once, whatever ends the job. */
import type { BoltOperator } from '../plan/plan.js';
import type { Bolt, NoStreams, OutputCollector, Streams, TaskInfo, Tuple, Values } from '../topology/components.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import { blaming, noPromise } from './user-error.js';

type Out = OutputCollector<Values, Streams & NoStreams>;

export class BoltLife {
  readonly #operator: BoltOperator;
  readonly #bolt: Bolt<Values>;
  #isPrepared = false;

  constructor(operator: BoltOperator, functions: FunctionTable) {
    this.#operator = operator;
    this.#bolt = blaming(operator, () => (functions.get(functionId(operator.node, 'create')) as () => Bolt<Values>)());
  }

  /** Calls the user's `prepare`. */
  open(out: Out, info: TaskInfo): void {
    blaming(this.#operator, () => this.#bolt.prepare?.(out, info));
    this.#isPrepared = true;
  }

  /** @throws whatever the user's `execute` throws, as it is; StreamError `RG031` for a promise. */
  execute(tuple: Tuple, out: Out): void {
    noPromise(this.#bolt.execute(tuple, out), this.#operator);
  }

  /** Calls the user's `cleanup`, once, if it was prepared. */
  close(): void {
    if (!this.#isPrepared) return;
    this.#isPrepared = false;
    blaming(this.#operator, () => this.#bolt.cleanup?.());
  }
}
