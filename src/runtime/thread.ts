/** Worker threads as channels: the side that starts one, and the side that is one. */
import { parentPort, type Transferable, Worker, workerData } from 'node:worker_threads';
import { assert } from '../core/assert.js';
import type { Channel } from './world.js';

/** Starts a module on a thread of its own. The module finds `data` and its end of the channel by `thisThread()`. */
export function startThread(url: URL, data: unknown): Channel {
  const worker = new Worker(loadable(url), { workerData: data });
  let reason = 'ended';
  worker.on('error', (error) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
    onMessage: (receive) => void worker.on('message', receive),
    onClose: (closed) => void worker.on('exit', () => closed(reason)),
    close: () => void worker.terminate(),
  };
}

/** The worker's own side. Closing the channel lets the thread end. */
export function thisThread(): { readonly data: unknown; readonly channel: Channel } {
  const port = parentPort;
  assert(port !== null, 'thisThread() was called on the main thread');
  const channel: Channel = {
    send: (message, transfer = []) => port.postMessage(message, transfer as Transferable[]),
    onMessage: (receive) => void port.on('message', receive),
    onClose: (closed) => void port.on('close', () => closed('ended')),
    close: () => port.close(),
  };
  return { data: workerData, channel };
}

/** Node.js 20 cannot load TypeScript on a thread: run from source, as tests do, the module goes through tsx. */
function loadable(url: URL): URL {
  if (!url.pathname.endsWith('.ts')) return url;
  const code = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
register();
await import(${JSON.stringify(url.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
