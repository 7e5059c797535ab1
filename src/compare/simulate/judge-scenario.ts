/** Judges how a scenario ended: what the outside saw, and the job's state, against the oracle, by the guarantee that was promised. */
import type { Topology } from '../../topology/graph.js';
import { withIds } from '../provenance/record-ids.js';
import { withProvenance } from '../provenance/with-provenance.js';
import { expectedParts, stateList } from '../recovery/expected-parts.js';
import { type ExpectedPart, judgeFaultRun } from '../recovery/judge-fault-run.js';
import { RecordNames } from '../recovery/record-names.js';
import type { ResultList } from '../result-list.js';
import { recordCount, type TimedTrace } from '../trace.js';
import { foundTwice, type ResultsOfRecords, resultsOfRecords } from './once-per-record.js';
import { runScenario, type ScenarioParts } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import type { ScenarioRun } from './scenario-run.js';

/** A scenario's run with what was wrong with it. */
export interface JudgedRun {
  readonly run: ScenarioRun;
  /** Empty: every promise held. */
  readonly violations: readonly string[];
}

/** A job on one input: traced, and with what the oracle says of it. Both serve any number of scenarios. */
export class Case {
  readonly trace: TimedTrace;
  readonly traced: TimedTrace;
  readonly names: RecordNames;
  readonly expected: readonly ExpectedPart[];
  readonly #job: Topology;
  #perRecord: Promise<ResultsOfRecords> | undefined;

  /** Rejects with whatever a user function throws. */
  static async of(job: Topology, trace: TimedTrace): Promise<Case> {
    const sinks = job.graph.nodes.flatMap((node) => (node.kind === 'sink' ? [node.name] : []));
    const captured = sinks.map((name) => ({ name, interval: undefined }));
    return new Case(job, trace, await expectedParts(job, trace, captured));
  }

  private constructor(job: Topology, trace: TimedTrace, expected: readonly ExpectedPart[]) {
    this.#job = job;
    this.trace = trace;
    this.traced = withIds(trace);
    this.names = new RecordNames(trace);
    this.expected = expected;
  }

  /** How often records may be in sinks, whatever is late. */
  get perRecord(): Promise<ResultsOfRecords> {
    this.#perRecord ??= resultsOfRecords(this.#job, this.trace, this.names, this.expected);
    return this.#perRecord;
  }
}

/** Runs a scenario on traced records, and judges it. `job` is as the user wrote it, with outside ends. */
export async function judgedRun(
  job: Topology,
  on: Case,
  scenario: Scenario,
  parts: ScenarioParts = {},
): Promise<JudgedRun> {
  const run = await runScenario(withProvenance(job), on.traced, scenario, parts);
  return { run, violations: run.violations.length > 0 ? run.violations : await broken(job, on, run) };
}

/** What is wrong with how a run ended; empty when all that it promised held. */
export async function broken(job: Topology, on: Case, run: ScenarioRun): Promise<readonly string[]> {
  const { trace, names, expected } = on;
  const { guarantee, faults } = run.scenario;
  const records = recordCount(trace);
  const actual = actualParts(expected, run);
  if (isOtherTime(job, run.scenario)) return foundTwice(await on.perRecord, actual, names);
  const verdict = judgeFaultRun({
    guarantee,
    expected,
    actual,
    names,
    replayed: run.reread + run.replayed + run.restores * records,
    reexecuted: (run.lives - 1) * records,
    faults: faults.length,
    unjudged: run.beyondOracle,
  });
  if (verdict.verdict !== 'broken') return [];
  const parts = verdict.parts.flatMap(({ name, note: _note, rule: _rule, expected: of, delivered: _, ...counts }) => {
    const off = Object.entries(counts).filter(([, count]) => count !== 0);
    return off.length === 0 ? [] : [`${name}: ${off.map(([what, count]) => `${count} ${what}`).join(', ')} of ${of}`];
  });
  return [verdict.sentence, ...parts];
}

function actualParts(
  expected: readonly ExpectedPart[],
  { results, end }: ScenarioRun,
): ReadonlyMap<string, ResultList> {
  const actual = new Map<string, ResultList>();
  for (const [name, seen] of results) {
    actual.set(`sink ${name}`, {
      values: seen.map(({ value }) => value),
      timestamps: seen.map(({ timestamp }) => timestamp),
      windowEnds: seen.map(({ windowEnd }) => windowEnd),
    });
  }
  for (const { name } of expected) {
    if (!name.startsWith(STATE)) continue;
    const states = [...end!.state(name.slice(STATE.length))];
    actual.set(name, stateList(states.map(([key, value]) => ({ key, value }))));
  }
  return actual;
}

const STATE = 'state of ';

/** At most once, what is lost takes its event times along: other records are late then, and a window may close again. */
function isOtherTime({ graph }: Topology, { guarantee, faults }: Scenario): boolean {
  return guarantee === 'at-most-once' && faults.length > 0 && graph.nodes.some(({ kind }) => kind === 'timestamps');
}
