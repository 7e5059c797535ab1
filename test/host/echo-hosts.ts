/** Task hosts for the tests of workers: they echo, and do what a message tells them to. */
import { StreamError } from '../../src/core/errors.js';
import type { TaskHost, TaskHostParts } from '../../src/executors/workers.js';
import type { TaskHosts } from '../../src/host/task-worker.js';

/** What an echo host answers: what it heard, and who it is. */
export interface Echo {
  readonly echo: unknown;
  readonly worker: number;
  readonly seed: number;
  readonly stages: number;
}

export const ECHO_HOSTS: TaskHosts = { 'micro-batch': createEchoHost, record: createEchoHost };

function createEchoHost({ plan, functions, scheduler, worker, seed, send }: TaskHostParts): TaskHost {
  if (functions.size === 0) throw new Error('an echo needs functions');
  return {
    onMessage: (message) => {
      if (message === 'throw') throw new Error('I was told to throw');
      if (message === 'throw later')
        return scheduler.soon(() => {
          throw new Error('I was told to throw later');
        });
      if (message === 'break') throw new StreamError('RG054', 'the state is damaged', 'restore a copy');
      if (message === 'send a function') return send(() => 1);
      if (message === 'transfer') {
        const times = Float64Array.of(1, 2, 3);
        return send({ times }, [times.buffer]);
      }
      if (message === 'call') (functions.get('1:flatMap') as (value: string) => unknown)('rain');
      send({ echo: message, worker, seed, stages: plan.stages.length } satisfies Echo);
    },
  };
}
