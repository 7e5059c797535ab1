/** A task worker with echo hosts, as a module for threads and processes. */
import { loadDecorated } from '../../src/host/load-decorated.js';
import { serveTasks } from '../../src/host/task-worker.js';
import { realClock, realScheduler } from '../../src/runtime/real-world.js';
import { thisWorker } from '../../src/runtime/this-worker.js';
import { ECHO_HOSTS } from './echo-hosts.js';

await serveTasks(await thisWorker(), {
  load: loadDecorated,
  hosts: ECHO_HOSTS,
  scheduler: realScheduler,
  clock: realClock,
});
