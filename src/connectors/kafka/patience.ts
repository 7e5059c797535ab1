/** How long a cluster that is away is borne, and how soon it is asked again. */
import type { Clock, World } from '../../runtime/world.js';
import { KafkaFailure } from './port.js';

/** A cluster may be away for so long before the job fails (us). */
const UNAVAILABLE_MAX = 120_000_000;
/** Between attempts (us): doubled each time up to the second. */
const BACK_OFF = 100_000;
const BACK_OFF_MAX = 2_000_000;

/** An outage, or none yet. */
export class Outage {
  readonly #clock: Clock;
  #lastAnswer: number;
  #attempts = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastAnswer = clock.now();
  }

  /** So long nobody should ask (us); 0 when all is well. */
  get wait(): number {
    if (this.#attempts === 0) return 0;
    return Math.min(BACK_OFF_MAX, BACK_OFF * 2 ** Math.min(10, this.#attempts - 1));
  }

  /** True for a failure that may pass, while the cluster was not away for too long. */
  bears(thrown: unknown): boolean {
    const isTransient = thrown instanceof KafkaFailure && thrown.kind === 'transient';
    if (!isTransient || this.#clock.now() - this.#lastAnswer >= UNAVAILABLE_MAX) return false;
    this.#attempts += 1;
    return true;
  }

  /** The cluster answered, though not with what was asked for. */
  answered(): void {
    this.#lastAnswer = this.#clock.now();
  }

  /** An answer says that something moved: it is soon known where to. */
  moved(): void {
    this.#attempts ||= 1;
  }

  /** The cluster answered what it was asked. */
  isOver(): void {
    this.answered();
    this.#attempts = 0;
  }
}

/** Does a step again while it fails for reasons that pass. `failed` is told of each such failure before the next attempt. */
export async function patiently<T>(
  { clock, scheduler }: Pick<World, 'clock' | 'scheduler'>,
  step: () => Promise<T>,
  failed: () => Promise<void> = async () => undefined,
): Promise<T> {
  const outage = new Outage(clock);
  for (;;) {
    try {
      return await step();
    } catch (thrown) {
      if (!outage.bears(thrown)) throw thrown;
      await failed();
      await new Promise<void>((resolve) => {
        scheduler.at(clock.now() + outage.wait, resolve);
      });
    }
  }
}
