/** The load driver's thread: it knows the timetable and the clock, never the job, so a busy job cannot slow it down. */
import { realClock } from '../runtime/real-world.js';
import { thisThread } from '../runtime/this-worker.js';
import { pace } from './pacing.js';

/** What the thread is started with. */
export interface DriverData {
  readonly due: Float64Array;
  /** Shared: not 0 means stop. */
  readonly stop: Int32Array;
}

/** To the thread: begin, with the wall time of due 0 (us). */
export interface DriverStart {
  readonly start: number;
}

/** From the thread. */
export type DriverMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'released'; readonly upTo: number }
  | { readonly kind: 'done'; readonly lateness: Float32Array };

const { data, channel } = thisThread();
const { due, stop } = data as DriverData;

channel.onMessage((message) => {
  const lateness = pace(due, (message as DriverStart).start, {
    now: () => realClock.now(),
    sleep: (ms) => void Atomics.wait(stop, 0, 0, ms),
    get isStopped() {
      return Atomics.load(stop, 0) !== 0;
    },
    release: (upTo) => channel.send({ kind: 'released', upTo } satisfies DriverMessage),
  });
  channel.send({ kind: 'done', lateness: lateness.slice() } satisfies DriverMessage);
  channel.close();
});
channel.send({ kind: 'ready' } satisfies DriverMessage);
