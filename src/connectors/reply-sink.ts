/** Answers requests with results: the first one that has a request's id is its answer. */
import { StreamError } from '../core/errors.js';
import { readableJson } from '../core/json.js';
import type { TellSetAside } from '../runtime/set-aside.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { Format } from './formats/format.js';
import { jsonFormat } from './formats/text-formats.js';
import type { OpenRequests } from './open-requests.js';

/** What it is opened with. */
export interface ReplySettings {
  /** The sink's name in the topology. */
  readonly name: string;
  /** Absent: text as it is, and anything else as JSON. */
  readonly format: Format | undefined;
  /** What answers of the format are. */
  readonly contentType: string;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';

/** The content type of a format's answers, by its kind. */
export function contentTypeOf(kind: unknown): string {
  if (kind === 'json') return JSON_TYPE;
  return kind === 'text' || kind === 'csv' ? TEXT : 'application/octet-stream';
}

/** What it may use. */
export interface ReplyServices {
  readonly requests: OpenRequests;
  /** Hears of results that no answer can be made of. */
  readonly setAside: TellSetAside;
}

/** Opens it. An answer goes out at once, and never waits for others. */
export function openReplySink(settings: ReplySettings, services: ReplyServices): SinkWriter {
  return new ReplySink(settings, services);
}

class ReplySink implements SinkWriter {
  readonly ready = true;
  failure: StreamError | undefined;
  readonly #settings: ReplySettings;
  readonly #services: ReplyServices;
  #accepted = 0;

  constructor(settings: ReplySettings, services: ReplyServices) {
    this.#settings = settings;
    this.#services = services;
  }

  /** What no answer can be made of ends the job neither for other clients, nor again after each restart. */
  accept(result: unknown): void {
    const offset = this.#accepted++;
    const { name, format, contentType } = this.#settings;
    const { requests } = this.#services;
    if (!isReply(result)) {
      this.failure ??= new StreamError(
        'RG032',
        `sink '${name}' got a result without the id of a request; it takes { id, value }`,
        'hand the id of each request on: { id, value: … }',
        { operator: `sink:${name}` },
      );
      return;
    }
    const { id, value } = result;
    if (!requests.isAwaited(id)) return requests.tooLate(id);
    try {
      if (format !== undefined) requests.reply(id, format.encode(value), contentType);
      else if (typeof value === 'string') requests.reply(id, value, TEXT);
      else requests.reply(id, jsonFormat.encode(value), JSON_TYPE);
    } catch (cause) {
      if (!(cause instanceof StreamError)) throw cause;
      requests.fail(id, cause.code);
      this.#refused(
        offset,
        result,
        new StreamError(cause.code, `sink '${name}': ${cause.message}`, cause.hint, { cause }),
      );
    }
  }

  #refused(offset: number, result: unknown, error: StreamError): void {
    this.#services.setAside({ partition: 0, offset, value: readableJson(result), error });
  }

  flush(): void {}

  onReady(wake: () => void): void {
    wake();
  }

  async close(): Promise<void> {}
}

function isReply(result: unknown): result is { readonly id: string; readonly value: unknown } {
  return (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { id?: unknown }).id === 'string' &&
    'value' in result
  );
}
