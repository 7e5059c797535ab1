/** `kafka://HOST:PORT,…/TOPIC?option=value` as options of the specs. Secrets do not belong in it: it is printed. */
import { parseDuration } from '../core/time.js';
import { formatOf } from './formats.js';
import { type KafkaSourceOptions, kafkaSink, kafkaSource } from './kafka-specs.js';
import type { SinkSpec, SourceSpec } from './specs.js';

/** What follows `kafka:`, the query, and how to say what is wrong. */
export interface KafkaUri {
  readonly rest: string;
  readonly query: ReadonlyMap<string, string>;
  readonly malformed: (what: string, hint: string) => Error;
  /** True, false, or the name alone for true. False where it is left out. */
  readonly yesOrNo: (name: string) => boolean;
}

const CLUSTER_OPTIONS = ['tls', 'sasl', 'username', 'passwordVariable', 'client'];

/** Options that a URI of a sink may have. */
export const KAFKA_SINK_OPTIONS: readonly string[] = ['transactionTimeout', 'ids', ...CLUSTER_OPTIONS];
/** Options that a URI of a source may have. */
export const KAFKA_SOURCE_OPTIONS: readonly string[] = [
  ...['startingOffsets', 'timestamp', 'offsets', 'until', 'as', 'onDataLoss', 'group', 'receiver'],
  ...['format', 'schema', 'columns', 'delimiter', 'onUndecodable'],
  ...CLUSTER_OPTIONS,
];
export const KAFKA_EXAMPLE = 'kafka://127.0.0.1:9092/lines';

/** Reads the URI of a source. */
export function kafkaSourceOf(uri: KafkaUri): SourceSpec<unknown> {
  const { query } = uri;
  const { topic, ...cluster } = clusterOf(uri);
  const text = (name: string): undefined => query.get(name) as undefined;
  return kafkaSource(topic, {
    ...cluster,
    startingOffsets: startOf(uri),
    until: text('until'),
    format: formatIn(query),
    onUndecodable: text('onUndecodable'),
    as: text('as'),
    onDataLoss: text('onDataLoss'),
    group: text('group'),
    receiver: uri.yesOrNo('receiver'),
  });
}

/** Reads the URI of a sink. */
export function kafkaSinkOf(uri: KafkaUri): SinkSpec<unknown> {
  const { topic, ...cluster } = clusterOf(uri);
  const timeout = uri.query.get('transactionTimeout');
  return kafkaSink(topic, {
    ...cluster,
    transactionTimeout: timeout === undefined ? undefined : parseDuration(timeout),
    ids: uri.yesOrNo('ids'),
  });
}

function clusterOf({ rest, query, malformed, yesOrNo }: KafkaUri) {
  const match = /^\/\/([^/?#]+)\/([^/?#]+)\/?$/.exec(rest);
  if (match === null) throw malformed('has no brokers and topic', `write ${KAFKA_EXAMPLE}`);
  const mechanism = query.get('sasl') as 'plain' | undefined;
  const username = query.get('username');
  if ((mechanism === undefined) !== (username === undefined))
    throw malformed('has one of sasl and username without the other', 'write ?sasl=plain&username=NAME');
  return {
    topic: match[2]!,
    brokers: match[1]!,
    tls: yesOrNo('tls'),
    client: query.get('client') as 'kafkajs' | undefined,
    sasl: username === undefined ? undefined : { mechanism, username, passwordVariable: query.get('passwordVariable') },
  };
}

/** `text` and `bytes` are of keys, too. */
function formatIn(query: KafkaUri['query']): KafkaSourceOptions['format'] {
  const name = query.get('format');
  if (name === undefined || name === 'text' || name === 'bytes') return name;
  const [schema, columns, delimiter] = [query.get('schema'), query.get('columns')?.split(','), query.get('delimiter')];
  return formatOf(name, { schema, columns, delimiter });
}

function startOf({ query, malformed }: KafkaUri): KafkaSourceOptions['startingOffsets'] {
  const given = ['startingOffsets', 'timestamp', 'offsets'].filter((name) => query.has(name));
  if (given.length > 1) throw malformed(`has both ${given.join(' and ')}`, 'keep one of them');
  const [timestamp, offsets] = [query.get('timestamp'), query.get('offsets')];
  if (timestamp !== undefined) return { timestamp: numberIn(timestamp) };
  if (offsets !== undefined) return { offsets: offsets.split(',').map(numberIn) };
  return query.get('startingOffsets') as 'earliest' | undefined;
}

/** Not a number for what is none, also where nothing or blanks would count as 0. */
function numberIn(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
