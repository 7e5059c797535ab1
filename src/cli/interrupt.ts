/** Ctrl-C: the first stops gracefully and still prints what was measured, the second stops at once. */
import { EXIT } from '../core/errors.js';

/** Exit code after SIGTERM, by the custom of shells (128 + 15). */
const TERMINATED = 143;

/** What `watchInterrupts` gives. */
export interface Interrupts {
  /** The exit code to end with, once interrupted. */
  readonly exitCode: number | undefined;
  /** Stops listening. */
  release(): void;
}

/** Calls `stop` at the first interrupt. */
export function watchInterrupts(stop: () => void, quiet: boolean): Interrupts {
  let exitCode: number | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = signal === 'SIGTERM' ? TERMINATED : EXIT.interrupted;
    if (!quiet) process.stderr.write('\nstopping: what was read is finished first; Ctrl-C again stops at once\n');
    stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    get exitCode() {
      return exitCode;
    },
    release: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
