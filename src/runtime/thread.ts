/** Worker threads: the side that starts one. The thread itself finds its end by `thisWorker`. */
import { Worker as Thread, type Transferable } from 'node:worker_threads';
import { Inbox } from './inbox.js';
import { tsxModule } from './typescript.js';
import type { Worker } from './world.js';

/**
 * The young generation of a worker (MiB): what a batch brings is copied there from the driver's heap, and dies with the batch. With 64 half of what keyed
 * tasks made outlived a collection: two workers did 0.81 of one thread's work, and 0.98 with this (bench `workers-keyed`, 7 rounds of 1 M lines each).
 */
const YOUNG_GENERATION_MIB = 144;

/** Starts a module on a thread of its own. */
export function startThread(url: URL, data: unknown): Worker {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB };
  return new ThreadWorker(new Thread(loadable(url), { workerData: data, resourceLimits }));
}

/** What is held back while a thread is stopped: copies of what goes to it, what it sent, and why it ended. */
interface Held {
  readonly toThread: unknown[];
  readonly fromThread: unknown[];
  ended?: string;
}

class ThreadWorker implements Worker {
  readonly pid: number = process.pid;
  readonly #thread: Thread;
  readonly #inbox = new Inbox();
  /** Why it ends, once that is known: it was ended from outside, or threw. */
  #reason: string | undefined;
  #held: Held | undefined;

  constructor(thread: Thread) {
    this.#thread = thread;
    thread.on('message', (message) => {
      if (this.#held === undefined) this.#inbox.take(message);
      else this.#held.fromThread.push(message);
    });
    thread.on('error', (error) => {
      this.#reason ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    thread.on('exit', (code) => {
      const reason = this.#reason ?? (code === 0 ? 'ended' : `exited with code ${code}`);
      if (this.#held === undefined) this.#inbox.close(reason);
      else this.#held.ended = reason;
    });
  }

  send(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#held === undefined) this.#thread.postMessage(message, transfer as Transferable[]);
    else this.#held.toThread.push(structuredClone(message, { transfer: [...transfer] }));
  }

  onMessage(receive: (message: unknown) => void): void {
    this.#inbox.onMessage(receive);
  }

  onClose(closed: (reason: string) => void): void {
    this.#inbox.onClose(closed);
  }

  close(): void {
    this.#end('ended');
  }

  signal(signal: 'kill' | 'stop' | 'continue'): void {
    switch (signal) {
      case 'kill':
        return this.#end('killed');
      case 'stop':
        this.#held ??= { toThread: [], fromThread: [] };
        return;
      case 'continue':
        return this.#continue();
    }
  }

  /** What a stopped thread sent is lost with it, as is what the driver sent to it. */
  #end(reason: string): void {
    const held = this.#held;
    this.#held = undefined;
    this.#reason = reason;
    void this.#thread.terminate();
    if (held?.ended !== undefined) setImmediate(() => this.#inbox.close(reason));
  }

  #continue(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const message of held?.toThread ?? []) this.#thread.postMessage(message);
    for (const message of held?.fromThread ?? []) this.#inbox.take(message);
    if (held?.ended !== undefined) this.#inbox.close(held.ended);
  }
}

/** Node.js 20 cannot load TypeScript on a thread: run from source, as tests do, the module goes through tsx. */
function loadable(url: URL): URL {
  if (!url.pathname.endsWith('.ts')) return url;
  const code = `import { register } from ${JSON.stringify(tsxModule('tsx/esm/api'))};
register();
await import(${JSON.stringify(url.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
