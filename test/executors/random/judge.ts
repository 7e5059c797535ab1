/** Runs a built recipe in one way and compares what came of it with the oracle. */

import { diffSink, diffState } from '../../../src/compare/diff.js';
import type { OracleAnswer } from '../../../src/compare/oracle/answer.js';
import { evaluate } from '../../../src/compare/oracle/evaluate.js';
import type { Difference } from '../../../src/compare/result.js';
import { listOf, type ResultList } from '../../../src/compare/result-list.js';
import { type Demands, demandsOf } from '../../../src/compare/rules.js';
import type { PartitionTrace } from '../../../src/compare/trace.js';
import type { JobResult } from '../../../src/executors/executor.js';
import { type RunOptions, run } from '../../../src/host/run.js';
import { compile } from '../../../src/plan/compile.js';
import type { Plan, SinkOperator } from '../../../src/plan/plan.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import { TimedPartition } from '../../../src/testing/timed-partition.js';
import type { Built } from './build.js';
import { callsTakeTimeOf } from './call-time.js';

/** How a job is run, beside its mode. */
export interface Way extends Omit<RunOptions, 'world' | 'readers' | 'writers' | 'sources'> {
  /** Everything is there at once, and not each element at its own time. */
  readonly atOnce: boolean;
  /** Only each n-th heartbeat comes, and the last. Where silence counts (`idleTimeout`), all come. */
  readonly heartbeatEach: number;
}

/** What a run said. */
export interface Witness {
  readonly job: JobResult;
  readonly sinks: ReadonlyMap<string, CapturedSink>;
}

/** Later than every element of an input. */
const AFTER_ALL = 1_000_000_000;

export async function runIn({ topology, trace }: Built, way: Way): Promise<Witness> {
  const { atOnce, heartbeatEach, ...options } = way;
  const isThinned = !topology.graph.nodes.some((node) => node.kind === 'timestamps' && node.idleTimeout !== undefined);
  const world = createSimulatedWorld({ seed: 7, start: atOnce ? AFTER_ALL : 0 });
  callsTakeTimeOf(world);
  const sinks = new Map(sinksOf(compile(topology)).map(({ name, delivery }) => [name, new CapturedSink(delivery)]));
  const readers = new Map(
    trace.sources.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.map(
          (sequence) =>
            new TimedPartition(isThinned ? thinned(sequence, heartbeatEach) : sequence, world, { ends: true }),
        ),
        close: async () => undefined,
      },
    ]),
  );
  const job = await world.complete(run(topology, { ...options, world, readers, writers: sinks }), 1_000_000);
  callsTakeTimeOf(undefined);
  return { job, sinks };
}

function thinned(sequence: PartitionTrace, each: number): PartitionTrace {
  const { heartbeats } = sequence;
  return { ...sequence, heartbeats: heartbeats.filter((_beat, i) => i % each === 0 || i === heartbeats.length - 1) };
}

/** Asks the oracle. */
export function askOracle({ topology, trace }: Built): Promise<OracleAnswer> {
  callsTakeTimeOf(undefined);
  return evaluate(topology, trace);
}

/** The sinks whose every result is promised: elsewhere an order decides that nobody promises. */
export function promisedSinks(built: Pick<Built, 'topology' | 'trace'>): ReadonlySet<string> {
  const promised = [...demandsIn(built).sinks].filter(
    ([, { rule, view }]) =>
      rule.startsWith('equal') && rule !== 'equal final value and count per key' && view === undefined,
  );
  return new Set(promised.map(([name]) => name));
}

/** How many results the promised sinks had. */
export function promisedCounts(built: Built, { resultsWritten }: JobResult): Readonly<Record<string, number>> {
  const promised = promisedSinks(built);
  return Object.fromEntries(Object.entries(resultsWritten).filter(([name]) => promised.has(name)));
}

/** Everything in which two runs and the oracle differ, by DESIGN's rules. */
export function differences(
  built: Built,
  microBatch: Witness,
  record: Witness,
  oracle: OracleAnswer,
): readonly Difference[] {
  const { topology } = built;
  const demands = demandsIn(built);
  const found: Difference[] = [];
  for (const { name, delivery, slide } of sinksOf(compile(topology))) {
    const intervals = delivery === 'interval' ? { length: slide, lastEnd: oracle.lastEnds.get(name)! } : undefined;
    const said = listOf(oracle.sinks.get(name) ?? [], intervals);
    const lists = {
      microBatch: columns(microBatch.sinks.get(name)!),
      record: columns(record.sinks.get(name)!),
      oracle: said,
    };
    const { first } = diffSink(name, demands.sinks.get(name)!, lists, { start: 0 });
    if (first !== null) found.push(first);
  }
  for (const [uid, demand] of demands.states) {
    const states = { microBatch: microBatch.job.state(uid), record: record.job.state(uid), oracle: undefined };
    const { first } = diffState(uid, demand, states, oracle.states.get(uid), { start: 0 });
    if (first !== null) found.push(first);
  }
  return found;
}

function sinksOf(plan: Plan): readonly SinkOperator[] {
  return plan.operators.filter((operator): operator is SinkOperator => operator.kind === 'sink');
}

function columns({ results }: CapturedSink): ResultList {
  return {
    values: results.map((result) => result.value),
    timestamps: results.map((result) => result.timestamp),
    windowEnds: results.map((result) => result.windowEnd),
  };
}

/** What is demanded of the sinks and states of a job. */
export function demandsIn({ topology, trace }: Pick<Built, 'topology' | 'trace'>): Demands {
  const partitions = new Map(trace.sources.map((source) => [source.name, source.partitions.length]));
  return demandsOf(topology.graph, (name) => partitions.get(name)!);
}
