/** The handle on a job that was started: what its user may ask of it, and do to it, while it runs. */

import type { Duration } from '../core/time.js';
import type { JobResult, RunningJob } from '../executors/executor.js';
import type { Recovered } from '../runtime/durability.js';
import type { Listener } from '../runtime/events.js';
import type { World } from '../runtime/world.js';
import type { Activation } from './activation.js';
import type { Listeners } from './listeners.js';

/** How far a job is. Source: Spark `StreamingContextState`, and Storm's status of a topology. */
export type JobStatus = 'active' | 'inactive' | 'stopping' | 'ended';

/** A job that was started, and what it goes on from. */
export interface StartedJob extends RunningJob {
  /** The checkpoint, with the stream time at which it was taken (us), or the log where there is none. Undefined for a job that begins. */
  readonly goesOnFrom:
    | { readonly kind: 'checkpoint'; readonly epoch: number; readonly time: number }
    | { readonly kind: 'log' }
    | undefined;
  /** What was found in the checkpoint folder that its user should know. */
  readonly warnings: readonly string[];
  /** Source: Spark `StreamingContext.getState`. */
  readonly status: JobStatus;
  /**
   * Takes in nothing more until it is activated. What was taken in is finished; spouts hear of it once, and of acks and fails all along.
   * Stream time of a source stands still meanwhile, that of a spout goes on. Does nothing in a job that stops or has ended.
   * Source: Storm `deactivate`.
   */
  deactivate(): void;
  /** Goes on after `deactivate`. Source: Storm `activate`. */
  activate(): void;
  /**
   * The result when the job ends within so much time, else undefined; the job goes on then. Rejects as `done` does.
   * Source: Spark `StreamingContext.awaitTerminationOrTimeout`.
   */
  awaitTerminationOrTimeout(timeout: Duration): Promise<JobResult | undefined>;
  /** Hears each event from now on. What a listener throws fails the job. Source: Spark `StreamingContext.addStreamingListener`. */
  addListener(listener: Listener): void;
  /** Source: Spark `StreamingContext.removeStreamingListener`. */
  removeListener(listener: Listener): void;
}

/** What a handle is made from. `done` settles once everything is closed. */
export interface HandleParts {
  readonly running: RunningJob;
  readonly done: Promise<JobResult>;
  readonly activation: Activation;
  readonly listeners: Listeners;
  readonly recovered: Recovered | undefined;
  readonly warnings: readonly string[];
  readonly world: World;
}

export function startedJob(parts: HandleParts): StartedJob {
  const { running, done, activation, listeners, world } = parts;
  let phase: 'running' | 'stopping' | 'ended' = 'running';
  const ended = (): void => {
    phase = 'ended';
  };
  done.then(ended, ended);
  return {
    done,
    progress: () => running.progress(),
    goesOnFrom: originOf(parts.recovered),
    warnings: parts.warnings,
    get status() {
      if (phase !== 'running') return phase;
      return activation.isActive ? 'active' : 'inactive';
    },
    stop: () => {
      if (phase === 'running') phase = 'stopping';
      running.stop();
      activation.end();
    },
    deactivate: () => {
      if (phase === 'running') activation.deactivate();
    },
    activate: () => {
      if (phase === 'running') activation.activate();
    },
    awaitTerminationOrTimeout: (timeout) => doneWithin(done, timeout, world),
    addListener: (listener) => listeners.add(listener),
    removeListener: (listener) => listeners.remove(listener),
  };
}

function originOf(recovered: Recovered | undefined): StartedJob['goesOnFrom'] {
  const meta = recovered?.snapshot?.meta;
  if (meta !== undefined) return { kind: 'checkpoint', epoch: meta.epoch, time: meta.time };
  return recovered === undefined || recovered.log.length === 0 ? undefined : { kind: 'log' };
}

function doneWithin(
  done: Promise<JobResult>,
  timeout: Duration,
  { clock, scheduler }: World,
): Promise<JobResult | undefined> {
  return new Promise((resolve, reject) => {
    const timer = scheduler.at(clock.now() + timeout, () => resolve(undefined));
    done.finally(() => timer.cancel()).then(resolve, reject);
  });
}
