/** One partition of a topic: what was fetched waits here, bounded, for whoever polls; and the way from counts back to offsets. */
import type { StreamError } from '../../core/errors.js';
import type { RawPartition } from '../../runtime/source.js';
import type { FetchedPartition } from './port.js';
import { type ValueRun, type ValueSettings, valuesOf } from './record-values.js';

/** Records of one partition that may wait to be polled; one answer may go over it. Effect: it is fetched again when half are gone. */
const RECORDS_WAITING_MAX = 100_000;
/** The same in bytes. */
const BYTES_WAITING_MAX = 16 * 1024 * 1024;

/** What `position` gives: the offset in Kafka behind the last record that was handed out. */
export interface KafkaPosition {
  readonly next: number;
}

export interface KafkaPartitionOptions extends ValueSettings {
  readonly partition: number;
  /** Offset in Kafka of the first record. */
  readonly start: number;
  /** Records that an earlier process has handed out. */
  readonly taken: number;
  /** It ends before this offset in Kafka; Infinity: never. */
  readonly until: number;
  /** Told the offset in Kafka below which everything is durable. */
  readonly onCommit: (partition: number, offset: number) => void;
}

/** From this record on, counted from the beginning of the job, Kafka's offset is the count and so much more. */
interface Shift {
  readonly from: number;
  readonly by: number;
}

export class KafkaPartition implements RawPartition {
  readonly partition: number;
  readonly until: number;
  /** Offset in Kafka of the next fetch. */
  next: number;
  tombstones = 0;
  readonly #options: KafkaPartitionOptions;
  #runs: ValueRun[] = [];
  /** Records of the first run that are handed out. */
  #used = 0;
  #records = 0;
  #bytes = 0;
  #position: number;
  #taken: number;
  /** Of what is handed out and not committed: offsets have gaps where markers, aborted or compacted records lie. */
  #shifts: Shift[] = [];
  #committed: number;
  #state: 'open' | 'ended' | StreamError = 'open';
  #wake: (() => void) | undefined;
  #onRoom: (() => void) | undefined;

  constructor(options: KafkaPartitionOptions) {
    const { partition, start, taken, until } = options;
    this.#options = options;
    this.partition = partition;
    this.until = until;
    this.next = start;
    this.#position = start;
    this.#taken = taken;
    this.#committed = taken;
    if (start >= until) this.#state = 'ended';
  }

  /** Told once what was read before it is handed out. */
  get failure(): StreamError | undefined {
    return typeof this.#state === 'object' && this.#records === 0 ? this.#state : undefined;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get hasRoom(): boolean {
    return this.#records < RECORDS_WAITING_MAX / 2 && this.#bytes < BYTES_WAITING_MAX / 2;
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    let left = Math.min(max, this.#records);
    this.#records -= left;
    while (left > 0) {
      const run = this.#runs[0]!;
      const end = Math.min(run.values.length, this.#used + left);
      for (let at = this.#used; at < end; at++) {
        values.push(run.values[at]);
        this.#count(run.offsets[at]!);
      }
      left -= end - this.#used;
      this.#used = end;
      if (end < run.values.length) break;
      this.#bytes -= run.bytes;
      this.#runs.shift();
      this.#used = 0;
    }
    if (this.hasRoom) this.#release();
    if (this.#records > 0) return 'more';
    this.#position = this.next;
    return this.#state === 'ended' ? 'ended' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#records > 0 || this.#state !== 'open') this.#notify();
  }

  position(): KafkaPosition {
    return { next: this.#position };
  }

  commit(count: number): void {
    if (count <= this.#committed) return;
    this.#committed = count;
    const at = this.#shifts.findLastIndex(({ from }) => from < count);
    const shift = this.#shifts[at];
    if (shift === undefined) return;
    this.#shifts = this.#shifts.slice(at);
    // Behind the last record that was handed out, markers count as read.
    const next = count === this.#taken && this.#records === 0 ? this.#position : count + shift.by;
    this.#options.onCommit(this.partition, next);
  }

  /** Takes in what a fetch gave. */
  add({ runs, nextOffset }: FetchedPartition): void {
    if (!this.isOpen) return;
    for (const run of runs) {
      const made = valuesOf(run, this.partition, this.until, this.#options);
      this.tombstones += made.tombstones;
      if (made.values.length === 0) continue;
      this.#runs.push(made);
      this.#records += made.values.length;
      this.#bytes += made.bytes;
    }
    this.next = Math.min(nextOffset, this.until);
    if (this.#records === 0) this.#position = this.next;
    if (this.next >= this.until) this.end();
    else if (this.#records > 0) this.#notify();
  }

  /** Nothing more comes. */
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

  /** Calls `room` once when there is room for more, or nothing more is wanted. */
  onRoom(room: () => void): void {
    this.#onRoom = room;
  }

  #count(offset: number): void {
    const by = offset - this.#taken;
    if (this.#shifts.at(-1)?.by !== by) this.#shifts.push({ from: this.#taken, by });
    this.#taken++;
    this.#position = offset + 1;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    const room = this.#onRoom;
    this.#onRoom = undefined;
    room?.();
  }
}
