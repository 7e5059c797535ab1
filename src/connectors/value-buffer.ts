/** The one partition of a source that is pushed to: values wait here, bounded, between the input and whoever polls. */
import type { StreamError } from '../core/errors.js';
import type { TellSetAside } from '../runtime/set-aside.js';
import type { RawPartition } from '../runtime/source.js';
import type { Undecoded } from './record-decoder.js';

/** Values that may wait; beyond it the input is not read. One chunk of the input may go over it. */
export const VALUES_BUFFERED_MAX = 16_384;

/** Takes runs of values in and hands them out. */
export class ValueBuffer implements RawPartition {
  readonly #setAside: TellSetAside | undefined;
  /** Of the first run, `#used` values are gone. */
  #runs: unknown[][] = [];
  #used = 0;
  #waiting = 0;
  /** What did not decode, told once all that came before it is handed out; `at` counts as `received` does. */
  readonly #undecoded: Undecoded[] = [];
  #state: 'open' | 'ended' | StreamError = 'open';
  /** Values that came, those before this process included. */
  received: number;
  /** Values that had come when the job was asked to stop. */
  #finishAt: number | undefined;
  #wake: (() => void) | undefined;
  #hasRoom: (() => void)[] = [];

  /** `before`: values that an earlier process has read. */
  constructor(before = 0, setAside?: TellSetAside) {
    this.received = before;
    this.#setAside = setAside;
  }

  /** Known only once the values before it are handed out. */
  get failure(): StreamError | undefined {
    return typeof this.#state === 'object' && this.#waiting === 0 ? this.#state : undefined;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isFull(): boolean {
    return this.#waiting + this.#undecoded.length >= VALUES_BUFFERED_MAX;
  }

  /** Values that nobody has taken yet. */
  get waitingCount(): number {
    return this.#waiting;
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    let left = Math.min(max, this.#waiting);
    this.#waiting -= left;
    while (left > 0) {
      const run = this.#runs[0]!;
      const end = Math.min(run.length, this.#used + left);
      for (let at = this.#used; at < end; at++) values.push(run[at]);
      left -= end - this.#used;
      this.#used = end;
      if (end === run.length) {
        this.#runs.shift();
        this.#used = 0;
      }
    }
    if (this.#undecoded.length > 0) this.#tellUndecoded();
    if (this.#waiting <= VALUES_BUFFERED_MAX / 2) this.#release();
    if (this.#waiting > 0) return 'more';
    return this.#state === 'ended' ? 'ended' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#waiting > 0 || this.#undecoded.length > 0 || this.#state !== 'open') this.#notify();
  }

  /** What comes after the first question does not count. */
  finishes(): boolean {
    this.#finishAt ??= this.received;
    return this.handedOut < this.#finishAt;
  }

  /** Takes a run over, with what did not decode between its values. Nothing happens once the buffer is closed. */
  add(values: unknown[], undecoded: readonly Undecoded[] = []): void {
    if (!this.isOpen) return;
    for (const record of undecoded) this.#undecoded.push({ ...record, at: this.received + record.at });
    if (values.length > 0) {
      this.#runs.push(values);
      this.#waiting += values.length;
      this.received += values.length;
    }
    if (values.length > 0 || undecoded.length > 0) this.#notify();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#release();
    this.#notify();
  }

  fail(error: StreamError): void {
    if (this.#state === 'open') this.#state = error;
    this.#release();
    this.#notify();
  }

  /** Resolves when there is room for more, at once if there is some already. */
  room(): Promise<void> | undefined {
    if (!this.isFull || !this.isOpen) return undefined;
    return new Promise((resolve) => this.#hasRoom.push(resolve));
  }

  /** Values that were taken, those before this process included. */
  protected get handedOut(): number {
    return this.received - this.#waiting;
  }

  #tellUndecoded(): void {
    const handedOut = this.handedOut;
    const next = this.#undecoded.findIndex(({ at }) => at > handedOut);
    for (const { at, value, error } of this.#undecoded.splice(0, next < 0 ? this.#undecoded.length : next)) {
      this.#setAside?.({ partition: 0, offset: at, value, error });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    for (const resolve of this.#hasRoom.splice(0)) resolve();
  }
}
