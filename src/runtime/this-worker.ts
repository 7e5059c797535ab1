/** The worker's own side, the same on a thread and in a process: what it was started with, and its end of the channel. */
import { parentPort, type Transferable, workerData } from 'node:worker_threads';
import { assert } from '../core/assert.js';
import { Inbox } from './inbox.js';
import type { Channel } from './world.js';

/** How long a last message may take to leave before the process ends without (ms). */
const FLUSH_MS_MAX = 1_000;

/** A worker as it sees itself. */
export interface ThisWorker {
  readonly data: unknown;
  readonly channel: Channel;
  /** Ends the worker with this last message, as one that failed. */
  fail(message: unknown): void;
  /** Errors that nobody caught. Unheard, they end the worker. */
  onError(failed: (error: unknown) => void): void;
}

/** Resolves with the worker that this thread or process is. */
export async function thisWorker(): Promise<ThisWorker> {
  return parentPort === null ? thisProcess() : { ...thisThread(), fail: failThread, onError };
}

/** The end of a thread whose module needs it before its first turn. Closing the channel lets the thread end. */
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

function failThread(message: unknown): void {
  parentPort?.postMessage(message);
  // On a thread this ends the thread only, and what was posted arrives.
  process.exit(1);
}

/** The first message of a process is its data. */
async function thisProcess(): Promise<ThisWorker> {
  assert(process.connected, 'thisWorker() was called in a process that no driver started');
  // A worker without its driver has nobody to work for, however the driver ended.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; whether and how the job stops is the driver's to say.
  process.on('SIGINT', () => undefined);
  const inbox = new Inbox();
  const data = await new Promise<unknown>((resolve) => {
    process.once('message', (first) => {
      process.on('message', (message) => inbox.take(message));
      resolve(first);
    });
  });
  const channel: Channel = {
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (receive) => inbox.onMessage(receive),
    onClose: (closed) => void process.on('disconnect', () => closed('ended')),
    close: () => process.disconnect(),
  };
  return { data, channel, fail: failProcess, onError };
}

function failProcess(message: unknown): void {
  const end = (): void => process.exit(1);
  if (!process.connected) end();
  process.send?.(message, undefined, undefined, end);
  setTimeout(end, FLUSH_MS_MAX);
}

function onError(failed: (error: unknown) => void): void {
  process.on('uncaughtException', failed);
}
