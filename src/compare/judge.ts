/** The verdict: both modes' answers against each other and against the oracle, part by part. */
import { canonical, TOLERANCE } from './canonical.js';
import { diffSink, diffState } from './diff.js';
import type { OracleAnswer } from './oracle/answer.js';
import type { PartOutcome } from './outcome.js';
import type { Difference, OracleVerdict, Verdict } from './result.js';
import { listOf } from './result-list.js';
import { type Demands, demandsOf } from './rules.js';
import type { PacedRun } from './runs.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** What the oracle said, or why it says nothing. */
export type Opinion = { readonly answer: OracleAnswer } | { readonly absence: string };

/** Judges two complete runs. `demands`: what is demanded; by default all that the graph promises. */
export function judge(
  setup: Setup,
  trace: TimedTrace,
  microBatch: PacedRun,
  record: PacedRun,
  opinion: Opinion,
  demands = demandsOn(setup, trace),
): Verdict {
  const answer = 'answer' in opinion ? opinion.answer : undefined;
  const options = { start: trace.start };
  const outcomes: PartOutcome[] = setup.sinks.map(({ name, interval }) => {
    const intervals =
      answer && interval !== undefined ? { length: interval, lastEnd: answer.lastEnds.get(name)! } : undefined;
    const oracle = answer && listOf(answer.sinks.get(name) ?? [], intervals);
    const lists = { microBatch: microBatch.captures.get(name), record: record.captures.get(name), oracle };
    return diffSink(name, demands.sinks.get(name)!, lists, options);
  });
  for (const [uid, demand] of demands.states) {
    const states = { microBatch: microBatch.job.state(uid), record: record.job.state(uid), oracle: undefined };
    outcomes.push(diffState(uid, demand, states, answer?.states.get(uid), options));
  }
  return verdictOf(setup, recordCount(trace), outcomes, 'absence' in opinion ? opinion.absence : null);
}

/** All that the graph promises of this input. */
export function demandsOn({ job }: Setup, { sources }: TimedTrace): Demands {
  const partitions = new Map(sources.map((source) => [source.name, source.partitions.length]));
  return demandsOf(job.graph, (name) => partitions.get(name) ?? 1);
}

/** The verdict when a run did not finish: nothing is claimed. */
export function noVerdict(setup: Setup, records: number, reason: string): Verdict {
  return { ...verdictOf(setup, records, [], reason), same: null };
}

function verdictOf(setup: Setup, records: number, outcomes: readonly PartOutcome[], absence: string | null): Verdict {
  const parts = outcomes.map((outcome) => outcome.part);
  const fails = parts.some((part) => part.oracle === 'fail');
  const oracle: OracleVerdict = absence !== null ? 'not available' : fails ? 'fail' : 'pass';
  const isSame = parts.every((part) => part.same);
  const sinks = outcomes.filter(({ part }) => part.name.startsWith('sink '));
  return {
    same: isSame,
    oracle,
    oracleReason: absence,
    guarantee: absence !== null ? 'not checked' : isSame && !fails ? 'held' : 'broken',
    // Without acking record mode gives no more, whatever the job says.
    declaredGuarantee: setup.isAcking ? setup.job.graph.settings.guarantee : 'at-most-once',
    compared: {
      keys: new Set(outcomes.flatMap(({ keys }) => [...keys])).size,
      windows: sinks.reduce((sum, { part }) => sum + part.windows, 0),
      records,
      results: sinks.reduce((sum, { part }) => sum + part.results, 0),
    },
    parts,
    firstDifference: firstOf(outcomes),
    tolerance: TOLERANCE,
  };
}

/** The earliest, windows before what has no time of its own. */
function firstOf(outcomes: readonly PartOutcome[]): Difference | null {
  const time = ({ windowEnd, timestamp }: Difference): number => windowEnd ?? timestamp ?? Number.POSITIVE_INFINITY;
  const found = outcomes.flatMap(({ first }) => (first === null ? [] : [first]));
  return found.toSorted((a, b) => time(a) - time(b) || (canonical(a.key) < canonical(b.key) ? -1 : 1))[0] ?? null;
}
