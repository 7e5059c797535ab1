/** A worker module for the tests of threads: tells what it was given and what its clock says, then echoes. */
import { realClock } from '../../src/runtime/real-world.js';
import { thisThread } from '../../src/runtime/thread.js';

const { data, channel } = thisThread();
channel.send({ data, now: realClock.now() });
channel.onMessage((message) => {
  if (message === 'die') throw new Error('I was told to die');
  channel.send({ echo: message });
});
