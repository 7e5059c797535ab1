/** Reads the URIs of `--source NAME=URI` and `--sink NAME=URI` into specs. Opens nothing. */
import { nearest, StreamError } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { type Duration, parseDuration } from '../core/time.js';
import { folder, type TailOptions, tail } from './file-specs.js';
import { type FormatSpec, type Formatted, formatOf } from './formats.js';
import { VOCABULARY_SIZE, wordLines } from './generated-words.js';
import {
  KAFKA_EXAMPLE,
  KAFKA_SINK_OPTIONS,
  KAFKA_SOURCE_OPTIONS,
  type KafkaUri,
  kafkaSinkOf,
  kafkaSourceOf,
} from './kafka-uri.js';
import { type HttpOptions, http, reply, tcpServer, webhook } from './network-specs.js';
import { none, type StdoutOptions, stdout, textFile as textFileSink } from './sink-specs.js';
import { generator, memory, stdin, type TcpOptions, type TextFileOptions, tcp, textFile } from './source-specs.js';
import type { SinkSpec, SourceSpec } from './specs.js';

/** A URI in parts: `generate:words?count=10` is `generate`, `words`, `{ count: '10' }`. */
interface Parts {
  readonly uri: string;
  readonly scheme: string;
  readonly rest: string;
  readonly query: ReadonlyMap<string, string>;
}

/** How a scheme is read: the options of its query, an example, and the spec that it becomes. */
interface Scheme<Spec> {
  /** `any`: the query belongs to the other side. */
  readonly options: readonly string[] | 'any';
  readonly example: string;
  readonly read: (parts: Parts) => Spec;
}

const FORMAT_OPTIONS = ['format', 'schema', 'columns', 'header', 'delimiter'];
const LINE_OPTIONS = ['invalidUtf8', 'lineBytesMax', 'onUndecodable', ...FORMAT_OPTIONS];

const SOURCES: Readonly<Record<string, Scheme<SourceSpec<unknown>>>> = {
  file: { options: ['follow', ...LINE_OPTIONS], example: 'file:moby-dick.txt?follow=true', read: readTextFile },
  folder: {
    options: ['pattern', 'once', 'stableFor', 'scanEvery', 'rememberedFilesMax', 'partitions', ...LINE_OPTIONS],
    example: 'folder:in?pattern=*.csv',
    read: readFolder,
  },
  tail: { options: ['rotated', ...LINE_OPTIONS], example: 'tail:app.log', read: readTail },
  tcp: { options: ['onClose', 'reconnectsMax', ...LINE_OPTIONS], example: 'tcp://localhost:9999', read: readTcp },
  stdin: { options: LINE_OPTIONS, example: 'stdin:', read: (parts) => stdin(lineOptions(parts)) },
  'tcp-server': {
    options: ['connectionsMax', 'idleTimeout', ...LINE_OPTIONS],
    example: 'tcp-server://127.0.0.1:9999',
    read: readTcpServer,
  },
  http: {
    options: [
      ...['records', 'bodyBytesMax', 'requestsMax', 'requestTimeout', 'receiptTimeout', 'reply', 'replyTimeout'],
      ...LINE_OPTIONS,
    ],
    example: 'http://127.0.0.1:8080/orders?format=json',
    read: readHttp,
  },
  generate: {
    options: ['count', 'seed', 'partitions', 'vocabulary'],
    example: 'generate:words?count=1000',
    read: readGenerator,
  },
  kafka: { options: KAFKA_SOURCE_OPTIONS, example: KAFKA_EXAMPLE, read: (parts) => kafkaSourceOf(kafkaUri(parts)) },
  none: { options: [], example: 'none:', read: () => memory<unknown>([]) },
};

const SINKS: Readonly<Record<string, Scheme<SinkSpec<unknown>>>> = {
  file: {
    options: FORMAT_OPTIONS,
    example: 'file:counts?format=json',
    read: (parts) => textFileSink(pathOf(parts), { format: readFormat(parts) }),
  },
  http: { options: 'any', example: 'http://localhost:8080/counts', read: (parts) => webhook(parts.uri) },
  https: { options: 'any', example: 'https://example.org/counts', read: (parts) => webhook(parts.uri) },
  reply: {
    options: FORMAT_OPTIONS,
    example: 'reply:',
    read: (parts) => reply(parts.query.has('format') ? { format: readFormat(parts) } : {}) as SinkSpec<unknown>,
  },
  stdout: { options: ['format', 'max'], example: 'stdout:?format=lines', read: readStdout },
  kafka: { options: KAFKA_SINK_OPTIONS, example: KAFKA_EXAMPLE, read: (parts) => kafkaSinkOf(kafkaUri(parts)) },
  none: { options: [], example: 'none:', read: none },
};

