/** An error in the command line itself, which is shown with the flag underlined. */
import { type ErrorCode, nearest, StreamError } from '../core/errors.js';

/** What the printer underlines: a flag with its value, or a word. */
export class UsageError extends StreamError {
  readonly at: string;

  constructor(code: ErrorCode, message: string, hint: string, at: string) {
    super(code, message, hint);
    this.at = at;
  }
}

/** `did you mean 'x'?` when a name is close enough, else the list of all names. */
export function suggest(name: string, names: readonly string[], what: string): string {
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean '${near}'?`;
  return names.length === 0 ? `there are no ${what}` : `${what}: ${names.join(', ')}`;
}
