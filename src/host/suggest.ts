/** What to say to a name that is none of those that there are. */
import { nearest } from '../core/errors.js';

/** `did you mean 'x'?` when a name is close enough, else the list of all names. */
export function suggest(name: string, names: readonly string[], what: string): string {
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean '${near}'?`;
  return names.length === 0 ? `there are no ${what}` : `${what}: ${names.join(', ')}`;
}
