/**
 * A worker module for the tests of threads and processes: tells what it was given and what its clock says, then echoes. Without types, as
 * `builtForm` wants it.
 */
import { realClock } from '../../src/runtime/real-world.js';
import { thisWorker } from '../../src/runtime/this-worker.js';

const { data, channel, fail } = await thisWorker();
channel.send({ data, now: realClock.now() });
channel.onMessage((message) => {
  if (message === 'die') throw new Error('I was told to die');
  if (message === 'fail') return fail('my last words');
  if (message === 'complain') return void process.stderr.write('it is wet in here\n', () => process.exit(3));
  channel.send({ echo: message });
});
