/** The id of the record at hand: what comes of it gets ids from it, the same whenever the record comes again. Knows no source. */

/**
 * Numbers what is made of one record, in order: `lines/0/7` gives `lines/0/7.0`, `lines/0/7.1`, and a part of that `lines/0/7.1.0`.
 * So ids are the same as long as functions give the same, in the same order, each time.
 */
export class Identity {
  #id: string | undefined;
  #parts = 0;

  /** A record is at hand. Undefined: nothing names it, nor what comes of it. */
  begin(id: string | undefined): void {
    this.#id = id;
    this.#parts = 0;
  }

  /** The same record is tried again. */
  again(): void {
    this.#parts = 0;
  }

  /** The id of the next part. */
  next(): string | undefined {
    return this.#id === undefined ? undefined : `${this.#id}.${this.#parts++}`;
  }
}

/** Gives a record on as it is: between two hosts, and at the last step. */
export class SameIdentity extends Identity {
  #same: string | undefined;

  override begin(id: string | undefined): void {
    this.#same = id;
  }

  override next(): string | undefined {
    return this.#same;
  }
}
