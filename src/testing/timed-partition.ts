/** A partition that brings its own stream times and heartbeats, each there from its own virtual time on. */
import type { Block, Heartbeat, PartitionReader } from '../runtime/source.js';
import type { Timer, World } from '../runtime/world.js';

/** One partition's whole sequence. A heartbeat's `at` is the offset of the record that it precedes. */
export interface TimedSequence {
  readonly values: readonly unknown[];
  /** Stream time of each value (us), ascending. */
  readonly timestamps: ArrayLike<number>;
  readonly heartbeats: readonly Heartbeat[];
}

/** Plays a sequence on a World's clock. Behind its last element it ends, or, with `ends: false`, stays silent. */
export class TimedPartition implements PartitionReader {
  readonly failure = undefined;
  readonly #sequence: TimedSequence;
  readonly #world: Pick<World, 'clock' | 'scheduler'>;
  readonly #ends: boolean;
  #record = 0;
  #heartbeat = 0;
  #timer: Timer | undefined;

  constructor(
    sequence: TimedSequence,
    world: Pick<World, 'clock' | 'scheduler'>,
    { ends }: { readonly ends: boolean },
  ) {
    this.#sequence = sequence;
    this.#world = world;
    this.#ends = ends;
  }

  poll(block: Block, max: number): void {
    const { values, timestamps, heartbeats } = this.#sequence;
    const now = this.#world.clock.now();
    for (let room = max; this.#nextTime() <= now; ) {
      const beat = this.#nextBeat();
      if (beat !== undefined) {
        block.heartbeat(beat.watermark);
        this.#heartbeat++;
      } else {
        if (room-- <= 0) return;
        block.push(values[this.#record], timestamps[this.#record]!);
        this.#record++;
      }
    }
    block.ended = this.#ends && this.#record === values.length && this.#heartbeat === heartbeats.length;
  }

  onReady(wake: () => void): void {
    this.#timer?.cancel();
    const next = this.#nextTime();
    if (next === Number.POSITIVE_INFINITY && !this.#ends) return;
    this.#timer = this.#world.scheduler.at(next === Number.POSITIVE_INFINITY ? 0 : next, wake);
  }

  commit(): void {}

  /** The heartbeat that stands before the next record. */
  #nextBeat(): Heartbeat | undefined {
    const beat = this.#sequence.heartbeats[this.#heartbeat];
    return beat !== undefined && beat.at <= this.#record ? beat : undefined;
  }

  #nextTime(): number {
    return this.#nextBeat()?.watermark ?? this.#sequence.timestamps[this.#record] ?? Number.POSITIVE_INFINITY;
  }
}
