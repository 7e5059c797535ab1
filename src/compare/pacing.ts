/** Open-loop pacing on the driver's thread: what is due goes out at each wake-up, however the receiver fares. */

/** What pacing needs of its thread; a test gives a virtual one. */
export interface PacingThread {
  /** Microseconds. */
  now(): number;
  /** Sleeps for about so long, or until it is woken to stop. */
  sleep(ms: number): void;
  readonly isStopped: boolean;
  /** All elements below `upTo` are released. */
  release(upTo: number): void;
}

/** Elements closer than this are not slept for but watched for (us): a sleep is late by about 0.1 ms. */
export const SPIN_MICROS = 150;
/** The shortest sleep when elements are closer than that to each other (ms). */
const SLEEP_MS_MIN = 0.05;

/**
 * Releases each element at `start + due[i]`, and returns how late each was (us), in the order of the timetable.
 * When it is stopped it returns those of the elements released until then.
 */
export function pace(due: Float64Array, start: number, thread: PacingThread): Float32Array {
  const lateness = new Float32Array(due.length);
  let next = 0;
  while (next < due.length && !thread.isStopped) {
    const now = thread.now();
    const from = next;
    for (; next < due.length && start + due[next]! <= now; next++) lateness[next] = now - start - due[next]!;
    if (next > from) {
      thread.release(next);
      continue;
    }
    const wait = start + due[next]! - now;
    if (wait > SPIN_MICROS) thread.sleep((wait - SPIN_MICROS) / 1_000);
    else if (next > 0 && due[next]! - due[next - 1]! < SPIN_MICROS) thread.sleep(Math.max(SLEEP_MS_MIN, wait / 1_000));
  }
  return lateness.subarray(0, next);
}
