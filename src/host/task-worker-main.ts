/** The module that a task worker's thread or process runs. */
import { realClock, realScheduler } from '../runtime/real-world.js';
import { thisWorker } from '../runtime/this-worker.js';
import { loadDecorated } from './load-decorated.js';
import { TASK_HOSTS } from './task-hosts.js';
import { serveTasks } from './task-worker.js';

await serveTasks(await thisWorker(), {
  load: loadDecorated,
  hosts: TASK_HOSTS,
  scheduler: realScheduler,
  clock: realClock,
});
