/** POSTs results to a URL: some at a time, again when nobody answered, and never for ever. */
import { createHash } from 'node:crypto';
import { StreamError } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { previewOf, type TellSetAside } from '../runtime/set-aside.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import type { Clock, Scheduler } from '../runtime/world.js';
import { bytesOf, type Format } from './formats/format.js';
import { backOff, type Reply, replyTo } from './webhook-request.js';

/** What a webhook is opened with. Times in us. */
export interface WebhookSettings {
  /** The sink's name in the topology. */
  readonly name: string;
  /** With user and password, if it has them. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly batchMax: number;
  /** Each result goes by itself, under its id. */
  readonly ids?: boolean;
  readonly requestsMax: number;
  readonly timeout: number;
  readonly attemptsMax: number;
}

/** What it may use. */
export interface WebhookServices {
  readonly world: { readonly clock: Clock; readonly scheduler: Scheduler };
  readonly setAside: TellSetAside;
}

/** Some results, as they are sent. */
interface Batch {
  readonly results: readonly (Uint8Array | string)[];
  /** Results of the sink before the first. */
  readonly from: number;
  readonly key: string;
}

/** Batches' worth of results that wait to be sent before the sink says that it is not ready. */
const BATCHES_WAITING_MAX = 16;

/** Opens a webhook. Nothing is sent before there is a result. */
export function openWebhookSink(settings: WebhookSettings, services: WebhookServices): SinkWriter {
  return new WebhookSink(settings, services);
}

class WebhookSink implements SinkWriter {
  readonly #settings: WebhookSettings;
  readonly #services: WebhookServices;
  /** Tells the keys of this life of the job from those of others. */
  readonly #life: string;
  /** Encoded, in order. What comes while a request is on its way goes together with the next. */
  #waiting: (Uint8Array | string)[] = [];
  /** With `ids`: those of what waits. */
  #waitingIds: (string | undefined)[] = [];
  #accepted = 0;
  #sending = 0;
  #wake: (() => void) | undefined;
  #whenSent: (() => void)[] = [];
  readonly #closing = new AbortController();
  failure: StreamError | undefined;

  constructor(settings: WebhookSettings, services: WebhookServices) {
    this.#settings = settings;
    this.#services = services;
    this.#life = Math.floor(services.world.clock.now()).toString(36);
  }

  get ready(): boolean {
    return this.#waiting.length < BATCHES_WAITING_MAX * this.#settings.batchMax || this.failure !== undefined;
  }

  accept(value: unknown, { id }: ResultContext): void {
    if (this.failure !== undefined) return;
    try {
      this.#waiting.push(this.#settings.format.encode(value));
    } catch (cause) {
      if (!(cause instanceof StreamError)) throw cause;
      this.#fail(new StreamError(cause.code, `sink '${this.#settings.name}': ${cause.message}`, cause.hint, { cause }));
      return;
    }
    if (this.#settings.ids === true) this.#waitingIds.push(id);
    this.#accepted++;
    if (this.#waiting.length >= this.#settings.batchMax) this.flush();
  }

  flush(): void {
    while (this.#sending < this.#settings.requestsMax && this.#waiting.length > 0 && this.failure === undefined) {
      const from = this.#accepted - this.#waiting.length;
      const results = this.#waiting.splice(0, this.#settings.batchMax);
      const batch = { results, from, key: this.#keyOf(results, from, this.#waitingIds.shift()) };
      this.#sending++;
      this.#send(batch)
        .catch((bug: unknown) => this.#fail(this.#unsent(batch, `failed: ${String(bug)}`)))
        .finally(() => this.#sent())
        .catch(() => undefined);
    }
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.ready) this.#notify();
  }

  async synced(): Promise<void> {
    this.flush();
    while (this.failure === undefined && this.#sending + this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#whenSent.push(resolve));
    }
    if (this.failure !== undefined) throw this.failure;
  }

  close(): Promise<void> {
    return this.synced();
  }

  /** The same for a batch however often it is tried, and for no other; of a result that has an id, also when the job gives it again. */
  #keyOf(results: readonly (Uint8Array | string)[], from: number, id: string | undefined): string {
    if (id !== undefined) return `${this.#settings.name}-${encodeURIComponent(id)}`;
    const hash = createHash('sha256');
    for (const result of results) hash.update(result).update('\n');
    return `${this.#settings.name}-${this.#life}-${from}-${hash.digest('base64url').slice(0, 16)}`;
  }

  #sent(): void {
    this.#sending--;
    this.flush();
    if (this.ready) this.#notify();
    for (const resolve of this.#whenSent.splice(0)) resolve();
  }

  async #send(batch: Batch): Promise<void> {
    const { attemptsMax } = this.#settings;
    const body = this.#bodyOf(batch.results);
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#try(batch, body);
      if (reply.kind === 'taken' || this.failure !== undefined) return;
      if (reply.kind === 'refused') return this.#refused(batch, reply.what);
      if (attempt === attemptsMax) return this.#fail(this.#unsent(batch, `${reply.what}, ${attemptsMax} times`));
      await this.#wait(Math.max(reply.retryAfter ?? 0, backOff(attempt, batch.key)));
      if (this.failure !== undefined) return;
    }
  }

  async #try(batch: Batch, body: Uint8Array): Promise<Reply> {
    const { clock, scheduler } = this.#services.world;
    const { url, headers, timeout } = this.#settings;
    const tooLate = new AbortController();
    const timer = scheduler.at(clock.now() + timeout, () => tooLate.abort());
    const signal = AbortSignal.any([tooLate.signal, this.#closing.signal]);
    try {
      return await replyTo({ url, headers: { ...headers, 'idempotency-key': batch.key }, body, signal });
    } finally {
      timer.cancel();
    }
  }

  async #wait(delay: number): Promise<void> {
    const { clock, scheduler } = this.#services.world;
    const { signal } = this.#closing;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        timer.cancel();
        resolve();
      };
      const timer = scheduler.at(clock.now() + delay, done);
      signal.addEventListener('abort', done);
    });
  }

  #bodyOf(results: readonly (Uint8Array | string)[]): Uint8Array {
    const isLines = this.#settings.format.framing === 'lines';
    if (isLines) return bytesOf(results.map((line) => `${String(line)}\n`).join(''));
    return new Uint8Array(Buffer.concat(results.map(bytesOf)));
  }

  /** Each result is a dead letter of its own: whoever reads them need not know how they were sent. */
  #refused({ results, from }: Batch, what: string): void {
    const { name, url } = this.#settings;
    for (const [index, result] of results.entries()) {
      const error = new StreamError(
        'RG049',
        `${withoutSecrets(url)} will not take a result of sink '${name}': ${what}`,
        'look at the answer, and at what was sent',
      );
      this.#services.setAside({ partition: 0, offset: from + index, value: previewOf(result), error });
    }
  }

  #unsent({ results }: Batch, what: string): StreamError {
    const { name, url } = this.#settings;
    return new StreamError(
      'RG046',
      `sink '${name}' cannot send ${results.length} results to ${withoutSecrets(url)}: it ${what}`,
      'check the server; the same command with --checkpoint goes on where it was',
    );
  }

  #fail(error: StreamError): void {
    this.failure ??= error;
    this.#waiting = [];
    this.#waitingIds = [];
    this.#closing.abort();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
