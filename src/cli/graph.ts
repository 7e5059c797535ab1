/** `raingauge graph JOB`: draws what the job says. */
import { EXIT } from '../core/errors.js';
import { type GraphFormat, renderGraph } from '../plan/render.js';
import type { JobFlags } from './flags.js';
import { loadChangedJob } from './job-options.js';
import { printOut } from './stdout.js';

/** Runs the command. A job with problems is drawn too: a drawing may show why. */
export async function graphCommand(job: string, flags: JobFlags & { readonly format: GraphFormat }): Promise<number> {
  const { graph } = await loadChangedJob(job, flags);
  printOut(renderGraph(graph, flags.format));
  return EXIT.ok;
}
