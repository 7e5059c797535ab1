/** `compile(topology, options)`: validate, lower, lay out, hash. The one way from what the user wrote to a plan. */
import { StreamError, StreamErrors } from '../core/errors.js';
import { canonicalJson, hashText } from '../core/json.js';
import type { Graph, Topology } from '../topology/graph.js';
import { withKeptWindows } from './kept-windows.js';
import { lower } from './lower.js';
import type { Plan, PlanOptions } from './plan.js';
import { greatestCommonDivisor } from './slides.js';
import { stagesOf } from './stages.js';
import { validate } from './validate.js';

/** The most tasks of one stage. */
const PARALLELISM_MAX = 128;

/** Compiles a job. @throws StreamErrors with every problem that the graph or the options have. */
export function compile(topology: Topology, options: PlanOptions = {}): Plan {
  const { graph } = topology;
  const problems = [...optionProblems(options), ...validate(graph), ...modeProblems(graph, options)];
  if (problems.length > 0) throw new StreamErrors(problems);
  const lowered = lower(graph);
  const operators = options.mode === 'micro-batch' ? lowered.map(withKeptWindows) : lowered;
  const ticks = graph.nodes.flatMap((node) =>
    node.kind === 'bolt' && node.tickEvery !== undefined ? [node.tickEvery] : [],
  );
  return {
    name: graph.name,
    settings: graph.settings,
    operators,
    stages: stagesOf(operators, options),
    step: ticks.reduce<number>(greatestCommonDivisor, graph.settings.batchInterval),
    hash: planHash(topology),
  };
}

function optionProblems({ parallelism = 1 }: PlanOptions): StreamError[] {
  if (Number.isSafeInteger(parallelism) && parallelism >= 1 && parallelism <= PARALLELISM_MAX) return [];
  return [
    new StreamError(
      'RG011',
      `parallelism is ${String(parallelism)}; it must be a whole number from 1 to ${PARALLELISM_MAX}`,
      'use the number of cores or less',
    ),
  ];
}

/** A batch is done when its tuples are: it cannot wait for a bolt that waits for later ones, and keeps them where no attempt finds them again. */
function modeProblems(graph: Graph, { mode }: PlanOptions): StreamError[] {
  if (mode !== 'micro-batch') return [];
  return graph.nodes.flatMap((node) => {
    if (node.kind !== 'bolt' || !node.holdsTuples || node.windows !== undefined) return [];
    return [
      new StreamError(
        'RG019',
        `the bolt '${node.name}' holds tuples in its own memory, and as micro-batches every tuple is answered within its batch: ` +
          'what it holds could not be given back when its batch is tried again, or after a crash',
        'run it with --mode record; or keep what it waits for in a state (t.setStatefulBolt) and ack within execute, or in windows (t.setWindowedBolt)',
        { place: node.place },
      ),
    ];
  });
}

/** Identity of graph and functions, without the places where they stand. */
function planHash({ graph, functions }: Topology): string {
  const nodes = graph.nodes.map(({ place: _, ...node }) => node);
  const sources = [...functions].map(([id, value]) => [id, typeof value === 'function' ? String(value) : typeof value]);
  return hashText(canonicalJson({ ...graph, nodes, functions: sources }));
}
