/** The calls of one task's `map-async`: so many at a time, each for so long, again after a failure. The same for both executors. */
import { StreamError } from '../core/errors.js';
import { formatDuration } from '../core/time.js';
import { CallOutcome, createMapAsync, type MapAsyncKernel } from '../kernels/map-async.js';
import type { MapAsyncOperator } from '../plan/plan.js';
import type { Timer } from '../runtime/world.js';
import type { CallContext } from '../topology/calls.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import { CallSignal } from './call-signal.js';
import { attributed } from './user-error.js';

/** What calls are made with. */
export interface CallParts {
  readonly operator: MapAsyncOperator;
  readonly functions: FunctionTable;
  /** On one clock (us). */
  readonly now: () => number;
  readonly at: (time: number, run: () => void) => Timer;
}

/** One record's call, in all its attempts. */
interface Call {
  readonly record: unknown;
  readonly attemptsMax: number;
  readonly ended: (outcome: CallOutcome) => void;
  attempt: number;
  /** Of the attempt under way. */
  deadline: number;
  signal: CallSignal;
}

/**
 * Calls begin in the order in which they are asked for. An attempt that fails or takes too long makes room for the next attempt of the
 * same call. The answer of an attempt that took too long is not heard, and its signal says so.
 *
 * One timer watches all: attempts have one time limit, so they are due in the order in which they began.
 */
export class Calls {
  readonly #parts: CallParts;
  readonly #kernel: MapAsyncKernel;
  /** In the order in which their attempts began. */
  readonly #underWay = new Set<Call>();
  #waiting: Call[] = [];
  /** Of those that waited, so many have begun. Dropped once they are half of the list. */
  #begun = 0;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(parts: CallParts) {
    const { operator, functions } = parts;
    const role = operator.shape === 'value' ? 'mapAsync' : 'mapValuesAsync';
    const call = functions.get(functionId(operator.node, role)) as (value: unknown, context: CallContext) => unknown;
    this.#parts = parts;
    this.#kernel = createMapAsync({ call }, operator.shape);
  }

  /** Calls when it is this record's turn. `ended` hears once, and not before this returns. */
  make(record: unknown, attemptsMax: number, ended: (outcome: CallOutcome) => void): void {
    const call: Call = { record, attemptsMax, ended, attempt: 0, deadline: 0, signal: new CallSignal() };
    if (this.#hasRoom) this.#begin(call);
    else this.#waiting.push(call);
  }

  /** No call begins or is heard any more. */
  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    const unheard = [...this.#underWay];
    this.#underWay.clear();
    this.#waiting = [];
    for (const { signal } of unheard) signal.abort(this.#jobEnded());
  }

  get #hasRoom(): boolean {
    return this.#underWay.size < this.#parts.operator.concurrency;
  }

  #begin(call: Call): void {
    const { operator, now } = this.#parts;
    const attempt = ++call.attempt;
    call.deadline = now() + operator.timeout;
    this.#underWay.add(call);
    this.#watch(call.deadline);
    this.#answer(call).then(
      (answer) => {
        if (this.#isLate(call, attempt)) return;
        this.#end(call, new CallOutcome(call.record, this.#kernel.result(call.record, answer)));
      },
      (thrown: unknown) => {
        if (!this.#isLate(call, attempt)) this.#fail(call, attributed(thrown, operator));
      },
    );
  }

  /** What the function throws at once is a call that failed, and what is no promise is its answer. */
  #answer({ record, signal }: Call): Promise<unknown> {
    try {
      const answer = this.#kernel.begin(record, signal);
      return answer instanceof Promise ? answer : Promise.resolve(answer);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #end(call: Call, outcome: CallOutcome): void {
    this.#underWay.delete(call);
    call.ended(outcome);
    this.#beginWaiting();
  }

  /** Another attempt has the room of the one that failed. */
  #fail(call: Call, error: Error): void {
    if (call.attempt === call.attemptsMax || !(error instanceof StreamError))
      return this.#end(call, new CallOutcome(call.record, undefined, error));
    this.#underWay.delete(call);
    call.signal = new CallSignal();
    this.#begin(call);
  }

  #isLate(call: Call, attempt: number): boolean {
    return this.#isOver || call.attempt !== attempt || !this.#underWay.has(call);
  }

  #beginWaiting(): void {
    while (this.#begun < this.#waiting.length && this.#hasRoom) this.#begin(this.#waiting[this.#begun++]!);
    if (this.#begun < this.#waiting.length / 2) return;
    this.#waiting = this.#waiting.slice(this.#begun);
    this.#begun = 0;
  }

  #watch(deadline: number): void {
    this.#timer ??= this.#parts.at(deadline, () => {
      this.#timer = undefined;
      this.#expire();
      const [oldest] = this.#underWay;
      if (oldest !== undefined) this.#watch(oldest.deadline);
    });
  }

  #expire(): void {
    const now = this.#parts.now();
    for (const call of this.#underWay) {
      if (call.deadline > now) return;
      const { signal } = call;
      const error = this.#tookTooLong();
      this.#fail(call, error);
      signal.abort(error);
    }
  }

  #jobEnded(): DOMException {
    return new DOMException(`'${this.#parts.operator.uid}' does not wait for this call any more`, 'AbortError');
  }

  #tookTooLong(): StreamError {
    const { uid, place, timeout } = this.#parts.operator;
    return new StreamError(
      'RG065',
      `a call of '${uid}' has not ended within its timeout of ${formatDuration(timeout)}`,
      'raise the timeout, or lower concurrency if that many calls are too much for who answers them',
      { place, operator: uid },
    );
  }
}
