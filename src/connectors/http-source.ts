/** Takes records that clients POST, and tells a client so only when its records are safe; or answers it with a result. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { StreamError } from '../core/errors.js';
import { previewOf } from '../runtime/set-aside.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import type { Clock, Scheduler } from '../runtime/world.js';
import type { Decoding } from './formats/open-format.js';
import { HttpCalls } from './http-calls.js';
import { type Answer, HttpReceipts } from './http-receipts.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { listening } from './listening.js';
import type { OpenRequests } from './open-requests.js';
import { RecordDecoder, type Undecoded } from './record-decoder.js';
import { ValueBuffer } from './value-buffer.js';

/** Options of the spec. Times in us. */
export interface HttpSettings extends Omit<LineDecoderOptions, 'from'> {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly records: 'each' | 'body';
  readonly bodyBytesMax: number;
  readonly requestsMax: number;
  readonly requestTimeout: number;
  readonly receiptTimeout: number;
  /** Requests are answered with a result. */
  readonly reply?: boolean;
  readonly replyTimeout?: number;
}

/** Who answers requests with results, and for which source. */
export interface Replying {
  readonly name: string;
  readonly requests: OpenRequests | undefined;
}

/** An open source, with the port it listens on. */
export interface HttpSource extends RawSource {
  readonly port: number;
}

/** Bytes of a request's headers. */
const HEADER_BYTES_MAX = 16_384;
/** Connections beside those whose requests are at work: idle ones, and those that are about to be refused. */
const IDLE_CONNECTIONS_MAX = 256;
/** Bytes of a refused body that are read and dropped before its connection is cut. */
const DROPPED_BYTES_MAX = 8_388_608;
/** How long clients have to take their last answers when the source closes (us). */
const CLOSE_GRACE = 1_000_000;
/** When a client that was refused may come again (s). */
const RETRY_AFTER_S = 1;
/** How often connections are looked at whose time is over (ms). */
const TIMEOUT_CHECK_MS_MAX = 1_000;

/**
 * Listens for requests. `from`: records that an earlier process has done with.
 *
 * @throws StreamError `RG043` when the port cannot be had.
 */
export async function openHttpSource(
  settings: HttpSettings,
  world: { readonly clock: Clock; readonly scheduler: Scheduler },
  decoding?: Decoding,
  from = 0,
  replying?: Replying,
): Promise<HttpSource> {
  const reader = new HttpReader(settings, world, decoding, from, replying);
  const port = await listening(reader.server, settings);
  return {
    port,
    partitions: [reader.partition],
    counters: () => reader.counters(),
    close: () => reader.close(),
  };
}

class HttpReader {
  readonly server: Server;
  readonly partition: RawPartition;
  readonly #settings: HttpSettings;
  readonly #world: { readonly clock: Clock; readonly scheduler: Scheduler };
  readonly #decoding: Decoding | undefined;
  readonly #buffer: ValueBuffer;
  readonly #receipts: HttpReceipts;
  readonly #calls: HttpCalls | undefined;
  #reading = 0;
  #refused = 0;
  #undecodable = 0;
  #invalidLines = 0;

