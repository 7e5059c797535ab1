/** An error in the command line itself, which is shown with the flag underlined. */
import { type ErrorCode, StreamError } from '../core/errors.js';

/** What the printer underlines: a flag with its value, or a word. */
export class UsageError extends StreamError {
  readonly at: string;

  constructor(code: ErrorCode, message: string, hint: string, at: string) {
    super(code, message, hint);
    this.at = at;
  }
}
