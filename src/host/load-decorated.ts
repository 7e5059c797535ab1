/** Loads a worker's topology, as its driver has it: the job's own, changed by the decorators that changed the driver's. */
import { pathToFileURL } from 'node:url';
import { StreamError } from '../core/errors.js';
import type { Topology } from '../topology/graph.js';
import { type JobLocation, loadJobAt } from './load-job.js';

/** What a decorator's module exports. */
interface Decorator {
  decorate(topology: Topology): Topology | Promise<Topology>;
}

/** @throws StreamError `RG058` without a place, `RG001` to `RG003` as `loadJobAt`. */
export async function loadDecorated(job: JobLocation | undefined, decorators: readonly string[]): Promise<Topology> {
  if (job === undefined) {
    const hint = 'say where: workers load the job on their own, by its path';
    throw new StreamError('RG058', 'the run does not say which file the job is in', hint);
  }
  let topology = await loadJobAt(job);
  for (const module of decorators) {
    const url = module.startsWith('file:') ? module : pathToFileURL(module).href;
    const { decorate } = (await import(url)) as Decorator;
    topology = await decorate(topology);
  }
  return topology;
}
