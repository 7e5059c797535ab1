/** What a crash of the driver leaves alone: sources that remember what was committed, and sinks that hold what was written. */

import type { ResultContext, SinkWriter } from '../../runtime/sink.js';
import type { Block, PartitionReader, SourceReader } from '../../runtime/source.js';
import type { Timer, World } from '../../runtime/world.js';
import type { Violation } from '../spouts/spout-ledger.js';
import type { PartitionTrace, SourceTrace } from '../trace.js';

/** Who opens an end: a driver, until it is killed. */
export interface Life {
  readonly world: World;
  readonly isAlive: boolean;
}

/** What a source outside is made with. */
export interface OutsideSourceParts {
  readonly violation: Violation;
  /** What was committed can be read again all the same, and no checkpoint has it: it was damaged, or there are none. */
  readonly mayRepeat: () => boolean;
  /** A job that knows no place is given what follows the last commit. */
  readonly goesOn: boolean;
}

/**
 * A source on a trace. Never happens: what was committed is asked for again, where that means that it may be forgotten; or more is
 * committed than was handed out.
 */
export class OutsideSource {
  /** Records that were handed out again. */
  reread = 0;
  readonly #trace: SourceTrace;
  readonly #parts: OutsideSourceParts;
  readonly #committed: number[];
  /** The most records that were ever handed out, over all lives of the driver. */
  readonly #reached: number[];

  constructor(trace: SourceTrace, parts: OutsideSourceParts) {
    this.#trace = trace;
    this.#parts = parts;
    this.#committed = trace.partitions.map(() => 0);
    this.#reached = trace.partitions.map(() => 0);
  }

  /** Records read so far, each counted once. */
  get ingested(): number {
    return this.#reached.reduce((sum, count) => sum + count, 0);
  }

