/** From what the user wrote and how it is to be run, to the plan: the driver and its workers must come to the same. */
import { compile } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';
import type { Mode } from '../runtime/events.js';
import { withSettings } from '../topology/builder.js';
import type { JobSettings, Topology } from '../topology/graph.js';
import { type OtherEnds, withEnds } from '../topology/with-ends.js';

/** Whatever of a run has a part in its plan. */
export interface CompileOptions extends OtherEnds {
  readonly mode: Mode;
  readonly parallelism?: number | undefined;
  readonly chaining?: boolean | undefined;
  readonly settings?: Partial<JobSettings> | undefined;
}

/** Compiles a job. @throws StreamErrors as `compile`. */
export function compileJob(
  topology: Topology,
  options: CompileOptions,
): { readonly job: Topology; readonly plan: Plan } {
  const job = withSettings(withEnds(topology, options), options.settings ?? {});
  const { mode, parallelism, chaining } = options;
  const plan = compile(job, {
    mode,
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(chaining === undefined ? {} : { chaining }),
  });
  return { job, plan };
}
