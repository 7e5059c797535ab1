/** What has arrived at one end of a channel: handed to those who listen; what comes before anyone does, waits. */

/** One end's listeners. */
export class Inbox {
  readonly #receivers: ((message: unknown) => void)[] = [];
  readonly #listeners: ((reason: string) => void)[] = [];
  readonly #early: unknown[] = [];
  #reason: string | undefined;

  onMessage(receive: (message: unknown) => void): void {
    this.#receivers.push(receive);
    for (const message of this.#early.splice(0)) receive(message);
  }

  /** Also when it is closed already: then at once. */
  onClose(closed: (reason: string) => void): void {
    if (this.#reason === undefined) this.#listeners.push(closed);
    else closed(this.#reason);
  }

  /** A message behind the close is dropped. */
  take(message: unknown): void {
    if (this.#reason !== undefined) return;
    if (this.#receivers.length === 0) this.#early.push(message);
    else for (const receive of this.#receivers) receive(message);
  }

  /** The first reason counts. */
  close(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const closed of this.#listeners) closed(reason);
  }
}
