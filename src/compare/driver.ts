/**
 * The load driver as the executor sees it: sources whose records appear at their intended times.
 *
 * The thread decides when, and sends how far the timetable is released; the values wait here. So a job gets them whole
 * (also class instances, which a copy between threads would strip), and pays for no copying that its input would not cost.
 */
import type { SourceReader } from '../runtime/source.js';
import type { Channel, World } from '../runtime/world.js';
import type { DriverData, DriverMessage, DriverStart } from './driver-worker.js';
import { type Timetable, timetableOf } from './timetable.js';
import type { TimedTrace } from './trace.js';
import { openTrace, TracePartition } from './trace-reader.js';

/** A driver that is ready to begin. */
export interface Driver {
  readonly readers: ReadonlyMap<string, SourceReader>;
  /** Begins; `start` is the wall time of the trace's start (us, the World's clock). */
  begin(start: number): void;
  /** Ends the input behind what was released. */
  stop(): void;
  /** Ends the thread, also one that never began. */
  close(): void;
  /** How late each record was released (us), when all were, or after `stop`. */
  readonly lateness: Promise<Float32Array>;
  /** Records released, and records that the executor took. */
  progress(): { readonly released: number; readonly taken: number };
}

/** The module of the driver's thread, for `createRealWorld({ workers })`. */
export const DRIVER_MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './driver-worker.ts' : './driver-worker.js',
  import.meta.url,
);

/** Starts the driver's thread, and resolves when it waits for `begin`. */
export async function startDriver(trace: TimedTrace, world: World): Promise<Driver> {
  const partitions: TracePartition[] = [];
  const readers = openTrace(trace.sources, (partition) => {
    partitions.push(new TracePartition(partition));
    return partitions.at(-1)!;
  });
  const timetable = timetableOf(trace);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const channel = world.workers.start('load-driver', { due: timetable.due, stop } satisfies DriverData);
  const follower = new Follower(timetable, partitions, channel);
  await follower.ready;
  return {
    readers,
    begin: (start) => channel.send({ start } satisfies DriverStart),
    stop: () => {
      Atomics.store(stop, 0, 1);
      Atomics.notify(stop, 0);
      for (const partition of partitions) partition.stop();
    },
    close: () => channel.close(),
    lateness: follower.lateness,
    progress: () => ({
      released: follower.records,
      taken: partitions.reduce((sum, partition) => sum + partition.taken, 0),
    }),
  };
}

/** Turns the thread's messages into releases, and wakes the partitions that got something. */
class Follower {
  records = 0;
  readonly ready: Promise<void>;
  readonly lateness: Promise<Float32Array>;
  readonly #timetable: Timetable;
  readonly #partitions: readonly TracePartition[];
  #released = 0;

  constructor(timetable: Timetable, partitions: readonly TracePartition[], channel: Channel) {
    this.#timetable = timetable;
    this.#partitions = partitions;
    // What comes first counts, at once: a thread's last message and its end may come in the same turn.
    const first = <K extends DriverMessage['kind']>(kind: K) =>
      new Promise<Extract<DriverMessage, { kind: K }>>((resolve, reject) => {
        channel.onMessage((message) => {
          if ((message as DriverMessage).kind === kind) resolve(message as Extract<DriverMessage, { kind: K }>);
        });
        channel.onClose((reason) => reject(new Error(`the load driver's thread has ended: ${reason}`)));
      });
    channel.onMessage((message) => {
      const heard = message as DriverMessage;
      if (heard.kind === 'released') this.#releaseTo(heard.upTo);
    });
    this.ready = first('ready').then(() => {});
    this.lateness = first('done').then(({ lateness }) => this.#ofRecords(lateness));
    // Whoever waits hears of a failure; one that nobody waits for any more must not end the process.
    this.lateness.catch(() => {});
  }

  #releaseTo(upTo: number): void {
    const { owner } = this.#timetable;
    for (; this.#released < upTo; this.#released++) {
      const isHeartbeat = owner[this.#released]! & 1;
      this.#partitions[owner[this.#released]! >> 1]!.release(1 - isHeartbeat, isHeartbeat);
      this.records += 1 - isHeartbeat;
    }
    for (const partition of this.#partitions) partition.wake();
  }

  /** Heartbeats are not records, so their lateness counts for nothing. */
  #ofRecords(lateness: Float32Array): Float32Array {
    return lateness.filter((_, i) => (this.#timetable.owner[i]! & 1) === 0);
  }
}
