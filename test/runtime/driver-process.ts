/** A driver for the test of orphans: starts a worker process, says so on stdout, and then lives until it is killed. */
import { createRealWorld } from '../../src/runtime/real-world.js';

const world = createRealWorld({ workers: { 'task-worker': new URL('./echo-worker.ts', import.meta.url) } });
const worker = world.workers.start('task-worker', {}, 'process');
worker.onMessage(() => process.stdout.write(`${worker.pid}\n`));
