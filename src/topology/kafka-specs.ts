/** Kafka as a source and as a sink, as plain specs. Nothing here connects; the number of partitions is asked for when a job starts. */
import { StreamError } from '../core/errors.js';
import { type Duration, formatDuration, seconds } from '../core/time.js';
import { notADuration } from './check-arguments.js';
import { type FormatSpec, type Formatted, formatOptions } from './formats.js';
import type { IdOptions } from './sink-specs.js';
import { checkOneOf, checkYesOrNo } from './source-specs.js';
import type { SinkSpec, SourceSpec } from './specs.js';

/** How a cluster is reached. */
export interface KafkaClusterOptions {
  /** `HOST:PORT` of one or more brokers. */
  readonly brokers: string | readonly string[];
  /** Default false. */
  readonly tls?: boolean | undefined;
  /** The password is read from the environment variable when the job starts; it never stands in a job. */
  readonly sasl?:
    | {
        readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
        readonly username: string;
        /** Default `KAFKA_PASSWORD`. */
        readonly passwordVariable?: string | undefined;
      }
    | undefined;
  /** `platformatic` needs the package `@platformatic/kafka`, and is at most at-least-once as a sink. Default `kafkajs`. */
  readonly client?: 'kafkajs' | 'platformatic' | undefined;
}

/** Options of the source `kafka`. */
export interface KafkaSourceOptions extends KafkaClusterOptions {
  /** Where a job begins that has no checkpoint: a time is in ms since the epoch, and `offsets` are by partition. Default `earliest`. */
  readonly startingOffsets?:
    | 'earliest'
    | 'latest'
    | { readonly timestamp: number }
    | { readonly offsets: readonly number[] }
    | undefined;
  /** Ends where the topic ends when the job starts. Default: never. */
  readonly until?: 'latest' | undefined;
  /** Keys and values as text (UTF-8), or as bytes; or a format of `raingauge/formats` for values, with keys as text. Default `text`. */
  readonly format?: 'text' | 'bytes' | FormatSpec<unknown> | undefined;
  /**
   * With a format: a value that does not decode goes to the dead letters, with its place and its bytes, and counts as done; or it stops the
   * job with `RG048`, and a restart meets it again. Default `dead-letter`.
   */
  readonly onUndecodable?: Formatted<unknown>['onUndecodable'];
  /** Records that are gone before they were read stop the job with `RG064`, or are counted as `lostRecords`. Default `stop`. */
  readonly onDataLoss?: 'stop' | 'continue' | undefined;
  /**
   * Joins the consumer group and reads the partitions that it is given, in blocks that are written to the log with their values, as
   * Spark's receivers with a write-ahead log do; the group hears of a record when it is in the log. Receivers of one group, in one job
   * or in several, share the topic. One partition of the job. At most at-least-once; needs `kafkajs`. Default false.
   */
  readonly receiver?: boolean | undefined;
  /** The consumer group: a receiver joins it; else its offsets tell others how far this job is. Default `raingauge-<job>-<source>`. */
  readonly group?: string | undefined;
}

