/** The schedule of an open-loop source: record i is due at start + i / rate, whatever happened to the ones before. */

/** One partition's share of the schedule. Allocates nothing per record. */
export class Pace {
  /** Records a second of all partitions. */
  readonly rate: number;
  readonly #partitions: number;
  #start: number;
  #index: number;

  /** Partition `index` of `partitions`, at `rate` records a second of all together, of which it has taken so many already. */
  constructor(start: number, rate: number, index: number, partitions: number, taken = 0) {
    this.#start = start;
    this.rate = rate;
    this.#index = index + taken * partitions;
    this.#partitions = partitions;
  }

  /** The time from which the schedule counts: later than the one given when it had to wait. */
  get start(): number {
    return this.#start;
  }

  /** Intended time of the next record (us, whole). */
  get nextDue(): number {
    return this.#due(this.#index);
  }

  /** How many records are due at that time and not yet taken. */
  dueAt(now: number): number {
    if (this.nextDue > now) return 0;
    const last = Math.floor(((now + 1 - this.#start) * this.rate) / 1e6);
    const count = Math.floor((last - this.#index) / this.#partitions) + 1;
    // Where the division comes out whole, the last one is due just behind `now`.
    return this.#due(this.#index + (count - 1) * this.#partitions) > now ? count - 1 : count;
  }

  /** Takes the next record: its intended time. */
  next(): number {
    const due = this.#due(this.#index);
    this.#index += this.#partitions;
    return due;
  }

  /** Nothing was there when it was due: the schedule goes on from `now`. */
  waitUntil(now: number): void {
    if (this.nextDue < now) this.moveTo(now);
  }

  /** The next record is due at `time`, and the others follow from there. */
  moveTo(time: number): void {
    this.#start += time - this.nextDue;
  }

  #due(index: number): number {
    return this.#start + Math.floor((index * 1e6) / this.rate);
  }
}
