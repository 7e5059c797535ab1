/** Tells Kafka how far a job is, in a consumer group: once a second at most, and never in the way. */
import { StreamError } from '../../core/errors.js';
import type { Timer, World } from '../../runtime/world.js';
import { KafkaFailure } from './port.js';

/** Offsets go out this often at most (us). */
const COMMIT_INTERVAL = 1_000_000;

export interface OffsetCommitsParts {
  readonly group: string;
  /** Commits offsets by partition. @throws KafkaFailure */
  readonly send: (offsets: ReadonlyMap<number, number>) => Promise<unknown>;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  readonly errorOf: (thrown: unknown) => unknown;
  /** The group is not ours to write, or the cluster refuses. */
  readonly failed: (error: StreamError) => void;
}

export class OffsetCommits {
  /** Commits that failed and were made good by a later one, or not. */
  failures = 0;
  readonly #parts: OffsetCommitsParts;
  #waiting = new Map<number, number>();
  #sending: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(parts: OffsetCommitsParts) {
    this.#parts = parts;
  }

  /** Everything of the partition below this offset in Kafka is durable. */
  set(partition: number, offset: number): void {
    this.#waiting.set(partition, offset);
    const { clock, scheduler } = this.#parts.world;
    this.#timer ??= scheduler.at(clock.now() + COMMIT_INTERVAL, () => {
      this.#timer = undefined;
      // What goes wrong is counted, or told by `failed`.
      this.#send().catch(() => undefined);
    });
  }

  /** Sends what waits, now. What cannot be sent waits on. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#sending;
    await this.#send();
  }

  /** What waits is not ours to tell any more. */
  forget(): void {
    this.#waiting.clear();
  }

  #send(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    this.#sending = (this.#sending ?? Promise.resolve()).then(() => this.#sendNow());
    return this.#sending;
  }

  async #sendNow(): Promise<void> {
    const { group, send, errorOf, failed } = this.#parts;
    const offsets = this.#waiting;
    if (offsets.size === 0) return;
    this.#waiting = new Map();
    try {
      await send(offsets);
    } catch (thrown) {
      this.failures += 1;
      for (const [partition, offset] of offsets)
        if (!this.#waiting.has(partition)) this.#waiting.set(partition, offset);
      if (!(thrown instanceof KafkaFailure && thrown.kind === 'refused')) return;
      const error = errorOf(thrown);
      if (error instanceof StreamError) failed(groupRefused(group, error));
    }
  }
}

function groupRefused(group: string, error: StreamError): StreamError {
  return new StreamError(
    'RG081',
    `the offsets of the consumer group '${group}' cannot be committed: ${error.message}`,
    "give the source a group of its own: group: 'NAME'",
    { cause: error },
  );
}
