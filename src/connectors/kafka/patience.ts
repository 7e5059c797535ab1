/** How long a sink bears a cluster that is away. */
import type { World } from '../../runtime/world.js';
import { KafkaFailure } from './port.js';

/** A cluster may be away for so long before the job fails (us). */
const UNAVAILABLE_MAX = 120_000_000;
/** Between attempts (us): doubled each time up to the second. */
const BACK_OFF = 100_000;
const BACK_OFF_MAX = 2_000_000;

/** Does a step again while it fails for reasons that pass. `failed` is told of each such failure before the next attempt. */
export async function patiently<T>(
  { clock, scheduler }: Pick<World, 'clock' | 'scheduler'>,
  step: () => Promise<T>,
  failed: () => Promise<void> = async () => undefined,
): Promise<T> {
  const begun = clock.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (thrown) {
      const isTransient = thrown instanceof KafkaFailure && thrown.kind === 'transient';
      if (!isTransient || clock.now() - begun > UNAVAILABLE_MAX) throw thrown;
      await failed();
      const wait = Math.min(BACK_OFF_MAX, BACK_OFF * 2 ** Math.min(10, attempt));
      await new Promise<void>((resolve) => {
        scheduler.at(clock.now() + wait, resolve);
      });
    }
  }
}
