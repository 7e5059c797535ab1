/** The formats that a source or sink can name, as plain specs. Nothing here reads a schema or decodes a byte; connectors do. */
import { nearest, StreamError } from '../core/errors.js';

/** The names of the formats. */
export type FormatKind = 'text' | 'json' | 'csv' | 'bytes' | 'avro';

/** A format as data. `element` exists for types only. */
export interface FormatSpec<T> {
  readonly kind: FormatKind;
  readonly options: Readonly<Record<string, unknown>>;
  readonly element?: T;
}

/** An option of sources of bytes: what their records are. */
export interface Formatted<T> {
  readonly format: FormatSpec<T>;
  /** A record that does not decode goes to the dead letters and counts as done, or fails the job with `RG048`. Default `dead-letter`. */
  readonly onUndecodable?: 'dead-letter' | 'fail' | undefined;
}

/** Options of `csv`. */
export interface CsvOptions {
  /** Names of the columns: records are then objects. Default: records are arrays of texts. */
  readonly columns?: readonly string[] | undefined;
  /** The first line of each input is no record. Default false. */
  readonly header?: boolean | undefined;
  /** One character. Default a comma. */
  readonly delimiter?: string | undefined;
}

/** A record is a line of UTF-8, without its line end. What sources of text give unless told otherwise. */
export function text(): FormatSpec<string> {
  return { kind: 'text', options: {} };
}

/** A record is a line of JSON. `T` is what you say it is: nothing checks it. */
export function json<T = unknown>(): FormatSpec<T> {
  return { kind: 'json', options: {} };
}

/**
 * A record is a line of comma-separated values (RFC 4180), all of them texts. A line end within quotes is not understood.
 *
 * @throws StreamError `RG004` for a delimiter that is no single character, or columns that are no names.
 */
export function csv(
  options: CsvOptions & { readonly columns: readonly string[] },
): FormatSpec<Readonly<Record<string, string>>>;
export function csv(options?: CsvOptions): FormatSpec<readonly string[]>;
export function csv(options: CsvOptions = {}): FormatSpec<never> {
  const { columns, header = false, delimiter = ',' } = options;
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new StreamError(
      'RG004',
      `delimiter is '${String(delimiter)}', but must be one character, neither a quote nor a line end`,
      "use delimiter: ';'",
    );
  }
  if (columns !== undefined && (columns.length === 0 || new Set(columns).size < columns.length)) {
    throw new StreamError('RG004', 'columns must be names, each once', "write columns: ['id', 'price']");
  }
  return { kind: 'csv', options: { header, delimiter, ...(columns === undefined ? {} : { columns: [...columns] }) } };
}

/** Options of `bytes`. */
export interface BytesOptions {
  /** Each record has so many bytes, and nothing is between them. Default: each has its length before it. */
  readonly recordLength?: number | undefined;
}

/**
 * A record is its bytes. In a file or on a connection each has its length before it (4 bytes, big-endian), or all have one `recordLength`.
 *
 * @throws StreamError `RG011` for a length that is no whole number from 1 on. Source: Spark `StreamingContext.binaryRecordsStream`.
 */
export function bytes({ recordLength }: BytesOptions = {}): FormatSpec<Uint8Array> {
  if (recordLength === undefined) return { kind: 'bytes', options: {} };
  if (Number.isSafeInteger(recordLength) && recordLength >= 1) return { kind: 'bytes', options: { recordLength } };
  throw new StreamError(
    'RG011',
    `recordLength is ${String(recordLength)}, but must be a whole number from 1 on`,
    'write for example bytes({ recordLength: 16 })',
  );
}

/**
 * A record is an Avro datum of the schema in that file (`.avsc`). In a file or on a connection each has its length before it
 * (4 bytes, big-endian). Needs the package `avsc`: without it the job does not start, and says what to install (`RG050`).
 *
 * @throws StreamError `RG040` without a path.
 */
export function avro<T = unknown>(schema: string): FormatSpec<T> {
  if (typeof schema !== 'string' || schema === '') {
    throw new StreamError('RG040', 'avro() has no schema', "name its file: avro('order.avsc')");
  }
  return { kind: 'avro', options: { schema } };
}

const KINDS: readonly FormatKind[] = ['text', 'json', 'csv', 'bytes', 'avro'];

/** The options of a spec that say what its records are; none for text, which is what they are without it. @throws StreamError `RG004`. */
export function formatOptions(options: Partial<Formatted<unknown>>): Readonly<Record<string, unknown>> {
  const { format, onUndecodable = 'dead-letter' } = options;
  if (onUndecodable !== 'dead-letter' && onUndecodable !== 'fail') {
    const message = `onUndecodable is '${String(onUndecodable)}', but must be dead-letter or fail`;
    throw new StreamError('RG004', message, "use 'dead-letter'");
  }
  if (format === undefined) return {};
  if (typeof format !== 'object' || format === null || !KINDS.includes(format.kind)) {
    const message = `format is ${typeof format === 'string' ? `'${format}'` : `a value of type ${typeof format}`}, not a format`;
    throw new StreamError('RG004', message, "call one: format: json(), of 'raingauge/formats'");
  }
  if (format.kind === 'text') return {};
  return { format: { kind: format.kind, options: format.options }, onUndecodable };
}

/** A format by its name, as a URI has it. @throws StreamError `RG004` for none, `RG040` for Avro without a schema. */
export function formatOf(
  name: string,
  options: { readonly schema?: string | undefined } & CsvOptions,
): FormatSpec<unknown> {
  switch (name) {
    case 'text':
      return text();
    case 'json':
      return json();
    case 'csv':
      return csv(options);
    case 'bytes':
      return bytes();
    case 'avro':
      return avro(options.schema ?? '');
    default: {
      const near = nearest(name, KINDS) ?? 'json';
      throw new StreamError('RG004', `format is '${name}', but must be ${KINDS.join(', ')}`, `use format=${near}`);
    }
  }
}
