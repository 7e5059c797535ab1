/** Judges how a scenario ended: what the outside saw, against the oracle, by the guarantee that was promised. */
import type { Topology } from '../../topology/graph.js';
import { withIds } from '../provenance/record-ids.js';
import { withProvenance } from '../provenance/with-provenance.js';
import { expectedParts } from '../recovery/expected-parts.js';
import { judgeFaultRun } from '../recovery/judge-fault-run.js';
import { RecordNames } from '../recovery/record-names.js';
import { recordCount, type TimedTrace } from '../trace.js';
import { runScenario, type ScenarioRun } from './run-scenario.js';
import type { Scenario } from './scenario.js';

/** A scenario's run with what was wrong with it. */
export interface JudgedRun {
  readonly run: ScenarioRun;
  /** Empty: every promise held. */
  readonly violations: readonly string[];
}

/** Runs a scenario on traced records, and judges it. */
export async function judgedRun(job: Topology, trace: TimedTrace, scenario: Scenario): Promise<JudgedRun> {
  const run = await runScenario(withProvenance(job), withIds(trace), scenario);
  return { run, violations: run.violations.length > 0 ? run.violations : broken(job, trace, run) };
}

function broken(job: Topology, trace: TimedTrace, run: ScenarioRun): readonly string[] {
  const sinks = [...run.results.keys()].map((name) => ({ name, interval: undefined }));
  const actual = new Map(
    [...run.results].map(([name, results]) => [
      `sink ${name}`,
      {
        values: results.map(({ value }) => value),
        timestamps: results.map(({ timestamp }) => timestamp),
        windowEnds: results.map(({ windowEnd }) => windowEnd),
      },
    ]),
  );
  const expected = expectedParts(job, trace, sinks).filter(({ name }) => actual.has(name));
  const records = recordCount(trace);
  const verdict = judgeFaultRun({
    guarantee: run.scenario.guarantee,
    expected,
    actual,
    names: new RecordNames(trace),
    replayed: run.reread + run.replayed + run.restores * records,
    reexecuted: (run.lives - 1) * records,
    faults: run.scenario.faults.length,
  });
  if (verdict.verdict !== 'broken') return [];
  const parts = verdict.parts.flatMap(({ name, note, rule, ...counts }) => {
    const off = Object.entries(counts).filter(
      ([what, count]) => what !== 'expected' && what !== 'delivered' && count !== 0,
    );
    return off.length === 0
      ? []
      : [`${name}: ${off.map(([what, count]) => `${count} ${what}`).join(', ')} of ${counts.expected} results`];
  });
  return [verdict.sentence, ...parts];
}
