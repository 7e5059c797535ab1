/** Task workers of a simulation: the same life as real ones, in one thread, with the topology handed over as it is. */
import { AssertionError } from '../core/assert.js';
import type { StoreMaker } from '../core/keyed-store.js';
import type { SimulatedWorker } from '../runtime/simulated-channel.js';
import type { ThisWorker } from '../runtime/this-worker.js';
import type { Channel, Clock, Scheduler } from '../runtime/world.js';
import type { Topology } from '../topology/graph.js';
import { TASK_HOSTS } from './task-hosts.js';
import { serveTasks, type TaskHosts } from './task-worker.js';

/** Within an event of a simulation no time passes, so a slow function takes none. */
const STILL: Clock = { now: () => 0 };

/** For `createSimulatedWorld({ workers: { 'task-worker': … } })`. `createStore`: default in memory. */
export function simulatedTaskWorkers(
  job: Topology,
  hosts: TaskHosts = TASK_HOSTS,
  createStore?: StoreMaker,
): SimulatedWorker {
  return (data, channel, scheduler) => {
    let failed = (error: unknown): void => {
      throw error;
    };
    /** What a host throws ends its worker; a bug of ours ends the simulation. */
    const guarded = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        if (error instanceof AssertionError) throw error;
        failed(error);
      }
    };
    const worker: ThisWorker = {
      data,
      channel: guardedChannel(channel, guarded),
      fail: (message) => {
        channel.send(message);
        channel.close();
      },
      onError: (listener) => {
        failed = listener;
      },
    };
    void serveTasks(worker, {
      load: async () => job,
      hosts,
      scheduler: guardedScheduler(scheduler, guarded),
      clock: STILL,
      createStore,
    });
  };
}

function guardedChannel(channel: Channel, guarded: (run: () => void) => void): Channel {
  return { ...channel, onMessage: (receive) => channel.onMessage((message) => guarded(() => receive(message))) };
}

function guardedScheduler(scheduler: Scheduler, guarded: (run: () => void) => void): Scheduler {
  return {
    soon: (run) => scheduler.soon(() => guarded(run)),
    at: (time, run) => scheduler.at(time, () => guarded(run)),
  };
}