/**
 * `file:PATH`, `folder:PATH`, `tail:PATH`, `tcp://HOST:PORT`, `tcp-server://HOST:PORT`, `http://HOST:PORT/PATH` (both listen there),
 * `kafka://HOST:PORT/TOPIC`, `stdin:`, `generate:words`, `generate:numbers` or `none:` (an input without records).
 * Options follow as a query: `file:log.txt?follow=true`, `generate:words?count=1000&seed=7`.
 *
 * @throws StreamError `RG006` for what cannot be read, else the codes of the spec's own checks.
 */
export function parseSourceUri(uri: string): SourceSpec<unknown> {
  const parts = split(uri, SOURCES, 'source');
  return SOURCES[parts.scheme]!.read(parts);
}

/** `file:FOLDER`, `kafka://HOST:PORT/TOPIC`, a URL that results are POSTed to, `reply:`, `stdout:` (with `format` and `max`) or `none:`. @throws StreamError `RG006` as `parseSourceUri`. */
export function parseSinkUri(uri: string): SinkSpec<unknown> {
  const parts = split(uri, SINKS, 'sink');
  return SINKS[parts.scheme]!.read(parts);
}

function readTextFile(parts: Parts): SourceSpec<unknown> {
  return textFile(pathOf(parts), { ...lineOptions(parts), follow: yesOrNo(parts, 'follow') });
}

function readFolder(parts: Parts): SourceSpec<unknown> {
  return folder(pathOf(parts), {
    pattern: parts.query.get('pattern'),
    once: yesOrNo(parts, 'once'),
    stableFor: duration(parts, 'stableFor'),
    scanEvery: duration(parts, 'scanEvery'),
    rememberedFilesMax: wholeNumber(parts, 'rememberedFilesMax'),
    partitions: wholeNumber(parts, 'partitions'),
    ...lineOptions(parts),
  });
}

function readTail(parts: Parts): SourceSpec<unknown> {
  const rotated = parts.query.get('rotated') as TailOptions['rotated'];
  return tail(pathOf(parts), { rotated, ...lineOptions(parts) });
}

function readTcp(parts: Parts): SourceSpec<unknown> {
  return tcp({
    ...addressOf(parts, '/'),
    onClose: parts.query.get('onClose') as TcpOptions['onClose'],
    reconnectsMax: wholeNumber(parts, 'reconnectsMax'),
    ...lineOptions(parts),
  });
}

function readTcpServer(parts: Parts): SourceSpec<unknown> {
  return tcpServer({
    ...addressOf(parts, '/'),
    connectionsMax: wholeNumber(parts, 'connectionsMax'),
    idleTimeout: duration(parts, 'idleTimeout'),
    ...lineOptions(parts),
  });
}

function readHttp(parts: Parts): SourceSpec<unknown> {
  return http({
    ...addressOf(parts),
    records: parts.query.get('records') as HttpOptions['records'],
    bodyBytesMax: wholeNumber(parts, 'bodyBytesMax'),
    requestsMax: wholeNumber(parts, 'requestsMax'),
    requestTimeout: duration(parts, 'requestTimeout'),
    receiptTimeout: duration(parts, 'receiptTimeout'),
    reply: yesOrNo(parts, 'reply'),
    replyTimeout: duration(parts, 'replyTimeout'),
    ...lineOptions(parts),
  });
}

function readGenerator(parts: Parts): SourceSpec<unknown> {
  const options = {
    count: wholeNumber(parts, 'count'),
    seed: wholeNumber(parts, 'seed'),
    partitions: wholeNumber(parts, 'partitions'),
  };
  switch (parts.rest) {
    case 'words':
      return generator(wordLines(Math.max(1, wholeNumber(parts, 'vocabulary') ?? VOCABULARY_SIZE)), options);
    case 'numbers':
      return generator((index) => index, options);
    default: {
      const near = nearest(parts.rest, ['words', 'numbers']) ?? 'words';
      throw malformed(parts, 'names no generator: there are words and numbers', `use generate:${near}`);
    }
  }
}

function readStdout(parts: Parts): SinkSpec<unknown> {
  return stdout({ format: parts.query.get('format') as StdoutOptions['format'], max: wholeNumber(parts, 'max') });
}

function kafkaUri(parts: Parts): KafkaUri {
  const { rest, query } = parts;
  return {
    ...{ rest, query },
    malformed: (what, hint) => malformed(parts, what, hint),
    yesOrNo: (name) => yesOrNo(parts, name),
  };
}

