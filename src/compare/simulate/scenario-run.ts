/** What came of a scenario, as its judges get it. */
import type { JobResult } from '../../executors/executor.js';
import type { SeenResult } from './outside.js';
import type { Scenario } from './scenario.js';

/** What became of a scenario. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  /** What must never happen, and did; the first counts. Empty: all is well so far, and the answers may be judged. */
  readonly violations: readonly string[];
  /** What is visible outside, by sink. */
  readonly results: ReadonlyMap<string, readonly SeenResult[]>;
  /** The result of the last life: the job's state at the end is in it. */
  readonly end: JobResult | undefined;
  /** Records that were handed out again, and trees that were replayed. */
  readonly reread: number;
  readonly replayed: number;
  /** How often a job went back to a snapshot within its life. */
  readonly restores: number;
  /** Slow tasks that got a twin. */
  readonly twins: number;
  readonly lives: number;
  /** Why the oracle cannot judge what was set aside, in any life. */
  readonly beyondOracle: string | undefined;
  /** A hash over every event of all lives: equal seeds give equal hashes. */
  readonly traceHash: string;
}