  open(life: Life, offsets: readonly number[]): SourceReader {
    const { violation, mayRepeat, goesOn } = this.#parts;
    const partitions = this.#trace.partitions.map((trace, index) => {
      const from = offsets[index] ?? (goesOn ? this.#committed[index]! : 0);
      if (from < this.#committed[index]! && !mayRepeat())
        violation(
          `source '${this.#trace.name}' partition ${index} was told that ${this.#committed[index]} records are durable, and is asked again from ${from} on`,
        );
      const told = {
        committed: (offset: number) => {
          if (!life.isAlive) return;
          if (offset > this.#reached[index]!)
            violation(
              `source '${this.#trace.name}' partition ${index}: committed ${offset} of ${this.#reached[index]} records read`,
            );
          this.#committed[index] = Math.max(this.#committed[index]!, offset);
        },
        read: (offset: number) => {
          if (offset > this.#reached[index]!) this.#reached[index] = offset;
          else this.reread += 1;
        },
      };
      return new OutsidePartition(trace, from, life.world, told);
    });
    return { partitions, close: async () => {} };
  }
}

interface Told {
  committed(offset: number): void;
  read(offset: number): void;
}

/** Elements are there from their own virtual time on. */
class OutsidePartition implements PartitionReader {
  readonly failure = undefined;
  readonly #trace: PartitionTrace;
  readonly #world: World;
  readonly #told: Told;
  #record: number;
  #beat: number;
  #timer: Timer | undefined;

  constructor(trace: PartitionTrace, from: number, world: World, told: Told) {
    this.#trace = trace;
    this.#world = world;
    this.#told = told;
    this.#record = from;
    this.#beat = trace.heartbeats.findIndex(({ at }) => at >= from);
    if (this.#beat < 0) this.#beat = trace.heartbeats.length;
  }

  poll(block: Block, max: number): void {
    const { values, timestamps, heartbeats } = this.#trace;
    const now = this.#world.clock.now();
    for (let room = max; this.#nextTime() <= now; ) {
      const beat = heartbeats[this.#beat];
      if (beat !== undefined && beat.at <= this.#record) {
        block.heartbeat(beat.watermark);
        this.#beat += 1;
        continue;
      }
      if (room-- <= 0) return;
      block.push(values[this.#record], timestamps[this.#record]!);
      this.#record += 1;
      this.#told.read(this.#record);
    }
    block.ended = this.#record === values.length && this.#beat === heartbeats.length;
  }

  onReady(wake: () => void): void {
    this.#timer?.cancel();
    const next = this.#nextTime();
    const time = next === Number.POSITIVE_INFINITY ? this.#world.clock.now() : next;
    this.#timer = this.#world.scheduler.at(time, wake);
  }

  commit(offset: number): void {
    this.#told.committed(offset);
  }

  #nextTime(): number {
    const beat = this.#trace.heartbeats[this.#beat];
    if (beat !== undefined && beat.at <= this.#record) return beat.watermark;
    return this.#trace.timestamps[this.#record] ?? Number.POSITIVE_INFINITY;
  }
}

/** A result as the outside sees it. */
export interface SeenResult {
  readonly value: unknown;
  /** Stream time (us). */
  readonly timestamp: number;
  /** End of its window (us), or NaN. */
  readonly windowEnd: number;
  readonly partition: number;
}

/**
 * A sink whose results survive the driver: those that were written out, and epochs that were prepared. What is visible stays visible.
 *
 * Never happens: an epoch is prepared or committed out of order, is committed without being prepared, is prepared again once it is
 * visible, or a restart goes on behind an epoch that is visible: the log, or the checkpoint, that acknowledged it would be gone.
 */
export class OutsideSink {
  /** What anybody outside can see, in order. */
  readonly visible: SeenResult[] = [];
  readonly #name: string;
  readonly #violation: Violation;
  readonly #staged = new Map<number, readonly SeenResult[]>();
  #committed = 0;

  constructor(name: string, violation: Violation) {
    this.#name = name;
    this.#violation = violation;
  }

  /** The writer of one life of the driver: what it has not written out dies with it. */
  open(life: Life, isTransactional: boolean): SinkWriter {
    let open: SeenResult[] = [];
    const write = (): void => {
      if (life.isAlive) this.visible.push(...open);
      open = [];
    };
    const pause = (): Promise<void> => new Promise((resolve) => life.world.scheduler.soon(resolve));
    const writer: SinkWriter = {
      ready: true,
      failure: undefined,
      onReady: (wake) => wake(),
      accept: (value, { timestamp, windowEnd, partition }: ResultContext) => {
        open.push({ value, timestamp, windowEnd, partition });
      },
      flush: () => {
        if (!isTransactional) life.world.scheduler.soon(write);
      },
      synced: async () => {
        await pause();
        if (!isTransactional) write();
      },
      close: async () => {
        if (!isTransactional) write();
      },
    };
    if (!isTransactional) return writer;
    const transactions = {
      prepare: async (epoch: number) => {
        const staged = open;
        open = [];
        await pause();
        this.#prepare(epoch, staged);
      },
      commit: async (epoch: number) => {
        await pause();
        this.#commit(epoch);
      },
      recover: async (epoch: number) => {
        open = [];
        await pause();
        this.#recover(epoch);
      },
    };
    return { ...writer, transactions };
  }

  #prepare(epoch: number, results: readonly SeenResult[]): void {
    const last = Math.max(this.#committed, ...this.#staged.keys());
    if (epoch <= this.#committed) this.#broken(`epoch ${epoch} is prepared again after its commit`);
    else if (epoch <= last) this.#broken(`epoch ${epoch} is prepared behind epoch ${last}`);
    this.#staged.set(epoch, results);
  }

  #commit(epoch: number): void {
    const results = this.#staged.get(epoch);
    const [first = epoch] = this.#staged.keys();
    if (results === undefined) this.#broken(`epoch ${epoch} is committed, and was not prepared`);
    else if (first < epoch) this.#broken(`epoch ${epoch} is committed before epoch ${first}`);
    this.#staged.delete(epoch);
    this.#committed = Math.max(this.#committed, epoch);
    this.visible.push(...(results ?? []));
  }

  #recover(epoch: number): void {
    for (const staged of [...this.#staged.keys()].sort((a, b) => a - b)) {
      if (staged <= epoch) this.#commit(staged);
      else this.#staged.delete(staged);
    }
    if (this.#committed > epoch)
      this.#broken(`epoch ${this.#committed} is visible, and the job goes on behind epoch ${epoch}`);
  }

  #broken(what: string): void {
    this.#violation(`sink '${this.#name}': ${what}`);
  }
}
