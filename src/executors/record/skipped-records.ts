/** Records that made an exactly-once job go back to its last checkpoint too often: from then on they are passed over. */
import type { StreamError } from '../../core/errors.js';

/** A record of a source. */
export interface SourceRecord {
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
}

/** The records, with what they failed with. */
export class SkippedRecords {
  readonly #errors = new Map<string, StreamError>();

  get count(): number {
    return this.#errors.size;
  }

  add({ source, partition, offset }: SourceRecord, error: StreamError): void {
    this.#errors.set(`${source}:${partition}:${offset}`, error);
  }

  errorOf(source: string, partition: number, offset: number): StreamError | undefined {
    return this.#errors.get(`${source}:${partition}:${offset}`);
  }
}
