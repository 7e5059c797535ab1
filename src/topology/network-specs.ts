/** Sources and sinks of the network that wait for others, or call them, as plain specs. Nothing here opens a socket. */
import { StreamError } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { type Duration, seconds } from '../core/time.js';
import { type FormatSpec, type Formatted, formatOptions, json } from './formats.js';
import {
  checkOneOf,
  checkPort,
  checkWhole,
  checkYesOrNo,
  LIVE,
  type LineOptions,
  lineOptions,
} from './source-specs.js';
import type { SinkSpec, SourceSpec } from './specs.js';

/** Options of `tcpServer`. */
export interface TcpServerOptions extends LineOptions {
  readonly port: number;
  /** Where it listens. Default 127.0.0.1: only this machine. */
  readonly host?: string | undefined;
  /** Connections at a time; a further one is closed at once and counted. Default 64. */
  readonly connectionsMax?: number | undefined;
  /** A connection that sends nothing for so long is closed. Default 10 minutes. */
  readonly idleTimeout?: Duration | undefined;
}

/** Options of `http`. */
export interface HttpOptions extends LineOptions {
  readonly port: number;
  /** Where it listens. Default 127.0.0.1: only this machine. */
  readonly host?: string | undefined;
  /** Default `/`. */
  readonly path?: string | undefined;
  /** A record is a line of the body, or as the format cuts it (`each`), or the body is one (`body`). Default `each`. */
  readonly records?: 'each' | 'body' | undefined;
  /** A larger body is refused with 413. Default 1 MiB. */
  readonly bodyBytesMax?: number | undefined;
  /** Requests that are read or wait for their receipt; a further one is refused with 429. Default 64. */
  readonly requestsMax?: number | undefined;
  /** A request must be whole after so long. Default 30 s. */
  readonly requestTimeout?: Duration | undefined;
  /** A request whose records are not safe after so long is answered 503. Default 30 s. */
  readonly receiptTimeout?: Duration | undefined;
}

/** Options of `webhook`. */
export interface WebhookOptions {
  /** Default JSON: a line for each result. */
  readonly format?: FormatSpec<unknown> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * One result a request, whose `Idempotency-Key` is the result's id: the same also when the job gives it again, after a replay or on the same
   * checkpoint folder. Default false: the key is the same only for tries of one request.
   */
  readonly ids?: boolean | undefined;
  /** Results of one request at most. Default 500; with `ids` 1. */
  readonly batchMax?: number | undefined;
  /** Requests at a time. Default 1: results arrive in order. */
  readonly requestsMax?: number | undefined;
  /** Without an answer for so long a request counts as failed. Default 10 s. */
  readonly timeout?: Duration | undefined;
  /** Times that a request is tried before the job fails with `RG046`. Default 8. */
  readonly attemptsMax?: number | undefined;
}

/**
 * The lines that clients send to a TCP port: `tcpServer(9999)`, then `nc localhost 9999 < log.txt`.
 *
 * Lines of one connection stay in order. A line that is too long ends its connection and is set aside, and harms no other. Cannot be read
 * again: a client that wants to know that its lines are safe uses `http`.
 *
 * @throws StreamError `RG004`, `RG011` for a wrong option.
 */
export function tcpServer(port: number | TcpServerOptions): SourceSpec<string>;
export function tcpServer<T>(options: TcpServerOptions & Formatted<T>): SourceSpec<T>;
export function tcpServer(given: number | (TcpServerOptions & Partial<Formatted<unknown>>)): SourceSpec<never> {
  const options: TcpServerOptions & Partial<Formatted<unknown>> = typeof given === 'number' ? { port: given } : given;
  const { port, host = LOOPBACK, connectionsMax = 64, idleTimeout = seconds(600) } = options;
  checkPort(port);
  checkWhole('connectionsMax', connectionsMax, 1);
  checkWhole('idleTimeout', idleTimeout, 1);
  const read = { ...lineOptions(options), ...formatOptions(options) };
  return {
    role: 'source',
    kind: 'tcp-server',
    options: { host, port, connectionsMax, idleTimeout, ...read },
    capabilities: LIVE,
  };
}

