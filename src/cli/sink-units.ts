/** What a run's count of each sink counts: single results, or the intervals in which an interval sink gets them. */

import { compile } from '../plan/compile.js';
import { withSettings } from '../topology/builder.js';
import type { Topology } from '../topology/graph.js';
import { withEnds } from '../topology/with-ends.js';
import type { Ends } from './ends.js';
import type { RunFlags } from './flags.js';
import { planOptionsOf, settingsOf } from './job-options.js';

/** By sink: its unit. */
export type SinkUnits = Readonly<Record<string, 'result' | 'interval'>>;

/** Reads the units from the plan of a job that could be started. */
export function sinkUnits(topology: Topology, flags: RunFlags, ends: Ends): SinkUnits {
  const { operators } = compile(withSettings(withEnds(topology, ends), settingsOf(flags)), planOptionsOf(flags));
  return Object.fromEntries(
    operators.flatMap((operator) =>
      operator.kind === 'sink' ? [[operator.name, operator.delivery === 'interval' ? 'interval' : 'result']] : [],
    ),
  );
}
