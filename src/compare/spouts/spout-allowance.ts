/** How much one task of a spout may still give, so that it ends whatever it says. It knows messages by what became of them only. */

/** How much a spout gives in all its tasks, so that also an endless one ends. */
export interface SpoutPace {
  /** Calls of `nextTuple` that emitted something new. */
  readonly calls: number;
  /** Between two of them (us): faults are to strike in between. */
  readonly every: number;
}

/** The share of one task: the first ones have what is left over. */
export function shareOf({ calls, every }: SpoutPace, task: number, tasks: number): SpoutPace {
  return { calls: Math.floor(calls / tasks) + (task < calls % tasks ? 1 : 0), every: every * tasks };
}

/** Once its time is over, a spout has run out that gave nothing for so long (us), and in so many calls. */
const SILENCE = 1_000_000;
const SILENT_CALLS = 5;

/**
 * 1. A call is spent when it emitted something new: what failed comes again beyond all that, whenever it failed.
 * 2. Once all calls are spent, the spout is called while it may emit again what failed; what is new then is withheld.
 * 3. When the time that all calls take is over, one that has long been silent has run out: Storm's spouts do not say so.
 */
export class SpoutAllowance {
  readonly #pace: SpoutPace;
  readonly #start: number;
  #spent = 0;
  #isCalled = false;
  #isSpending = false;
  #isSilent = true;
  #silentCalls = 0;
  #heardAt: number;

  constructor(pace: SpoutPace, start: number) {
    this.#pace = pace;
    this.#start = start;
    this.#heardAt = start;
  }

  /** What the spout may do at that time. `mayRepeat`: something failed that it has not emitted again. */
  at(now: number, mayRepeat: boolean): 'call' | 'wait' | 'over' {
    if ((this.#isSpent && !mayRepeat) || this.#hasRunOut(now)) return 'over';
    return this.#isSpent || now >= this.#start + this.#spent * this.#pace.every ? 'call' : 'wait';
  }

  /** Calls the spout. */
  call<T>(nextTuple: () => T): T {
    this.#isCalled = true;
    this.#isSilent = true;
    try {
      return nextTuple();
    } finally {
      this.#isCalled = false;
      if (this.#isSpending) this.#spent += 1;
      this.#isSpending = false;
      this.#silentCalls = this.#isSilent ? this.#silentCalls + 1 : 0;
    }
  }

  /** The spout emits, in a call or by itself. False: the message is withheld, as if the input had ended before it. */
  emits(now: number, isRepeat: boolean): boolean {
    if (!isRepeat && this.#isSpent) return false;
    if (!isRepeat && this.#isCalled) this.#isSpending = true;
    else if (!isRepeat) this.#spent += 1;
    this.heard(now);
    return true;
  }

  /** Something happened to which the spout may still have an answer. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#isSilent = false;
    this.#silentCalls = 0;
  }

  get #isSpent(): boolean {
    return this.#spent >= this.#pace.calls;
  }

  #hasRunOut(now: number): boolean {
    const { calls, every } = this.#pace;
    const isLong = now >= Math.max(this.#start + calls * every, this.#heardAt + SILENCE);
    return isLong && this.#silentCalls >= SILENT_CALLS;
  }
}