/** Never shows what stands in front of an `@`: it may be a password. */
function split(uri: string, schemes: Readonly<Record<string, Scheme<unknown>>>, end: 'source' | 'sink'): Parts {
  const shown = withoutSecrets(uri);
  if (/^kafka:\/\/[^/?#]*@/i.test(uri)) {
    throw new StreamError(
      'RG006',
      `'${shown}' has a user and a password in it, and URIs are printed`,
      'for Kafka write ?sasl=plain&username=NAME, and set KAFKA_PASSWORD in the environment',
    );
  }
  const match = /^([a-z][a-z0-9+.-]*):([^?]*)(?:\?(.*))?$/is.exec(uri);
  const scheme = match?.[1]?.toLowerCase();
  if (match !== null && scheme !== undefined && Object.hasOwn(schemes, scheme)) {
    const parts = { uri, scheme, rest: match[2]!, query: new Map(new URLSearchParams(match[3] ?? '')) };
    const { options } = schemes[scheme]!;
    if (options !== 'any') allow(parts, options);
    return parts;
  }
  const names = Object.keys(schemes);
  const rule = `a ${end} is ${names.map((name) => `${name}:`).join(', ')}`;
  if (scheme === undefined) {
    throw new StreamError('RG006', `'${shown}' has no scheme; ${rule}`, `write file:${shown || 'PATH'} for a file`);
  }
  const near = nearest(scheme, names);
  const rest = shown.slice(scheme.length + 1);
  const hint =
    near === undefined
      ? `write for example ${schemes[names[0]!]!.example}`
      : `did you mean ${rest === '' ? schemes[near]!.example : `${near}:${rest}`}?`;
  throw new StreamError('RG006', `'${shown}' has the unknown scheme '${scheme}'; ${rule}`, hint);
}

/** `file:a/b` and `file:///a/b` are both understood; the second has its escapes decoded. */
function pathOf(parts: Parts): string {
  try {
    const path = parts.rest.startsWith('//') ? decodeURIComponent(parts.rest.replace(/^\/\/[^/]*/, '')) : parts.rest;
    if (path !== '') return path;
  } catch {
    // An escape that is none: the same rule applies.
  }
  throw malformed(parts, 'has no path', 'write file:PATH');
}

function lineOptions(
  parts: Parts,
): Pick<TextFileOptions, 'invalidUtf8' | 'lineBytesMax'> & Pick<Formatted<unknown>, 'format' | 'onUndecodable'> {
  return {
    format: readFormat(parts),
    onUndecodable: parts.query.get('onUndecodable') as Formatted<unknown>['onUndecodable'],
    invalidUtf8: parts.query.get('invalidUtf8') as TextFileOptions['invalidUtf8'],
    lineBytesMax: wholeNumber(parts, 'lineBytesMax'),
  };
}

function readFormat(parts: Parts): FormatSpec<unknown> {
  return formatOf(parts.query.get('format') ?? 'text', {
    schema: parts.query.get('schema'),
    columns: parts.query.get('columns')?.split(','),
    delimiter: parts.query.get('delimiter'),
    header: yesOrNo(parts, 'header'),
  });
}

function allow(parts: Parts, names: readonly string[]): void {
  for (const [name, value] of parts.query) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const known = names.length === 0 ? 'it takes no options' : `its options are ${names.join(', ')}`;
    const isRate = name === 'rate' && parts.scheme === 'generate';
    const hint = isRate ? `use --rate ${value}` : near === undefined ? `leave out ${name}` : `did you mean ${near}?`;
    throw malformed(parts, `has the unknown option '${name}'; ${known}`, hint);
  }
}

/** `//HOST:PORT/PATH`; `onlyPath` when no other makes sense. */
function addressOf(
  parts: Parts,
  onlyPath?: string,
): { readonly host: string; readonly port: number; readonly path: string } {
  const match = /^\/\/(\[[^\]]+\]|[^@:/?#]+):(\d+)(\/.*)?$/.exec(parts.rest);
  const path = match?.[3] ?? '/';
  if (match === null || (onlyPath !== undefined && path !== onlyPath)) {
    throw malformed(parts, 'has no host and port', `write ${parts.scheme}://localhost:9999`);
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]), path };
}

function duration(parts: Parts, name: string): Duration | undefined {
  const text = parts.query.get(name);
  return text === undefined ? undefined : parseDuration(text);
}

function wholeNumber(parts: Parts, name: string): number | undefined {
  const text = parts.query.get(name);
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw malformed(parts, `has ${name}=${text}, which is no whole number`, `write ${name}=1000`);
}

function yesOrNo(parts: Parts, name: string): boolean {
  const text = parts.query.get(name) ?? 'false';
  if (text === 'true' || text === '') return true;
  if (text === 'false') return false;
  throw malformed(parts, `has ${name}=${text}, which is neither true nor false`, `write ${name}=true`);
}

function malformed(parts: Parts, what: string, hint: string): StreamError {
  return new StreamError('RG006', `'${withoutSecrets(parts.uri)}' ${what}`, hint);
}
