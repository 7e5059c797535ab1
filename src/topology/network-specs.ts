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
  /**
   * A request is answered with the result that the sink `reply()` gets for its id: each body is one record, `{ id, value }`. Default false: it gets
   * a receipt.
   */
  readonly reply?: boolean | undefined;
  /** With `reply`: a request without a result after so long is answered 504. Default 30 s. */
  readonly replyTimeout?: Duration | undefined;
}

/** A request, or what answers it: the id stays the same on the way through the job. Source: Storm, `[args, return-info]` of `DRPCSpout`. */
export interface HttpCall<T> {
  readonly id: string;
  readonly value: T;
}

/** Options of `reply`. */
export interface ReplyOptions {
  /** Default: text as it is (`text/plain`), and anything else as JSON. */
  readonly format?: FormatSpec<unknown> | undefined;
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
 * With `reply: true` a client gets the result of its request, and not a receipt: Storm's distributed calls (DRPC).
 *
 * 1. Each body is one record `{ id, value }`. The first result with its id that the sink `reply()` gets is the answer, with `200`. A result of a
 *    replay comes too late, and is counted (`lateReplies`). It says nothing of what a checkpoint has.
 * 2. `504`: no result within `replyTimeout`. `500`: the record was set aside at the source, which record mode knows of every tuple, and
 *    micro-batches of what fails before an exchange. `503`: the job has ended.
 * 3. A client that is gone is forgotten; its record goes on. `requestsMax` limits the requests that wait; a further one is refused with `429`.
 *
 * @throws StreamError `RG004`, `RG011` for a wrong option; the run throws `RG013` where there is `reply: true` and no sink `reply()`.
 */
export function http<T>(options: HttpOptions & { readonly reply: true } & Formatted<T>): SourceSpec<HttpCall<T>>;
export function http(options: HttpOptions & { readonly reply: true }): SourceSpec<HttpCall<string>>;
export function http(port: number | HttpOptions): SourceSpec<string>;
export function http<T>(options: HttpOptions & Formatted<T>): SourceSpec<T>;
export function http(given: number | (HttpOptions & Partial<Formatted<unknown>>)): SourceSpec<never> {
  const options: HttpOptions & Partial<Formatted<unknown>> = typeof given === 'number' ? { port: given } : given;
  const {
    port,
    host = LOOPBACK,
    path = '/',
    bodyBytesMax = 1_048_576,
    requestsMax = 64,
    reply: replies = false,
  } = options;
  const { requestTimeout = seconds(30), receiptTimeout = seconds(30), replyTimeout = seconds(30) } = options;
  checkYesOrNo('reply', replies);
  const { records = replies ? 'body' : 'each' } = options;
  checkPort(port);
  checkOneOf('records', records, ['each', 'body']);
  if (replies && records !== 'body') {
    const message = "records is 'each', but with reply a request is one record: its body";
    throw new StreamError('RG004', message, "leave out records, or write records: 'body'");
  }
  for (const [name, value] of Object.entries({
    bodyBytesMax,
    requestsMax,
    requestTimeout,
    receiptTimeout,
    replyTimeout,
  })) {
    checkWhole(name, value, 1);
  }
  const limits = { bodyBytesMax, requestsMax, requestTimeout, receiptTimeout };
  const read = { ...lineOptions(options), ...formatOptions(options) };
  return {
    role: 'source',
    kind: 'http',
    options: { host, port, path, records, ...limits, ...read, ...(replies && { reply: true, replyTimeout }) },
    capabilities: LIVE,
  };
}

/**
 * Answers the requests of the job's sources `http({ …, reply: true })`: a result is `{ id, value }`, and its value goes to the client of that
 * request, at once. The second result of a request, and one that comes too late, goes to nobody.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { type HttpCall, http } from 'raingauge/sources';
 * import { reply } from 'raingauge/sinks';
 * import { runIntervals } from 'raingauge/testing';
 *
 * // curl --data hello localhost:3772/exclamation gives hello!
 * const job = topology('exclamation', (t) => {
 *   const calls = t.source('calls', http({ port: 3772, path: '/exclamation', reply: true }));
 *   t.setBasicBolt<HttpCall<string>, HttpCall<string>>('exclaim', () => ({
 *     execute: ({ values: { id, value } }, out) => out.emit({ id, value: `${value}!` }),
 *   }))
 *     .shuffleGrouping(calls)
 *     .to('answers', reply());
 * });
 * const inputs = { calls: [[{ id: '1', value: 'hello' }]] };
 * const { outputs } = await runIntervals(job, { mode: 'record', inputs });
 * console.log(outputs['answers']); // [[{ id: '1', value: 'hello!' }]]
 * ```
 *
 * At most at-least-once: an answer cannot be taken back, also where what it came of is done again.
 *
 * @throws StreamError the run throws `RG013` where no source takes requests, and fails with `RG032` for a result without an id, `RG049` for a
 * value that the format cannot hold.
 * Source: Storm, `ReturnResults`.
 */
export function reply(options: ReplyOptions = {}): SinkSpec<HttpCall<unknown>> {
  const { format } = options;
  if (format !== undefined) formatOptions({ format });
  return {
    role: 'sink',
    kind: 'reply',
    options: format === undefined ? {} : { format: { kind: format.kind, options: format.options } },
    capabilities: { guarantee: 'at-least-once', delivery: 'record' },
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
