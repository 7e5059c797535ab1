/** A task worker's life: loads the job, proves that it has the driver's plan, and then passes messages to the executor's host. */
import type { StoreMaker } from '../core/keyed-store.js';
import { prng } from '../core/prng.js';
import type { TaskHost, TaskHostParts } from '../executors/workers.js';
import type { Mode } from '../runtime/events.js';
import type { ThisWorker } from '../runtime/this-worker.js';
import type { Clock, Scheduler } from '../runtime/world.js';
import type { Topology } from '../topology/graph.js';
import { compileJob } from './compile-job.js';
import type { JobLocation } from './load-job.js';
import { openState } from './open-state.js';
import { functionsWithFaults } from './run-faults.js';
import { type FromWorker, plainError, proofOf, sendCopy, type ToWorker } from './worker-protocol.js';
import { compileOptionsOf, type WorkerSetup } from './worker-setup.js';

/** How each model's host is made. */
export type TaskHosts = Readonly<Record<Mode, (parts: TaskHostParts) => TaskHost>>;

/** What a task worker is made of. */
export interface TaskWorkerParts {
  load(job: JobLocation | undefined, decorators: readonly string[]): Promise<Topology>;
  readonly hosts: TaskHosts;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** In place of what the setup says. */
  readonly createStore?: StoreMaker | undefined;
}

/** Serves the driver until the worker is ended. */
export async function serveTasks(worker: ThisWorker, parts: TaskWorkerParts): Promise<void> {
  const { channel } = worker;
  const send = (message: FromWorker, transfer?: readonly ArrayBuffer[]): void => channel.send(message, transfer);
  worker.onError((error) => {
    worker.fail({ kind: 'failed', reason: reasonOf(error), error: plainError(error) } satisfies FromWorker);
  });
  try {
    const { host, hash } = await makeHost(worker, parts);
    channel.onMessage((message) => {
      const heard = message as ToWorker;
      if (heard.kind === 'ping') send({ kind: 'pong' });
      else host.onMessage(heard.message);
    });
    send({ kind: 'ready', proof: proofOf(hash) });
  } catch (error) {
    const plain = plainError(error);
    worker.fail(
      plain === undefined
        ? ({ kind: 'failed', reason: reasonOf(error), error: undefined } satisfies FromWorker)
        : ({ kind: 'refused', error: plain } satisfies FromWorker),
    );
  }
}

async function makeHost({ data, channel }: ThisWorker, parts: TaskWorkerParts) {
  const setup = data as WorkerSetup;
  const { worker, incarnation, decorators = [], faults = [] } = setup;
  const topology = await parts.load(setup.job, decorators);
  const { job, plan } = compileJob(topology, compileOptionsOf(setup));
  const host = parts.hosts[setup.mode]({
    plan,
    // A worker that comes back has had its faults.
    functions: incarnation === 1 ? functionsWithFaults(job, faults, parts.clock) : job.functions,
    scheduler: parts.scheduler,
    clock: parts.clock,
    // Of another incarnation too: an id that was drawn twice would join what has nothing to do with each other.
    seed: prng(setup.seed).fork(`worker ${worker} incarnation ${incarnation}`).int32() >>> 0,
    worker,
    createStore: await openState(parts.createStore ?? setup.state),
    send: (message, transfer) => sendCopy(() => channel.send({ kind: 'task', message } satisfies FromWorker, transfer)),
  });
  return { host, hash: plan.hash };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
