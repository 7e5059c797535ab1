/** What an error of `@platformatic/kafka` means for whoever called. */
import { KafkaFailure } from './port.js';

interface PlatformaticError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly apiId?: string;
  readonly cause?: unknown;
  readonly response?: unknown;
  readonly errors?: readonly unknown[];
}

const REFUSED_CODES = [
  'PLT_KFK_AUTHENTICATION',
  'PLT_KFK_UNSUPPORTED_COMPRESSION',
  'PLT_KFK_UNSUPPORTED_FORMAT',
  'PLT_KFK_USER',
];
const REFUSED =
  /AUTHORIZATION_FAILED|TOO_LARGE|INVALID_TOPIC|ALREADY_EXISTS|INVALID_GROUP|UNKNOWN_MEMBER|INCONSISTENT_GROUP/;

/** The failure that an error stands for. */
export function failureOf(thrown: unknown): KafkaFailure {
  if (thrown instanceof KafkaFailure) return thrown;
  const all = allOf(thrown);
  // Its decoders are WebAssembly, which ends so at what they do not know: blocks of Java's snappy, above all.
  if (all.some(({ name }) => name === 'RuntimeError'))
    return new KafkaFailure(
      'refused',
      "this client cannot unpack a compressed batch of the topic; take client: 'kafkajs'",
      thrown,
    );
  const refused = all.find(
    ({ code, apiId }) => (code !== undefined && REFUSED_CODES.includes(code)) || REFUSED.test(apiId ?? ''),
  );
  const said = refused ?? all.findLast(({ message }) => message !== undefined && message !== '');
  const text = [said?.apiId, said?.message].filter((part) => part !== undefined).join(': ') || 'unknown';
  return new KafkaFailure(refused === undefined ? 'transient' : 'refused', text, thrown);
}

/** True when Kafka's code stands anywhere in the error. */
export function hasCode(thrown: unknown, apiId: string): boolean {
  return allOf(thrown).some((error) => error.apiId === apiId);
}

/** True for what the client says by itself of a topic that the metadata lack. */
export function isUnknownTopic(thrown: unknown): boolean {
  return allOf(thrown).some(({ message }) => /^Unknown topic /.test(message ?? ''));
}

/** The latest answer that an error was made of, or undefined. */
export function responseIn(thrown: unknown): unknown {
  return allOf(thrown).findLast(({ response }) => response !== undefined)?.response;
}

/** A call that will not work. */
export function refusing(message: string): KafkaFailure {
  return new KafkaFailure('refused', message, undefined);
}

/** An error with all that it holds, at most a hundred. */
function allOf(thrown: unknown): readonly PlatformaticError[] {
  const found: PlatformaticError[] = [];
  const waiting: unknown[] = [thrown];
  while (waiting.length > 0 && found.length < 100) {
    const error = waiting.shift();
    if (typeof error !== 'object' || error === null) continue;
    const { cause, errors } = error as PlatformaticError;
    found.push(error as PlatformaticError);
    waiting.push(...(Array.isArray(errors) ? errors : []), cause);
  }
  return found;
}
