/** What an error of kafkajs means for whoever called: try again, give up, or make way for a newer producer. */
import { StreamError } from '../../core/errors.js';
import { KafkaFailure } from './port.js';

interface KafkaJSErrorLike {
  readonly name?: string;
  readonly type?: string;
  readonly code?: string | number;
  readonly message?: string;
  readonly retriable?: boolean;
  readonly cause?: KafkaJSErrorLike;
  readonly originalError?: KafkaJSErrorLike;
  readonly broker?: string;
}

const FENCED = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTION_COORDINATOR_FENCED'];
const REFUSED = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'INVALID_TRANSACTION_TIMEOUT',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_ALREADY_EXISTS',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_MAX_SIZE_REACHED',
  'UNKNOWN_MEMBER_ID',
];
const TLS = /CERT|SSL|TLS|SELF_SIGNED|ALTNAME|EPROTO/;

/** Runs a step of the client, and gives what it throws a meaning, unless it has one for people. */
export async function translated<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    throw thrown instanceof StreamError ? thrown : failureOf(thrown);
  }
}

/** The failure that an error stands for. */
export function failureOf(thrown: unknown): KafkaFailure {
  if (thrown instanceof KafkaFailure) return thrown;
  const chain = causesOf(thrown as KafkaJSErrorLike);
  const named = (names: readonly string[]): KafkaJSErrorLike | undefined =>
    chain.find(({ type }) => type !== undefined && names.includes(type));
  const fenced = named(FENCED);
  if (fenced !== undefined) return new KafkaFailure('fenced', textOf(fenced), thrown);
  const refused =
    named(REFUSED) ??
    chain.find(({ name }) => name === 'KafkaJSSASLAuthenticationError' || name === 'KafkaJSNotImplemented') ??
    chain.find(({ code, message }) => TLS.test(`${code ?? ''}`) || TLS.test(message ?? ''));
  if (refused !== undefined) return new KafkaFailure('refused', textOf(refused), thrown);
  return new KafkaFailure('transient', textOf(chain.at(-1)!), thrown);
}

/** An error and those behind it, outermost first. */
function causesOf(error: KafkaJSErrorLike): readonly KafkaJSErrorLike[] {
  const chain: KafkaJSErrorLike[] = [];
  for (let at: KafkaJSErrorLike | undefined = error; at !== undefined && chain.length < 10; ) {
    chain.push(at);
    at = at.cause ?? at.originalError;
  }
  return chain;
}

function textOf({ message, type, broker }: KafkaJSErrorLike): string {
  const text = (message ?? 'unknown').replace(/^Failed to connect: /, '');
  return `${type === undefined ? '' : `${type}: `}${text}${broker === undefined || text.includes(broker) ? '' : ` (${broker})`}`;
}
