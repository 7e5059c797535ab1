/** Task hosts for the tests of workers: they echo, and do what a message tells them to. */
import { StreamError } from '../../src/core/errors.js';
import type { TaskHosts } from '../../src/host/task-worker.js';
import { echoHosts } from './echo-host.mjs';

/** What an echo host answers: what it heard, and who it is. */
export interface Echo {
  readonly echo: unknown;
  readonly worker: number;
  readonly seed: number;
  readonly stages: number;
}

export const ECHO_HOSTS: TaskHosts = echoHosts(StreamError);
