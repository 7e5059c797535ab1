/** Errors that the task of a spout or bolt reports: a few at a time are told. It knows neither mode, and reads no clock. */
import { readableJson } from '../core/json.js';
import type { JobEvent } from '../runtime/events.js';

/** Errors of a task that are told in one interval; the rest is counted. Storm: `topology.max.error.report.per.interval`, 5. */
export const ERRORS_TOLD_MAX = 5;
/** How long an interval is, from the first error in it (us). Storm: `topology.error.throttle.interval.secs`, 10 s. */
export const ERRORS_INTERVAL = 10_000_000;
/** Characters of an error's text; it is cut there. */
export const ERROR_TEXT_MAX = 2_000;

export class ErrorReports {
  #count = 0;
  #began = Number.NEGATIVE_INFINITY;
  #toldCount = 0;

  /** What is told of one more error at that time (us); nothing where enough was told in its interval. */
  next(error: unknown, now: number, component: string, task: number): JobEvent | undefined {
    this.#count++;
    const since = now - this.#began;
    // A clock that was set back begins an interval too: else a task would be silent until it is where it was.
    if (since >= ERRORS_INTERVAL || since < 0) {
      this.#began = now;
      this.#toldCount = 0;
    }
    if (this.#toldCount >= ERRORS_TOLD_MAX) return undefined;
    this.#toldCount++;
    return { kind: 'errorReported', component, task, error: textOf(error), count: this.#count };
  }
}

/** Whatever it is has a text: to report an error is never an error itself. Only of what is told a text is made: a large object may take a while. */
function textOf(error: unknown): string {
  try {
    let text = ownText(error);
    // Causes may go round in a circle.
    for (let cause = causeOf(error); cause !== undefined && text.length <= ERROR_TEXT_MAX; cause = causeOf(cause))
      text += `, cause: ${ownText(cause)}`;
    return text.length > ERROR_TEXT_MAX ? `${text.slice(0, ERROR_TEXT_MAX)}…` : text;
  } catch {
    return `${typeof error} without a text`;
  }
}

function ownText(error: unknown): string {
  return typeof error === 'object' && !(error instanceof Error) ? readableJson(error) : String(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
