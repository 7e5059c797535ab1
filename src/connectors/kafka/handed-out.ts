/** The way back from counts of records to offsets of Kafka, which have gaps where markers, aborted or compacted records lie. */

/** From this record on, counted from the beginning of the job, offsets of the partition are the count and so much more. */
interface Shift {
  readonly from: number;
  readonly partition: number;
  readonly by: number;
}

/** What was handed out and is not committed yet. Grows by an entry for each gap, and each time that another partition has its turn. */
export class HandedOut {
  /** Records handed out, by earlier processes too. */
  taken: number;
  #committed: number;
  #shifts: Shift[] = [];

  constructor(taken: number) {
    this.taken = taken;
    this.#committed = taken;
  }

  /** Everything that was handed out is committed. */
  get isCommitted(): boolean {
    return this.#committed === this.taken;
  }

  /** A record with that offset in Kafka is handed out. */
  count(partition: number, offset: number): void {
    const by = offset - this.taken;
    const last = this.#shifts.at(-1);
    if (last?.by !== by || last.partition !== partition) this.#shifts.push({ from: this.taken, partition, by });
    this.taken++;
  }

  /** Everything below that count is durable: gives, of the partitions that moved on, the offset in Kafka behind it. */
  commit(count: number): ReadonlyMap<number, number> {
    const moved = new Map<number, number>();
    if (count <= this.#committed) return moved;
    this.#committed = count;
    const last = this.#shifts.findLastIndex(({ from }) => from < count);
    for (let at = 0; at <= last; at++) {
      const { partition, by } = this.#shifts[at]!;
      const end = at === last ? count : this.#shifts[at + 1]!.from;
      moved.set(partition, end + by);
    }
    if (last > 0) this.#shifts = this.#shifts.slice(last);
    return moved;
  }
}
