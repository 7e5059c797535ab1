/** What a job should give on its trace, with provenance: the oracle on the decorated job. */
import type { Topology } from '../../topology/graph.js';
import type { OracleResult } from '../oracle/answer.js';
import { evaluate } from '../oracle/evaluate.js';
import { withIds } from '../provenance/record-ids.js';
import { withProvenance } from '../provenance/with-provenance.js';
import { listOf } from '../result-list.js';
import type { Trace } from '../trace.js';
import { faultDemandsOf } from './fault-rules.js';
import type { ExpectedPart } from './judge-fault-run.js';

/** A sink as it was captured. */
interface CapturedSink {
  readonly name: string;
  /** Set when its values came as whole intervals: how long one is (us). */
  readonly interval: number | undefined;
}

/** Evaluates the job, as the user wrote it, on the trace as it was recorded. Rejects with whatever a user function throws. */
export async function expectedParts(
  job: Topology,
  trace: Trace,
  sinks: readonly CapturedSink[],
): Promise<readonly ExpectedPart[]> {
  const plain = await evaluate(job, trace);
  const traced = await evaluate(withProvenance(job), withIds(trace));
  const partitions = new Map(trace.sources.map((source) => [source.name, source.partitions.length]));
  const demands = faultDemandsOf(job.graph, (name) => partitions.get(name) ?? 1);
  const ofSinks = sinks.map(({ name, interval }): ExpectedPart => {
    const results = withScales(traced.sinks.get(name) ?? [], plain.sinks.get(name) ?? []);
    const intervals =
      interval === undefined ? undefined : { length: interval, lastEnd: plain.lastEnds.get(name) ?? Number.NaN };
    return { name: `sink ${name}`, demand: demands.sinks.get(name)!, results: listOf(results, intervals) };
  });
  const ofStates = Array.from(demands.states, ([uid, demand]): ExpectedPart => {
    const states = [...(traced.states.get(uid)?.entries() ?? [])];
    const scales = states.map(([name]) => plain.states.get(uid)?.get(name)?.scale ?? 0);
    return { name: `state of ${uid}`, demand, results: { ...stateList(states.map(([, state]) => state)), scales } };
  });
  return [...ofSinks, ...ofStates];
}

/** Keys and their states as a list without times. */
export function stateList(states: readonly { readonly key: unknown; readonly value: unknown }[]) {
  const none = states.map(() => Number.NaN);
  return { values: states.map(({ key, value }) => [key, value]), timestamps: none, windowEnds: none };
}

/** Ids would pass for large inputs, to which a tolerance is relative: so the plain job says how large they were. Same order in both. */
function withScales(traced: readonly OracleResult[], plain: readonly OracleResult[]): readonly OracleResult[] {
  return traced.map((result, i) => ({ ...result, scale: plain[i]?.scale ?? 0 }));
}
