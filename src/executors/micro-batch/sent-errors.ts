/** Errors on their way between threads or processes: what they say stays, also the user's stack behind them. */
import { type ErrorCode, type Place, StreamError } from '../../core/errors.js';

interface PlainCause {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** An error as data. Without a code it is a bug of ours. */
export interface PlainError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string;
  readonly place: Place | undefined;
  readonly operator: string | undefined;
  readonly stack: string | undefined;
  readonly cause: PlainCause | undefined;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof StreamError)) {
    const { message, stack } = causeOf(error);
    return { code: undefined, message, hint: '', place: undefined, operator: undefined, stack, cause: undefined };
  }
  const { code, message, hint, place, operator, stack, cause } = error;
  return { code, message, hint, place, operator, stack, cause: cause === undefined ? undefined : causeOf(cause) };
}

/** The error that was sent: a `StreamError`, or a bug. */
export function errorOf(sent: PlainError): Error {
  const { code, message, hint, place, operator, stack } = sent;
  const cause = sent.cause === undefined ? undefined : withStack(new Error(sent.cause.message), sent.cause);
  if (code === undefined) return withStack(new Error(message), { name: 'Error', stack });
  return withStack(new StreamError(code, message, hint, { place, operator, cause }), { name: 'StreamError', stack });
}

function causeOf(error: unknown): PlainCause {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

function withStack<E extends Error>(error: E, { name, stack }: Pick<PlainCause, 'name' | 'stack'>): E {
  if (error.name !== name) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
