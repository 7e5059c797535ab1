/** What the driver knows of one worker in one wiring. */
import type { BarrierReport } from './messages.js';
import { Outbox } from './outbox.js';

/** Turns that a worker may be behind; beyond it sources wait, so that a barrier does not wait long for what is under way. */
const TURNS_AHEAD_MAX = 16;

export class WorkerLink {
  readonly outbox = new Outbox();
  /** Rows that it was sent and has not worked off. */
  outstanding = 0;
  /** Numbers of the last messages each way. */
  said = 0;
  heard = 0;
  isLost = false;
  isEnded = false;
  watermark = Number.NEGATIVE_INFINITY;
  report: BarrierReport | undefined;
  /** The last turn that it has worked off, and the first that tells how it does at its pace of now. */
  #done = 0;
  #telling = 1;

  /** It is there, and has not too much before it. */
  hasRoom(rowsMax: number): boolean {
    return !this.isLost && this.outstanding < rowsMax && this.said - this.#done < TURNS_AHEAD_MAX;
  }

  /** It has worked off a turn. False for one that was on its way when its pace was judged last: it says nothing about the new one. */
  tells(turn: number): boolean {
    this.#done = turn;
    if (turn < this.#telling) return false;
    this.#telling = this.said + 1;
    return true;
  }

  /** It is back after a loss. */
  begin(): void {
    this.outstanding = 0;
    this.said = 0;
    this.heard = 0;
    this.#done = 0;
    this.#telling = 1;
    this.isLost = false;
  }
}
