/** Wires the chain of one task: its exits, its sinks, its stores, and what holds its watermarks back. */

import type { RecordContext } from '../../kernels/kernel.js';
import { nameOf } from '../../plan/kinds.js';
import type { Stage } from '../../plan/plan.js';
import type { GateState } from '../../runtime/durability.js';
import type { CustomGrouping } from '../../topology/components.js';
import { functionId } from '../../topology/graph.js';
import { buildChain, type Chain } from '../chain.js';
import type { Link } from '../link.js';
import type { Stores } from '../stores.js';
import type { Deliveries } from '../watermark-places.js';
import type { Anchors } from './anchors.js';
import type { Edge } from './edge.js';
import type { EdgeTable } from './edge-table.js';
import { exitLink } from './exit.js';
import { untrackedAttempts } from './stage-task.js';
import type { WiringParts } from './wiring-parts.js';

/** What is known of a task before it has a chain. */
export interface TaskFrame {
  readonly stage: Stage;
  readonly task: number;
  readonly anchors: Anchors;
  readonly context: RecordContext;
  /** The task chosen by an `emitDirect` under way. */
  readonly directTask: () => number;
  /** Filled with the edges that the chain writes into. */
  readonly exitEdges: Edge[];
  readonly gates: readonly GateState[] | undefined;
  /** For the chain of a source or spout. */
  readonly hold?: ((link: Link) => Link) | undefined;
  readonly deliveries?: Deliveries | undefined;
}

export function wireChain(parts: WiringParts, stores: Stores, table: EdgeTable, frame: TaskFrame): Chain {
  const { plan, options, functions, count, job, sink } = parts;
  const { stage, task, context, hold, deliveries } = frame;
  return buildChain({
    plan,
    stage,
    task,
    functions,
    context,
    count,
    store: (operator) => stores.of(operator, task),
    sink: (operator) => sink(operator, context, task),
    exits: (operator, output) => exitsOf(parts, table, frame, operator, output),
    gates: frame.gates,
    ...(hold === undefined ? {} : { hold }),
    ...(deliveries === undefined || !options.acking ? {} : { deliveries }),
    resultAttempts: untrackedAttempts(plan, options),
    resultFatal: (error) => job.failed(error),
    ...(plan.settings.onError === 'dead-letter'
      ? {
          // Exactly-once the job does not go back for what is set aside, and a call that leaves nothing behind may be made again.
          ...(options.acking ? { callAttempts: plan.settings.attemptsMax } : {}),
          resultFailed: (value, error) => job.deadLetter(nameOf(plan.operators[stage.head]!), task, -1, value, error),
        }
      : {}),
  });
}

function exitsOf(
  { plan, options, functions, channels, prng, counters, place, remote }: WiringParts,
  table: EdgeTable,
  { stage, task, context, anchors, directTask, exitEdges }: TaskFrame,
  operator: number,
  output: string,
): readonly Link[] {
  const { kind } = plan.operators[stage.head]!;
  const losesUntracked = !options.acking || kind === 'spout' || kind === 'bolt';
  return plan.stages.flatMap((reading) =>
    reading.inputs.flatMap((input, index) => {
      if (input.stage !== stage.id || input.operator !== operator || input.output !== output) return [];
      const reader = plan.operators[reading.head]!;
      const edges = table.from(task, reading.id, index);
      const draws = prng.fork(`shuffle:${stage.id}:${task}:${reading.id}:${index}`);
      const shuffleFrom = draws.below(edges.length);
      counters[stage.id]!.edges.push(...edges);
      exitEdges.push(...edges);
      return [
        exitLink({
          exchange: input.exchange,
          edges,
          context,
          anchors,
          reader,
          shuffleFrom,
          choice: {
            prng: draws,
            createGrouping: (role) => (functions.get(functionId(reader.node, role)) as () => CustomGrouping)(),
            writer: { component: nameOf(plan.operators[stage.head]!), task },
            loadOf: (to) => remote?.loadOf(place.hostOf(reading, to)) ?? 0,
          },
          isNear: (near) => place.hostOf(reading, near) === place.here,
          directTask,
          passes: channels?.tuples(nameOf(reader)),
          losesUntracked,
        }),
      ];
    }),
  );
}
