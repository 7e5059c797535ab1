/** What one attempt of a call is told while it is under way: that nobody waits for it any more. It knows no clock. */
import type { CallContext } from '../topology/calls.js';

/** Makes a signal only for a function that asks for it. */
export class CallSignal implements CallContext {
  #controller: AbortController | undefined;
  #reason: unknown;
  #isAborted = false;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
