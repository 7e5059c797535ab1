/** Answers requests with results: the first one that has a request's id is its answer. */
import { StreamError } from '../core/errors.js';
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

/** Opens it. An answer goes out at once, and never waits for others. */
export function openReplySink(settings: ReplySettings, requests: OpenRequests): SinkWriter {
  return new ReplySink(settings, requests);
}

class ReplySink implements SinkWriter {
  readonly ready = true;
  readonly #settings: ReplySettings;
  readonly #requests: OpenRequests;
  failure: StreamError | undefined;

  constructor(settings: ReplySettings, requests: OpenRequests) {
    this.#settings = settings;
    this.#requests = requests;
  }

  accept(result: unknown): void {
    if (this.failure !== undefined) return;
    const { name, format, contentType } = this.#settings;
    if (!isReply(result)) {
      this.failure = new StreamError(
        'RG032',
        `sink '${name}' got a result without the id of a request; it takes { id, value }`,
        'hand the id of each request on: { id, value: … }',
        { operator: `sink:${name}` },
      );
      return;
    }
    const { id, value } = result;
    try {
      if (format !== undefined) this.#requests.reply(id, format.encode(value), contentType);
      else if (typeof value === 'string') this.#requests.reply(id, value, TEXT);
      else this.#requests.reply(id, jsonFormat.encode(value), JSON_TYPE);
    } catch (cause) {
      if (!(cause instanceof StreamError)) throw cause;
      this.failure = new StreamError(cause.code, `sink '${name}': ${cause.message}`, cause.hint, { cause });
    }
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
