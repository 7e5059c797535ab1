/** The log: JSON lines on standard error, by pino. Results go to standard output and never through here. */
import { destination, pino, stdTimeFunctions } from 'pino';

/** How much is logged. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line a call: fields first, then a sentence. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a log is made with. */
export interface LogOptions {
  /** Default `warn`, so that a run without trouble says nothing. */
  readonly level?: LogLevel;
  /** Takes lines in place of standard error. */
  readonly write?: (line: string) => void;
}

/** Makes a log. Lines are written at once, so that none is lost when the process ends. */
export function createLog({ level = 'warn', write }: LogOptions = {}): Log {
  const stream = write === undefined ? destination({ fd: 2, sync: true }) : { write };
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stream);
}
