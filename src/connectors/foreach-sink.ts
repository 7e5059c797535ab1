/** Hands each result to the user's function. What the function throws fails the job, and never the executor's turn. */
import { StreamError } from '../core/errors.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';

/** Opens a sink around a function. `name` is the sink's name in the topology, for errors. */
export function openForeachSink(name: string, call: (value: unknown, context: ResultContext) => unknown): SinkWriter {
  return new ForeachSink(name, call);
}

class ForeachSink implements SinkWriter {
  readonly ready = true;
  readonly #name: string;
  readonly #call: (value: unknown, context: ResultContext) => unknown;
  failure: StreamError | undefined;

  constructor(name: string, call: (value: unknown, context: ResultContext) => unknown) {
    this.#name = name;
    this.#call = call;
  }

  accept(value: unknown, context: ResultContext): void {
    if (this.failure !== undefined) return;
    try {
      const returned = this.#call(value, context);
      if (returned instanceof Promise) {
        // Its own rejection is not news: the job fails already because there is a promise.
        returned.catch(() => undefined);
        this.failure = this.#error(
          'RG031',
          'returned a promise',
          'do the work at once, or collect and write it elsewhere',
        );
      }
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      this.failure = this.#error('RG030', `threw: ${said}`, 'fix it, or catch the error in it', cause);
    }
  }

  flush(): void {}

  onReady(wake: () => void): void {
    wake();
  }

  async close(): Promise<void> {}

  #error(code: 'RG030' | 'RG031', what: string, hint: string, cause?: unknown): StreamError {
    return new StreamError(code, `the function of sink '${this.#name}' ${what}`, hint, {
      cause,
      operator: `sink:${this.#name}`,
    });
  }
}
