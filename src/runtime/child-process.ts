/** Worker processes: the side that starts one. The process itself finds its end by `thisWorker`. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { Inbox } from './inbox.js';
import { tsxModule } from './typescript.js';
import type { Worker } from './world.js';

/** How much of the end of a process's stderr its reason quotes (bytes); all of it is passed on. */
const STDERR_KEPT_BYTES = 4_096;
/** How long its pipes may stay open behind an ended process before it counts as closed (ms): its own children may hold them. */
const PIPES_MS_MAX = 1_000;
/** What a worker inherits of the driver's own `node` options: those about memory and source maps, not a debugger's port. */
const INHERITED_OPTION = /^--(?:max-[a-z-]+-size|stack-size)=|^--enable-source-maps$/;
const SIGNALS = { kill: 'SIGKILL', stop: 'SIGSTOP', continue: 'SIGCONT' } as const;

/** Processes that run: none outlives this one, not even one that hangs in a loop and hears nothing. */
const running = new Set<ChildProcess>();
let isWatching = false;

function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const each of running) each.kill('SIGKILL');
  });
}

/** Starts a module in a process of its own. Its stdout is the driver's; its stderr is passed on to the driver's. */
export function startProcess(url: URL, data: unknown): Worker {
  const child = fork(url, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    execArgv: [...process.execArgv.filter((option) => INHERITED_OPTION.test(option)), ...loaderOf(url)],
  });
  return new ProcessWorker(child, data);
}

class ProcessWorker implements Worker {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #inbox = new Inbox();
  #stderr = '';
  #isClosing = false;

  constructor(child: ChildProcess, data: unknown) {
    this.#child = child;
    this.pid = child.pid ?? -1;
    endWithThisProcess(child);
    child.on('message', (message) => this.#inbox.take(message));
    // Without a process id it never started: then this is all that will be heard.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#inbox.close(`no process could be started: ${error.message}`);
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      process.stderr.write(bytes);
      this.#stderr = (this.#stderr + bytes.toString('latin1')).slice(-STDERR_KEPT_BYTES);
    });
    child.on('exit', (code, signal) => {
      const close = (): void => this.#inbox.close(this.#reasonOf(code, signal));
      // `close` comes when all that it sent and printed was read.
      const timer = setTimeout(close, PIPES_MS_MAX);
      if (this.#isClosing) timer.unref();
      child.on('close', () => {
        clearTimeout(timer);
        close();
      });
    });
    this.send(data);
  }

  /** Buffers are copied: between processes nothing can be transferred. */
  send(message: unknown): void {
    // What cannot be delivered any more is lost with the process, whose end is told.
    if (this.#child.connected) this.#child.send(message as object, undefined, undefined, () => undefined);
  }

  onMessage(receive: (message: unknown) => void): void {
    this.#inbox.onMessage(receive);
  }

  onClose(closed: (reason: string) => void): void {
    this.#inbox.onClose(closed);
  }

  close(): void {
    this.#isClosing = true;
    this.signal('kill');
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as Socket | null)?.unref();
  }

  signal(signal: 'kill' | 'stop' | 'continue'): void {
    // No process is killed twice: its id may be another's by then.
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(SIGNALS[signal]);
  }

  #reasonOf(code: number | null, signal: string | null): string {
    if (this.#isClosing || code === 0) return 'ended';
    const how = signal === null ? `exited with code ${code}` : `ended by ${signal}`;
    const said = Buffer.from(this.#stderr, 'latin1').toString().trim();
    return said === '' ? how : `${how}; it said:\n${said}`;
  }
}

function loaderOf(url: URL): readonly string[] {
  return url.pathname.endsWith('.ts') ? ['--import', tsxModule('tsx')] : [];
}
