/** Reads the URIs of `--source NAME=URI` and `--sink NAME=URI` into specs. Opens nothing. */
import { nearest } from '../core/errors.js';
import { folder, type TailOptions, tail } from './file-specs.js';
import { type FormatSpec, type Formatted, formatOf } from './formats.js';
import { VOCABULARY_MAX, VOCABULARY_SIZE, wordLines } from './generated-words.js';
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
import {
  addressOf,
  duration,
  malformed,
  type Parts,
  pathOf,
  type Scheme,
  split,
  wholeNumber,
  yesOrNo,
} from './uri-parts.js';

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
  stdin: { options: LINE_OPTIONS, example: 'stdin:', isBare: true, read: (parts) => stdin(lineOptions(parts)) },
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
  none: { options: [], example: 'none:', isBare: true, read: () => memory<unknown>([]) },
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
    isBare: true,
    read: (parts) => reply(parts.query.has('format') ? { format: readFormat(parts) } : {}) as SinkSpec<unknown>,
  },
  stdout: { options: ['format', 'max'], example: 'stdout:?format=lines', isBare: true, read: readStdout },
  kafka: { options: KAFKA_SINK_OPTIONS, example: KAFKA_EXAMPLE, read: (parts) => kafkaSinkOf(kafkaUri(parts)) },
  none: { options: [], example: 'none:', isBare: true, read: none },
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
      return generator(wordLines(vocabularyOf(parts)), options);
    case 'numbers':
      return generator((index) => index, options);
    default: {
      const near = nearest(parts.rest, ['words', 'numbers']) ?? 'words';
      throw malformed(parts, 'names no generator: there are words and numbers', `use generate:${near}`);
    }
  }
}

function vocabularyOf(parts: Parts): number {
  const size = wholeNumber(parts, 'vocabulary') ?? VOCABULARY_SIZE;
  if (size >= 1 && size <= VOCABULARY_MAX) return size;
  const what = `has a vocabulary of ${size} words; there can be 1 to ${VOCABULARY_MAX}`;
  throw malformed(parts, what, `write vocabulary=${VOCABULARY_SIZE}`);
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