/**
 * The bodies that clients POST: `http(8080)`, then `curl --data-binary @log.txt localhost:8080`.
 *
 * 1. A client gets `200` once its records are safe: a checkpoint or the log holds them, or, without `--checkpoint`, they are processed.
 * 2. Until then it waits. While the job is behind, requests are refused at once with `429` and `Retry-After`; a job that ends, or is not
 *    done in time, answers `503`. A client that was not told `200` sends again, so that its records may come twice, and are never lost.
 * 3. A request counts whole or not at all. One that is too large is refused with `413`, one with a record that does not decode with `400`;
 *    that record is also set aside.
 *
 * @throws StreamError `RG004`, `RG011` for a wrong option.
 */
export function http(port: number | HttpOptions): SourceSpec<string>;
export function http<T>(options: HttpOptions & Formatted<T>): SourceSpec<T>;
export function http(given: number | (HttpOptions & Partial<Formatted<unknown>>)): SourceSpec<never> {
  const options: HttpOptions & Partial<Formatted<unknown>> = typeof given === 'number' ? { port: given } : given;
  const { port, host = LOOPBACK, path = '/', records = 'each', bodyBytesMax = 1_048_576, requestsMax = 64 } = options;
  const { requestTimeout = seconds(30), receiptTimeout = seconds(30) } = options;
  checkPort(port);
  checkOneOf('records', records, ['each', 'body']);
  for (const [name, value] of Object.entries({ bodyBytesMax, requestsMax, requestTimeout, receiptTimeout })) {
    checkWhole(name, value, 1);
  }
  const limits = { bodyBytesMax, requestsMax, requestTimeout, receiptTimeout };
  const read = { ...lineOptions(options), ...formatOptions(options) };
  return {
    role: 'source',
    kind: 'http',
    options: { host, port, path, records, ...limits, ...read },
    capabilities: LIVE,
  };
}

/**
 * POSTs results to a URL, some at a time.
 *
 * 1. Each request has an `Idempotency-Key`, the same when it is tried again, so that a receiver that knows it can drop what it has.
 * 2. No answer, `408`, `429` and `5xx` are tried again after growing waits with jitter, or as `Retry-After` says; after `attemptsMax` the
 *    job fails with `RG046`.
 * 3. Any other `4xx` is for good: the results are set aside as dead letters with the answer (`RG049`), and the job goes on.
 *
 * At most at-least-once: a job that goes on after a fault cuts its requests otherwise. User and password of the URL, and all headers, appear
 * in no message, log or report.
 *
 * @throws StreamError `RG006` for what is no http or https URL, `RG011` for a limit that is none.
 */
export function webhook(url: string, options: WebhookOptions = {}): SinkSpec<unknown> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    const message = `'${withoutSecrets(String(url))}' is no http or https URL`;
    throw new StreamError('RG006', message, "write webhook('https://example.org/counts')");
  }
  const { ids = false } = options;
  checkYesOrNo('ids', ids);
  const {
    batchMax = ids ? 1 : 500,
    requestsMax = 1,
    timeout = seconds(10),
    attemptsMax = 8,
    format = json(),
    headers = {},
  } = options;
  for (const [name, value] of Object.entries({ batchMax, requestsMax, timeout, attemptsMax }))
    checkWhole(name, value, 1);
  if (ids && batchMax > 1) {
    const message = `batchMax is ${batchMax}, but with ids a request has one result: its key is the result's id`;
    throw new StreamError('RG011', message, 'leave out batchMax, or ids');
  }
  const limits = { batchMax, requestsMax, timeout, attemptsMax, ...(ids && { ids }) };
  const encoding = formatOptions({ format })['format'];
  return {
    role: 'sink',
    kind: 'webhook',
    options: { url: withoutSecrets(url), ...limits, ...(encoding === undefined ? {} : { format: encoding }) },
    capabilities: { guarantee: 'at-least-once', delivery: 'record', ...(ids && { ids }) },
    // Apart from the options, which are plain data that plans, logs and documents show.
    functions: { url, headers: JSON.stringify(headers) },
  };
}

const LOOPBACK = '127.0.0.1';