/** A whole record of Kafka: with `as: 'record'`. */
export interface KafkaRecord<T = string, K = T> {
  readonly key: K | null;
  /** Null: a tombstone. */
  readonly value: T | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, as Kafka has it. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Options of the sink `kafka`. */
export interface KafkaSinkOptions extends KafkaClusterOptions, IdOptions {
  /**
   * Exactly-once: the broker ends a transaction that is open for longer, and the job ends with `RG081`; started again, it writes that epoch
   * anew. Not above the broker's `transaction.max.timeout.ms`. Default 60 s.
   */
  readonly transactionTimeout?: Duration | undefined;
}

const PASSWORD_VARIABLE = 'KAFKA_PASSWORD';
/** Shorter than this, a job that does well would be shut out (us). */
const TRANSACTION_TIMEOUT_MIN = 1_000_000;
/** Until the topic is asked. */
const PARTITIONS_UNKNOWN = 1;

/**
 * The values of a topic, one partition of the job for each that the topic has when the job begins: `kafka('lines', { brokers: '127.0.0.1:9092' })`.
 *
 * 1. Only records of committed transactions are read. A record without a value (tombstone) is left out and counted, unless
 *    `as: 'record'`. `as: 'pair'` gives `[key, value]`, so that the stream is keyed.
 * 2. Kafka's offsets are kept with the job's checkpoint, and committed to Kafka behind it, for others to see. A restart goes on by
 *    the checkpoint only.
 * 3. Partitions that are added to the topic are read from their beginning, by the partitions that the job has.
 *
 * @throws StreamError `RG006` without topic or brokers, `RG004`, `RG011` for a wrong option.
 * Source: Spark's `KafkaUtils.createDirectStream`; Storm's `KafkaSpout`.
 */
export function kafkaSource<T>(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'record'; readonly format: FormatSpec<T> },
): SourceSpec<KafkaRecord<T, string>>;
export function kafkaSource<T>(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'pair'; readonly format: FormatSpec<T> },
): SourceSpec<readonly [string | null, T]>;
export function kafkaSource<T>(
  topic: string,
  options: KafkaSourceOptions & { readonly as?: 'value' | undefined; readonly format: FormatSpec<T> },
): SourceSpec<T>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'record'; readonly format: 'bytes' },
): SourceSpec<KafkaRecord<Uint8Array>>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'record' },
): SourceSpec<KafkaRecord>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'pair'; readonly format: 'bytes' },
): SourceSpec<readonly [Uint8Array | null, Uint8Array]>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as: 'pair' },
): SourceSpec<readonly [string | null, string]>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as?: 'value' | undefined; readonly format: 'bytes' },
): SourceSpec<Uint8Array>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as?: 'value' | undefined },
): SourceSpec<string>;
export function kafkaSource(
  topic: string,
  options: KafkaSourceOptions & { readonly as?: 'value' | 'pair' | 'record' | undefined },
): SourceSpec<unknown> {
  const { startingOffsets = 'earliest', until, format = 'text', onDataLoss = 'stop', group, as = 'value' } = options;
  const { receiver = false } = options;
  checkYesOrNo('receiver', receiver);
  checkOneOf('as', as, ['value', 'pair', 'record']);
  checkOneOf('onDataLoss', onDataLoss, ['stop', 'continue']);
  if (until !== undefined) checkOneOf('until', until, ['latest']);
  checkStart(startingOffsets);
  if (receiver && options.client === 'platformatic')
    throw new StreamError(
      'RG081',
      `kafka('${topic}') is a receiver, and the client 'platformatic' cannot be a member of its consumer group`,
      'leave client out to use kafkajs, or leave receiver out',
    );
  return {
    role: 'source',
    kind: 'kafka',
    options: {
      ...clusterOptions('kafka', topic, options),
      ...{ startingOffsets, as, onDataLoss, ...valueFormat(format, options) },
      ...(until === undefined ? {} : { until }),
      ...(group === undefined ? {} : { group }),
      ...(receiver ? { receiver } : {}),
    },
    capabilities: {
      replayable: !receiver,
      bounded: until !== undefined,
      partitions: PARTITIONS_UNKNOWN,
      intake: receiver ? 'receiver' : 'range',
    },
  };
}

/**
 * Writes results to a topic. A pair becomes key and value; anything else is a value without key. Text, bytes and null are written as
 * they are, other values as JSON. A message has the result's stream time, and `window-end` as a header where there is one (both in ms).
 * With `ids` it has the header `raingauge-id`, the same when the result is written again: who reads the topic can drop what is there twice.
 *
 * At-least-once, acknowledged by all replicas in sync. In an exactly-once job each epoch is one transaction of Kafka, which also
 * commits the number of the epoch as the offset of group `raingauge-<job>-<sink>`: read the topic with `read_committed`.
 *
 * @throws StreamError as `kafka` of the sources; `RG010` for a timeout that is no duration, `RG011` for less than a second.
 */
