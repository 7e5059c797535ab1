/**
 * Judges jobs with spouts and bolts of the user's, which no oracle can evaluate: by the ledger of messages, and by runs without a fault.
 * Where such runs give the same results with one task as with three, these are what must be there; where they differ, only the ledger judges.
 */
import type { Mode } from '../../runtime/events.js';
import type { Topology } from '../../topology/graph.js';
import { canonical } from '../canonical.js';
import { SpoutLedger, withLedger } from '../spouts/spout-ledger.js';
import type { TimedTrace } from '../trace.js';
import type { JudgedRun } from './judge-scenario.js';
import { runScenario, type ScenarioParts } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import type { ScenarioRun } from './scenario-run.js';

/** Results by sink and content, with how often each is there. */
type Results = ReadonlyMap<string, number>;

/** A job with components on one input. */
export class ComponentCase {
  readonly #job: Topology;
  readonly #trace: TimedTrace;
  readonly #parts: ScenarioParts;
  /** By mode: a spout's stream time is the clock at which its tuple is taken. */
  readonly #expected = new Map<Mode, Promise<Results | undefined>>();

  constructor(job: Topology, trace: TimedTrace, parts: ScenarioParts = {}) {
    this.#job = job;
    this.#trace = trace;
    this.#parts = parts;
  }

  /** Runs a scenario and judges it. */
  async run(scenario: Scenario): Promise<JudgedRun> {
    const { run, givenUp } = await this.#run(scenario);
    if (run.violations.length > 0) return { run, violations: run.violations };
    const { mode } = scenario;
    if (!this.#expected.has(mode)) this.#expected.set(mode, this.#reference(scenario));
    const expected = await this.#expected.get(mode);
    return { run, violations: expected === undefined ? [] : broken(expected, run, givenUp) };
  }

  async #run(scenario: Scenario): Promise<{ readonly run: ScenarioRun; readonly givenUp: number }> {
    const { batchInterval } = this.#job.graph.settings;
    const ledger = new SpoutLedger({ calls: scenario.records, every: (INTERVALS * batchInterval) / scenario.records });
    const run = await runScenario(withLedger(this.#job, ledger), this.#trace, scenario, { ...this.#parts, ledger });
    return { run, givenUp: ledger.counts.givenUp };
  }

  async #reference(scenario: Scenario): Promise<Results | undefined> {
    const quiet = {
      ...scenario,
      guarantee: 'at-least-once',
      faults: [],
      workers: 0,
      delayMax: 0,
      diskDelayMax: 0,
    } as const;
    // Whatever waits for the slowest of drawn timeouts is no loss here.
    const record = { messageTimeout: QUIET_TIMEOUT };
    const one = await this.#run({ ...quiet, record, parallelism: 1 });
    const three = await this.#run({ ...quiet, record, parallelism: 3, seed: scenario.seed + 1 });
    const [first, second] = [one, three].map(({ run }) => (run.violations.length > 0 ? undefined : resultsOf(run)));
    if (first === undefined || second === undefined || one.givenUp + three.givenUp > 0) return undefined;
    return missing(first, second) + missing(second, first) === 0 ? first : undefined;
  }
}

/** Batch intervals over which a spout's messages are spread. */
const INTERVALS = 8;
const QUIET_TIMEOUT = 60_000_000;

/** What a run without faults gave is there, or not more than that. A new driver's spouts begin anew, which at most once cannot forgive. */
function broken(expected: Results, run: ScenarioRun, givenUp: number): readonly string[] {
  const actual = resultsOf(run);
  const { guarantee, faults } = run.scenario;
  if (guarantee === 'at-most-once') {
    const more = run.lives > 1 ? 0 : missing(actual, expected);
    return more === 0 ? [] : [`at-most-once is broken: ${more} results more than without a fault`];
  }
  const less = givenUp > 0 || (run.end?.deadLetterCount ?? 0) > 0 ? 0 : missing(expected, actual);
  const isMore = faults.length === 0 && missing(actual, expected) > 0;
  return [
    ...(less === 0 ? [] : [`at-least-once is broken: ${less} results of a run without a fault are missing`]),
    ...(isMore ? ['results came again without a fault'] : []),
  ];
}

function resultsOf({ results }: ScenarioRun): Results {
  const counts = new Map<string, number>();
  for (const [sink, seen] of results) {
    for (const { value } of seen) {
      const name = `${sink} ${canonical(value)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

/** How many of the first are not in the second. */
function missing(first: Results, second: Results): number {
  let count = 0;
  for (const [name, times] of first) count += Math.max(0, times - (second.get(name) ?? 0));
  return count;
}
