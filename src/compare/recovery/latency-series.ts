/** The latencies of a run's results in order of hand-over: what shows how a fault went by. */

const ROOM_MIN = 1_024;

/** Columns that grow. Times in stream time, latencies in us. */
export class LatencySeries {
  count = 0;
  times = new Float64Array(ROOM_MIN);
  latencies = new Float64Array(ROOM_MIN);

  add(time: number, latency: number): void {
    if (this.count === this.times.length) {
      this.times = grown(this.times);
      this.latencies = grown(this.latencies);
    }
    this.times[this.count] = time;
    this.latencies[this.count] = latency;
    this.count++;
  }

  /** The latencies of results handed over in `[from, to)`, sorted. */
  between(from: number, to: number): Float64Array {
    return this.latencies.slice(this.#firstFrom(from), this.#firstFrom(to)).sort();
  }

  /** Index of the first result at or after a time. */
  #firstFrom(time: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function grown(column: Float64Array): Float64Array<ArrayBuffer> {
  const room = new Float64Array(column.length * 2);
  room.set(column);
  return room;
}
