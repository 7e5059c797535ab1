/** What a broker's output says of why it did not start: one line of many. */

/** What Java says of a port that another program listens on. */
export const PORT_TAKEN: RegExp = /failed to bind to (\S+): Address already in use/;

/** Longer lines are cut (characters). */
const LENGTH_MAX = 300;

/** The line that says most; the broker's farewell is full of exceptions that follow from the first. */
export function whyNotStarted(text: string): string {
  const lines = text.split('\n').filter((line) => /exception|error/i.test(line));
  const line =
    PORT_TAKEN.exec(text)?.[0] ??
    // Which it says in the middle of much that follows from it.
    lines.find((each) => each.includes('java.lang.OutOfMemoryError')) ??
    lines.findLast((each) => each.startsWith('Caused by:')) ??
    lines.at(-1) ??
    text.trim().split('\n').at(-1)!;
  return line.trim().slice(0, LENGTH_MAX);
}
