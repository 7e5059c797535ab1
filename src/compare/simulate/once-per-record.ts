/**
 * What can be checked at most once where the job takes event times: no record is in a sink twice. Records that were under way are not read
 * again, so nobody knows the event times that they would have brought: others are late, or are not, and windows close with what is there. But
 * what is made of one record may never come more often than that record gives it.
 */

import type { Topology } from '../../topology/graph.js';
import { entriesOf } from '../recovery/entries.js';
import { expectedParts } from '../recovery/expected-parts.js';
import type { ExpectedPart } from '../recovery/judge-fault-run.js';
import type { RecordNames } from '../recovery/record-names.js';
import type { ResultList } from '../result-list.js';
import type { TimedTrace } from '../trace.js';

/** How many results a record may have, by sink. */
export type ResultsOfRecords = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** From what the oracle says, and from what it says where nothing is late: a record may be on either side. */
export async function resultsOfRecords(
  job: Topology,
  trace: TimedTrace,
  names: RecordNames,
  expected: readonly ExpectedPart[],
): Promise<ResultsOfRecords> {
  const sinks = job.graph.nodes.flatMap((node) =>
    node.kind === 'sink' ? [{ name: node.name, interval: undefined }] : [],
  );
  const unlate = await expectedParts(withoutLateness(job), trace, sinks);
  return new Map(
    expected
      .filter(({ demand }) => demand.rule === 'per record')
      .map(({ name, results }) => {
        const most = countsOf(results, names);
        const others = countsOf(unlate.find((part) => part.name === name)!.results, names);
        for (const [record, count] of others) most.set(record, Math.max(count, most.get(record) ?? 0));
        return [name, most] as const;
      }),
  );
}

/** A violation for each sink in which a record is more often than it may be. */
export function foundTwice(
  allowed: ResultsOfRecords,
  actual: ReadonlyMap<string, ResultList>,
  names: RecordNames,
): readonly string[] {
  return [...allowed].flatMap(([name, most]) => {
    const counts = countsOf(actual.get(name) ?? { values: [], timestamps: [], windowEnds: [] }, names);
    const again = [...counts].filter(([record, count]) => count > (most.get(record) ?? Number.POSITIVE_INFINITY));
    const [first] = again;
    if (first === undefined) return [];
    const { source, partition, offset } = names.placeOf(first[0]);
    const many = again.length === 1 ? 'one record is' : `${again.length} records are`;
    return [`at-most-once is broken: ${many} in ${name} more than once, such as ${source}/${partition} ${offset}`];
  });
}

function countsOf(results: ResultList, names: RecordNames): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { from } of entriesOf(results)) {
    const record = names.recordOf(from);
    if (record !== undefined) counts.set(record, (counts.get(record) ?? 0) + 1);
  }
  return counts;
}

/** Longer than any input of a simulation (us). */
const NEVER_LATE = 1e15;

function withoutLateness({ graph, functions }: Topology): Topology {
  const nodes = graph.nodes.map((node) =>
    node.kind === 'timestamps' ? { ...node, maxOutOfOrderness: NEVER_LATE as typeof node.maxOutOfOrderness } : node,
  );
  return { graph: { ...graph, nodes }, functions };
}
