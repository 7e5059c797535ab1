/** What a user-written spout is going to hear: acks and fails, told at the beginning of its next turn. */
import type { MessageId } from '../../topology/components.js';

/** One answer. */
export interface SpoutAnswer {
  readonly id: MessageId;
  readonly failed: boolean;
}

/** With `untilDurable` a message that is processed is acked when a checkpoint holds what became of it, or its windows have closed. */
export class SpoutAnswers {
  readonly #untilDurable: boolean;
  #due: SpoutAnswer[] = [];
  /** Processed since the last snapshot, and those that are in a snapshot which is not saved yet. */
  #processed: MessageId[] = [];
  #inSnapshot: MessageId[] = [];
  /** Processed before a watermark, with the one at which their windows have closed. */
  #inWindows: { readonly expiry: number; readonly ids: readonly MessageId[] }[] = [];

  constructor(untilDurable: boolean) {
    this.#untilDurable = untilDurable;
  }

  /** Answers that the spout has not heard yet, though it could. */
  get dueCount(): number {
    return this.#due.length;
  }

  /** Processed messages that wait for a checkpoint. */
  get uncommittedCount(): number {
    const inWindows = this.#inWindows.reduce((sum, { ids }) => sum + ids.length, 0);
    return this.#processed.length + this.#inSnapshot.length + inWindows;
  }

  done(id: MessageId): void {
    if (this.#untilDurable) this.#processed.push(id);
    else this.#due.push({ id, failed: false });
  }

  failed(id: MessageId): void {
    this.#due.push({ id, failed: true });
  }

  take(): readonly SpoutAnswer[] {
    const due = this.#due;
    if (due.length > 0) this.#due = [];
    return due;
  }

  /** A snapshot is taken that holds everything processed so far. */
  snapshot(): void {
    for (const id of this.#processed) this.#inSnapshot.push(id);
    this.#processed = [];
  }

  /** That snapshot is saved. */
  durable(): void {
    for (const id of this.#inSnapshot) this.#due.push({ id, failed: false });
    this.#inSnapshot = [];
  }

  /** What was processed so far is in windows that have closed at that watermark. */
  inWindows(expiry: number): void {
    if (this.#processed.length === 0) return;
    this.#inWindows.push({ expiry, ids: this.#processed });
    this.#processed = [];
  }

  /** All windows up to that watermark have closed, and their results are out. True when there is something to tell. */
  expired(frontier: number): boolean {
    const open = this.#inWindows.findIndex(({ expiry }) => expiry > frontier);
    const expired = this.#inWindows.splice(0, open < 0 ? this.#inWindows.length : open);
    for (const { ids } of expired) for (const id of ids) this.#due.push({ id, failed: false });
    return expired.length > 0;
  }

  /** What was processed and not saved is gone: the spout emits it again. */
  lost(): void {
    for (const { ids } of this.#inWindows) for (const id of ids) this.failed(id);
    this.#inWindows = [];
    this.snapshot();
    for (const id of this.#inSnapshot) this.failed(id);
    this.#inSnapshot = [];
  }
}
