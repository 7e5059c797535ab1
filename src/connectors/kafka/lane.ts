/** One partition of a topic that is being read: what was fetched waits here, bounded. It does not know who takes it. */
import type { StreamError } from '../../core/errors.js';
import type { FetchedPartition } from './port.js';
import { type ValueRun, type ValueSettings, valuesOf } from './record-values.js';

/** Records of one partition that may wait to be polled; one answer may go over it. Effect: it is fetched again when half are gone. */
const RECORDS_WAITING_MAX = 100_000;
/** The same in bytes. */
const BYTES_WAITING_MAX = 16 * 1024 * 1024;

export interface LaneOptions extends ValueSettings {
  readonly partition: number;
  /** Offset in Kafka of the first record. */
  readonly start: number;
  /** It ends before this offset in Kafka; Infinity: never. */
  readonly until: number;
}

/** Is told of each record that is handed out. */
export interface Counted {
  count(partition: number, offset: number): void;
}

export class Lane {
  readonly partition: number;
  readonly until: number;
  /** Offset in Kafka of the next fetch. */
  next: number;
  tombstones = 0;
  /** Told when there is something to take, or nothing more will come. */
  ready: () => void = () => undefined;
  readonly #options: LaneOptions;
  #runs: ValueRun[] = [];
  /** Records of the first run that are handed out. */
  #used = 0;
  #records = 0;
  #bytes = 0;
  /** Behind the last record that was handed out. */
  #behind: number;
  #state: 'open' | 'ended' | StreamError = 'open';
  #onRoom: (() => void) | undefined;

  constructor(options: LaneOptions) {
    const { partition, start, until } = options;
    this.#options = options;
    this.partition = partition;
    this.until = until;
    this.next = start;
    this.#behind = start;
    if (start >= until) this.#state = 'ended';
  }

  /** Told once what was read before it is handed out. */
  get failure(): StreamError | undefined {
    return typeof this.#state === 'object' && this.#records === 0 ? this.#state : undefined;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Everything up to its end is handed out. */
  get hasEnded(): boolean {
    return this.#state === 'ended' && this.#records === 0;
  }

  /** Records that can be taken. */
  get waiting(): number {
    return this.#records;
  }

  get hasRoom(): boolean {
    return this.#records < RECORDS_WAITING_MAX / 2 && this.#bytes < BYTES_WAITING_MAX / 2;
  }

  /** The offset in Kafka behind what was handed out. Behind the last record that is there, markers count as read. */
  get position(): number {
    return this.#records === 0 ? this.next : this.#behind;
  }

  /** The offset in Kafka of what is taken next; where nothing waits, of what is fetched next. */
  get upcoming(): number {
    return this.#records === 0 ? this.next : this.#runs[0]!.offsets[this.#used]!;
  }

  /** The offset in Kafka behind the last record that was taken. */
  get behind(): number {
    return this.#behind;
  }

  /** Appends up to `max` values, and none from the offset `before` on; gives how many. */
  take(values: unknown[], max: number, counted: Counted, before = Number.POSITIVE_INFINITY): number {
    const { partition } = this;
    const wanted = Math.min(max, this.#records);
    let taken = 0;
    while (taken < wanted) {
      const run = this.#runs[0]!;
      const from = this.#used;
      const end = endBelow(run.offsets, from, Math.min(run.values.length, from + wanted - taken), before);
      for (let at = from; at < end; at++) {
        values.push(run.values[at]);
        counted.count(partition, run.offsets[at]!);
      }
      if (end > from) this.#behind = run.offsets[end - 1]! + 1;
      taken += end - from;
      this.#used = end;
      if (end < run.values.length) break;
      this.#bytes -= run.bytes;
      this.#runs.shift();
      this.#used = 0;
    }
    this.#records -= taken;
    if (this.hasRoom) this.#release();
    return taken;
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
    if (this.next >= this.until) this.#close('ended');
    else if (this.#records > 0) this.ready();
  }

  fail(error: StreamError): void {
    this.#close(error);
  }

  /** Forgets what was not taken. Gives the offset in Kafka at which others go on. */
  drop(): number {
    const { position } = this;
    this.#runs = [];
    this.#records = 0;
    this.#bytes = 0;
    this.next = position;
    this.#close('ended');
    return position;
  }

  /** Calls `room` once when there is room for more, or nothing more is wanted. */
  onRoom(room: () => void): void {
    this.#onRoom = room;
  }

  /** Nothing more comes. */
  #close(state: 'ended' | StreamError): void {
    if (this.#state === 'open') this.#state = state;
    this.#release();
    this.ready();
  }

  #release(): void {
    const room = this.#onRoom;
    this.#onRoom = undefined;
    room?.();
  }
}

/** The first index from which on offsets are not below the limit, `end` at most. */
function endBelow(offsets: Float64Array, from: number, end: number, limit: number): number {
  if (end === 0 || offsets[end - 1]! < limit) return end;
  let at = from;
  while (at < end && offsets[at]! < limit) at++;
  return at;
}