export function kafkaSink(topic: string, options: KafkaSinkOptions): SinkSpec<unknown> {
  const settings = clusterOptions('kafka', topic, options);
  const { transactionTimeout = seconds(60), ids = false } = options;
  checkYesOrNo('ids', ids);
  if (!Number.isSafeInteger(transactionTimeout)) throw notADuration('kafka', 'transactionTimeout', transactionTimeout);
  if (transactionTimeout < TRANSACTION_TIMEOUT_MIN)
    throw new StreamError(
      'RG011',
      `transactionTimeout is ${formatDuration(transactionTimeout)}, but must be at least ${formatDuration(TRANSACTION_TIMEOUT_MIN)}`,
      'leave it out for 60 s, or give a longer one: seconds(10)',
    );
  return {
    role: 'sink',
    kind: 'kafka',
    options: { ...settings, transactionTimeout, ...(ids && { ids }) },
    capabilities: {
      guarantee: settings.client === 'kafkajs' ? 'exactly-once' : 'at-least-once',
      delivery: 'record',
      ...(ids && { ids }),
    },
  };
}

/** The names of old stand for themselves; of a format, only what a record can be without others. */
function valueFormat(
  format: NonNullable<KafkaSourceOptions['format']>,
  { onUndecodable }: KafkaSourceOptions,
): Readonly<Record<string, unknown>> {
  if (typeof format === 'string') {
    checkOneOf('format', format, ['text', 'bytes']);
    if (onUndecodable === undefined) return { format };
    throw new StreamError(
      'RG004',
      `onUndecodable is set, but with the format '${format}' every record decodes`,
      'leave onUndecodable out, or give a format that can fail: format: json()',
    );
  }
  if (format?.options?.['header'] === true)
    throw new StreamError('RG004', 'csv has a header, but a record of Kafka has no line before it', 'name the columns');
  return { format: 'text', ...formatOptions({ format, onUndecodable }) };
}

function clusterOptions(call: string, topic: string, options: KafkaClusterOptions) {
  const { brokers, tls = false, sasl, client = 'kafkajs' } = options ?? {};
  if (typeof topic !== 'string' || !/^[\w.-]{1,249}$/.test(topic) || /^\.{1,2}$/.test(topic)) {
    const rule = "a topic's name is 1 to 249 letters, digits, dots, hyphens and underscores";
    throw new StreamError('RG006', `'${String(topic)}' is no topic: ${rule}`, `write ${call}('lines', { brokers: … })`);
  }
  const list = typeof brokers === 'string' ? brokers.split(',') : (brokers ?? []);
  const wrong = list.find((broker) => !isBroker(broker));
  if (list.length === 0 || wrong !== undefined) {
    const what = wrong === undefined ? 'has no brokers' : `has the broker '${wrong}', which is not HOST:PORT`;
    throw new StreamError('RG006', `${call}('${topic}') ${what}`, "give it brokers: '127.0.0.1:9092'");
  }
  checkYesOrNo('tls', tls);
  checkOneOf('client', client, ['kafkajs', 'platformatic']);
  if (sasl === undefined) return { topic, brokers: [...list], tls, client };
  const { mechanism = 'plain', username, passwordVariable = PASSWORD_VARIABLE } = sasl;
  checkOneOf('mechanism', mechanism, ['plain', 'scram-sha-256', 'scram-sha-512']);
  return { topic, brokers: [...list], tls, client, sasl: { mechanism, username, passwordVariable } };
}

function isBroker(broker: unknown): boolean {
  const port = Number(/^(?:\[[^\]@/]+\]|[^\s:/?#@]+):(\d+)$/.exec(String(broker))?.[1]);
  return port >= 1 && port <= 65_535;
}

function checkStart(start: NonNullable<KafkaSourceOptions['startingOffsets']>): void {
  if (typeof start === 'string') return checkOneOf('startingOffsets', start, ['earliest', 'latest']);
  const offsets = 'offsets' in start ? start.offsets : [start.timestamp];
  if (Array.isArray(offsets) && offsets.length > 0 && offsets.every((one) => Number.isSafeInteger(one) && one >= 0))
    return;
  throw new StreamError(
    'RG011',
    `startingOffsets is ${JSON.stringify(start)}: a timestamp and offsets are whole numbers from 0 on`,
    "use 'earliest', 'latest', { timestamp: ms } or { offsets: [of partition 0, of 1, …] }",
  );
}
