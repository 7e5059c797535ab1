/** Standard output that may be closed by its reader (`| head`): then a command ends quietly. */
import { StreamError } from '../core/errors.js';

let closed = false;
const waiting: (() => void)[] = [];

/** Listens for a reader that went away. Any other failure of stdout stays an error. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') {
      throw new StreamError(
        'RG046',
        `standard output cannot be written: ${error.message}`,
        'check where it leads to, and the space left there',
      );
    }
    closed = true;
    for (const wake of waiting.splice(0)) wake();
  });
}

/** True once the reader of stdout went away. */
export function isStdoutClosed(): boolean {
  return closed;
}

/** Calls `wake` when the reader of stdout goes away. */
export function onStdoutClosed(wake: () => void): void {
  if (closed) wake();
  else waiting.push(wake);
}

/** Prints a result. */
export function printOut(text: string): void {
  if (!closed) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
