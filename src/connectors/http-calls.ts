/** Requests to an HTTP source that are answered with a result. */
import type { Answer } from './http-receipts.js';
import type { OpenRequests } from './open-requests.js';

/** How a source takes them. */
export interface HttpCallsParts {
  /** Absent where input is only recorded: then there is no result, and the client hears so. */
  readonly requests: OpenRequests | undefined;
  /** The source's name. */
  readonly source: string;
  /** us. */
  readonly timeout: number;
}

export class HttpCalls {
  readonly #parts: HttpCallsParts;
  #recorded = 0;

  constructor(parts: HttpCallsParts) {
    this.#parts = parts;
    parts.requests?.open(parts.source);
  }

  get count(): number {
    return this.#parts.requests?.count(this.#parts.source) ?? 0;
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#parts.requests?.counted(this.#parts.source) };
  }

  /** The record at `offset` that stands for a request, and how to forget the request when its client is gone. */
  begin(value: unknown, offset: number, answer: Answer): { readonly record: object; readonly forget: () => void } {
    const { requests, source, timeout } = this.#parts;
    if (requests === undefined) {
      answer(202, 'the request is recorded: this run answers nobody\n');
      return { record: { id: `${source}/recorded-${++this.#recorded}`, value }, forget: () => undefined };
    }
    const id = requests.begin(source, offset, timeout, answer);
    return { record: { id, value }, forget: () => requests.forget(source, id) };
  }

  close(): void {
    this.#parts.requests?.close(this.#parts.source);
  }
}
