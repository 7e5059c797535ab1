/** The driver's timetable: every record and heartbeat of every partition, merged in order of time. Plain data. */
import type { PartitionTrace, TimedTrace } from './trace.js';

/** All elements in order of time; heartbeats come before records of the same time. */
export interface Timetable {
  /** When each element is due (us since the start). */
  readonly due: Float64Array;
  /** Twice the partition's number over all sources, plus 1 for a heartbeat. */
  readonly owner: Int32Array;
}

/** Merges the partitions of a trace. */
export function timetableOf(trace: TimedTrace): Timetable {
  const partitions = trace.sources.flatMap((source) => source.partitions);
  const cursors = partitions.map((partition) => new Cursor(partition));
  const length = partitions.reduce((sum, { values, heartbeats }) => sum + values.length + heartbeats.length, 0);
  const due = new Float64Array(length);
  const owner = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    let first = 0;
    for (let p = 1; p < cursors.length; p++) if (cursors[p]!.comesBefore(cursors[first]!)) first = p;
    const cursor = cursors[first]!;
    due[i] = cursor.time - trace.start;
    owner[i] = first * 2 + (cursor.isHeartbeat ? 1 : 0);
    cursor.advance();
  }
  return { due, owner };
}

/** Walks one partition's records and heartbeats. */
class Cursor {
  time = Number.POSITIVE_INFINITY;
  isHeartbeat = false;
  readonly #partition: PartitionTrace;
  #record = 0;
  #heartbeat = 0;

  constructor(partition: PartitionTrace) {
    this.#partition = partition;
    this.#look();
  }

  comesBefore(other: Cursor): boolean {
    return this.time < other.time || (this.time === other.time && this.isHeartbeat && !other.isHeartbeat);
  }

  advance(): void {
    if (this.isHeartbeat) this.#heartbeat++;
    else this.#record++;
    this.#look();
  }

  #look(): void {
    const { timestamps, heartbeats } = this.#partition;
    const heartbeat = heartbeats[this.#heartbeat];
    this.isHeartbeat = heartbeat !== undefined && heartbeat.at <= this.#record;
    this.time = this.isHeartbeat ? heartbeat!.watermark : (timestamps[this.#record] ?? Number.POSITIVE_INFINITY);
  }
}