  constructor(
    settings: HttpSettings,
    world: { readonly clock: Clock; readonly scheduler: Scheduler },
    decoding: Decoding | undefined,
    from: number,
    replying: Replying | undefined,
  ) {
    this.#settings = settings;
    this.#world = world;
    this.#decoding = decoding;
    const buffer = new ValueBuffer(from);
    this.#buffer = buffer;
    const receipts = new HttpReceipts(world, settings.receiptTimeout, from);
    this.#receipts = receipts;
    const { reply, replyTimeout: timeout } = settings;
    if (reply === true && replying !== undefined && timeout !== undefined)
      this.#calls = new HttpCalls({ requests: replying.requests, source: replying.name, timeout });
    this.partition = {
      take: (values, max) => buffer.take(values, max),
      onReady: (wake) => buffer.onReady(wake),
      get failure() {
        return buffer.failure;
      },
      commit: (offset) => receipts.commit(offset),
    };
    const timeoutMs = Math.max(1, Math.ceil(settings.requestTimeout / 1_000));
    this.server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: timeoutMs,
        headersTimeout: timeoutMs,
        connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS_MAX, timeoutMs),
      },
      (request, response) => void this.#serve(request, response),
    );
    // A client that asks first is refused before it has sent its body.
    this.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response, true);
    });
    this.server.maxConnections = settings.requestsMax + IDLE_CONNECTIONS_MAX;
  }

  counters(): Readonly<Record<string, number>> {
    const counted = {
      refusedRequests: this.#refused,
      invalidUtf8Lines: this.#invalidLines,
      ...this.#calls?.counters(),
    };
    return this.#decoding === undefined ? counted : { ...counted, undecodableRecords: this.#undecodable };
  }

  async close(): Promise<void> {
    this.#buffer.end();
    this.#receipts.close();
    this.#calls?.close();
    const { clock, scheduler } = this.#world;
    const late = scheduler.at(clock.now() + CLOSE_GRACE, () => this.server.closeAllConnections());
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    late.cancel();
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse, isAsking = false): Promise<void> {
    const answer = answering(request, response);
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      this.#refused++;
      return answer(...refusal);
    }
    if (isAsking) response.writeContinue();
    this.#reading++;
    try {
      const body = await readBody(request, this.#settings.bodyBytesMax);
      if (body === undefined) {
        this.#refused++;
        return answer(413, `a body may have ${this.#settings.bodyBytesMax} bytes\n`);
      }
      this.#take(body, request, response, answer);
    } catch {
      // The client is gone, or was too slow; nothing of its request was taken.
      response.destroy();
    } finally {
      this.#reading--;
    }
  }

  #refusalOf(request: IncomingMessage): readonly [number, string] | undefined {
    const { path, requestsMax, bodyBytesMax } = this.#settings;
    const { method, url = '', headers } = request;
    if (url.split('?')[0] !== path) return [404, `records go to ${path}\n`];
    if (method !== 'POST') return [405, 'records are sent with POST\n'];
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') return [415, 'send the body as it is\n'];
    if (Number(headers['content-length'] ?? 0) > bodyBytesMax) return [413, `a body may have ${bodyBytesMax} bytes\n`];
    if (!this.#buffer.isOpen) return [503, 'the job has ended\n'];
    const waiting = this.#receipts.count + (this.#calls?.count ?? 0);
    const isBehind = this.#buffer.isFull || this.#reading + waiting >= requestsMax;
    return isBehind ? [429, 'the job is behind: send it again later\n'] : undefined;
  }

  /** Takes all records of a request, or none. */
  #take(body: Uint8Array, request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const from = `a request of ${request.socket.remoteAddress ?? 'a client'}`;
    const values: unknown[] = [];
    const undecoded: Undecoded[] = [];
    try {
      this.#decode(body, from, values, undecoded);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#refused++;
      const [letter] = undecoded;
      if (letter !== undefined) {
        this.#undecodable++;
        this.#decoding?.setAside({ partition: 0, offset: this.#buffer.received, value: letter.value, error });
      }
      return answer(error.code === 'RG044' ? 413 : 400, `${error.message}\n`);
    }
    if (!this.#buffer.isOpen) return answer(503, 'the job has ended\n');
    if (this.#calls === undefined) {
      this.#buffer.add(values);
      whenGone(request, response, this.#receipts.add(this.#buffer.received, values.length, answer));
    } else if (values.length === 1) {
      const { record, forget } = this.#calls.begin(values[0], this.#buffer.received, answer);
      this.#buffer.add([record]);
      whenGone(request, response, forget);
    } else {
      this.#refused++;
      answer(400, 'there is no record in the body\n');
    }
  }

  #decode(body: Uint8Array, from: string, values: unknown[], undecoded: Undecoded[]): void {
    const { format } = this.#decoding ?? {};
    if (this.#settings.records === 'body') {
      try {
        const value = format === undefined ? new TextDecoder().decode(body) : format.decode(body, { from, number: 1 });
        if (value !== undefined) values.push(value);
      } catch (error) {
        if (error instanceof StreamError) undecoded.push({ at: 0, value: previewOf(body), error });
        throw error;
      }
      return;
    }
    const decoding = this.#decoding && ({ ...this.#decoding, onUndecodable: 'dead-letter' } as const);
    const decoder = new RecordDecoder({ ...this.#settings, from }, decoding, 1);
    decoder.push(body, values, undecoded);
    decoder.end(values, undecoded);
    this.#invalidLines += decoder.invalidLines;
  }
}

/** Tells once. A client that sends ahead has requests whose responses have no socket yet, and never close. */
function whenGone({ socket }: IncomingMessage, response: ServerResponse, tell: () => void): void {
  const gone = (): void => {
    socket.off('close', gone);
    response.off('close', gone);
    tell();
  };
  socket.setMaxListeners(0);
  socket.once('close', gone);
  response.once('close', gone);
}

/** The rest of a refused body is read and dropped, up to a limit: a client that is cut off in the middle would not see the answer. */
function answering(request: IncomingMessage, response: ServerResponse): Answer {
  return (status, body, contentType) => {
    if (response.writableEnded || response.destroyed) return;
    if (!request.complete) drop(request);
    response.writeHead(status, {
      'Content-Type': contentType ?? (status === 200 ? 'application/json' : 'text/plain; charset=utf-8'),
      ...(status === 429 || status === 503 ? { 'Retry-After': String(RETRY_AFTER_S) } : {}),
      ...(status === 405 ? { Allow: 'POST' } : {}),
    });
    response.end(body);
  };
}

function drop(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > DROPPED_BYTES_MAX) request.destroy();
  });
  request.resume();
}

/** The whole body; undefined when it is larger than that. Rejects when the client goes away. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else {
        request.pause();
        resolve(undefined);
      }
    });
    request.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
    request.on('close', () => reject(new Error('the client is gone')));
    request.on('error', reject);
  });
}
