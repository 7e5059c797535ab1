/** A thread that counts the words of the batches that it is sent, and gives its counts when it is told the end. */
import { parentPort } from 'node:worker_threads';

const counts = new Map();

parentPort.on('message', (lines) => {
  if (lines === undefined) {
    parentPort.postMessage(counts);
    return;
  }
  for (const line of lines)
    for (const word of line.split(' ')) {
      const box = counts.get(word);
      if (box === undefined) counts.set(word, { n: 1 });
      else box.n += 1;
    }
  parentPort.postMessage(undefined);
});
