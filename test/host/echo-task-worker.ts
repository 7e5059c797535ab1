/** A task worker with echo hosts, as a module for threads and processes. It has no types: `builtForm` makes JavaScript of it. */
import { StreamError } from '../../src/core/errors.js';
import { loadDecorated } from '../../src/host/load-decorated.js';
import { serveTasks } from '../../src/host/task-worker.js';
import { realClock, realScheduler } from '../../src/runtime/real-world.js';
import { thisWorker } from '../../src/runtime/this-worker.js';
import { echoHosts } from './echo-host.mjs';

await serveTasks(await thisWorker(), {
  load: loadDecorated,
  hosts: echoHosts(StreamError),
  scheduler: realScheduler,
  clock: realClock,
});
