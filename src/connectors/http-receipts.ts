/** Who waits to hear that records are safe: answered when the executor commits, in the order of their records. */
import type { Clock, Scheduler, Timer } from '../runtime/world.js';

/** How a request is answered. */
export type Answer = (status: number, body: string | Uint8Array, contentType?: string) => void;

interface Receipt {
  /** Offset behind its last record. */
  readonly end: number;
  readonly records: number;
  readonly answer: Answer;
  readonly timer: Timer;
}

/** Pending receipts. Each is answered once. */
export class HttpReceipts {
  readonly #world: { readonly clock: Clock; readonly scheduler: Scheduler };
  readonly #timeout: number;
  readonly #pending = new Set<Receipt>();
  #committed: number;

  /** `committed`: records that are safe already. `timeout` in us. */
  constructor(world: { readonly clock: Clock; readonly scheduler: Scheduler }, timeout: number, committed: number) {
    this.#world = world;
    this.#timeout = timeout;
    this.#committed = committed;
  }

  get count(): number {
    return this.#pending.size;
  }

  /** Answers when everything below `end` is committed. Gives back how to forget it, when its client is gone. */
  add(end: number, records: number, answer: Answer): () => void {
    if (end <= this.#committed) {
      answer(200, received(records));
      return () => undefined;
    }
    const receipt: Receipt = {
      end,
      records,
      answer,
      timer: this.#world.scheduler.at(this.#world.clock.now() + this.#timeout, () => {
        if (this.#pending.delete(receipt)) answer(503, 'these records are not safe yet: send them again\n');
      }),
    };
    this.#pending.add(receipt);
    return () => {
      receipt.timer.cancel();
      this.#pending.delete(receipt);
    };
  }

  /** Everything below that offset is safe. */
  commit(offset: number): void {
    this.#committed = Math.max(this.#committed, offset);
    for (const receipt of this.#pending) {
      if (receipt.end > offset) return;
      receipt.timer.cancel();
      this.#pending.delete(receipt);
      receipt.answer(200, received(receipt.records));
    }
  }

  /** Nothing more will be committed. */
  close(): void {
    for (const { timer, answer } of this.#pending) {
      timer.cancel();
      answer(503, 'the job has ended before these records were safe: send them again\n');
    }
    this.#pending.clear();
  }
}

function received(records: number): string {
  return `${JSON.stringify({ records })}\n`;
}
