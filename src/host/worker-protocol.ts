/** What a driver and a task worker say to each other, and how an error gets across. */
import { type ErrorCode, type Place, StreamError, StreamErrors } from '../core/errors.js';
import { version } from './installation.js';

/** To a worker. `task` carries a message of the executor to its host. */
export type ToWorker = { readonly kind: 'ping' } | { readonly kind: 'task'; readonly message: unknown };

/** From a worker. */
export type FromWorker =
  /** The job is loaded and its host is made. */
  | { readonly kind: 'ready'; readonly proof: Proof }
  /** The job cannot be loaded, compiled or hosted: trying again would not help. */
  | { readonly kind: 'refused'; readonly error: PlainError }
  | { readonly kind: 'pong' }
  | { readonly kind: 'task'; readonly message: unknown }
  /** Its last words. With `error` the world is at fault, and trying again would not help. */
  | { readonly kind: 'failed'; readonly reason: string; readonly error: PlainError | undefined };

/** What a worker and its driver must have in common. */
export interface Proof {
  /** The plan's hash. */
  readonly hash: string;
  /** Versions of Node.js and raingauge: an installation may be replaced while a job runs. */
  readonly node: string;
  readonly raingauge: string;
}

/** A `StreamError` as data. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly place: Place | undefined;
  readonly operator: string | undefined;
}

/** This side's proof. */
export function proofOf(hash: string): Proof {
  return { hash, node: process.versions.node, raingauge: version() };
}

/** An error of the world as data; of several the first, with the messages of all. Undefined for any other error. */
export function plainError(error: unknown): PlainError | undefined {
  if (error instanceof StreamErrors && error.problems[0] !== undefined)
    return { ...plainError(error.problems[0])!, message: error.problems.map(({ message }) => message).join('; ') };
  if (!(error instanceof StreamError)) return undefined;
  const { code, message, hint, place, operator } = error;
  return { code, message, hint, place, operator };
}

/** The error that was sent. */
export function errorOf({ code, message, hint, place, operator }: PlainError): StreamError {
  return new StreamError(code, message, hint, { place, operator });
}

/** Hands a message to `send`. @throws StreamError `RG056` for one that holds what cannot be copied to another thread or process. */
export function sendCopy(send: () => void): void {
  try {
    send();
  } catch (error) {
    if (!(error instanceof Error) || !isUncloneable(error)) throw error;
    throw new StreamError(
      'RG056',
      `a value cannot be sent to or from a worker: ${error.message}`,
      'keys and values that cross workers must be data: no functions, symbols, promises or handles',
      { cause: error },
    );
  }
}

/** A thread's channel throws a DOMException, and a process's a plain Error with the same words. */
function isUncloneable({ name, message }: Error): boolean {
  return name === 'DataCloneError' || message.endsWith('could not be cloned.');
}
