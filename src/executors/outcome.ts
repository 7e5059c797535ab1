/** How a job ends: sinks and listeners around both executors, and the one result. */
import { StreamError } from '../core/errors.js';
import type { KernelCounter } from '../kernels/kernel.js';
import type { Plan } from '../plan/plan.js';
import { resultIds } from '../plan/result-ids.js';
import type { Mode } from '../runtime/events.js';
import { DEAD_LETTERS_KEPT, type DeadLetter, type JobResult, type Services } from './executor.js';
import { SinkOutlet } from './sink-outlets.js';

/** What an executor knows about its own run. */
export type RunNumbers = Pick<JobResult, 'duration' | 'recordsRead' | 'state'> &
  Partial<Omit<JobResult, 'metrics'>> & {
    /** Read before anything is closed. */
    readonly metrics: () => JobResult['metrics'];
  };

/** Collects a job's outcome and settles its result once. */
export class Outcome {
  readonly result: Promise<JobResult>;
  readonly outlets: ReadonlyMap<string, SinkOutlet>;
  isSettled = false;
  readonly #mode: Mode;
  readonly #services: Services;
  readonly #counters: Record<KernelCounter, number> = { lateRecords: 0, skippedEmptyIntervals: 0 };
  readonly #deadLetters: DeadLetter[] = [];
  #deadLetterCount = 0;
  #resolve!: (result: JobResult) => void;
  #reject!: (bug: unknown) => void;

  constructor(mode: Mode, plan: Plan, services: Services) {
    this.#mode = mode;
    this.#services = services;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Numbers of records begin anew with a job that does not go on, so its ids must be others.
    const begun = services.durability?.begun ?? services.world.clock.now();
    const asking = new Set(resultIds(plan).sinks.keys());
    this.outlets = new Map(
      [...services.sinks].map(([name, writer]) => {
        const idsFrom = asking.has(name) ? `${Math.floor(begun).toString(36)}/` : undefined;
        return [name, new SinkOutlet(name, writer, services.listener, idsFrom)];
      }),
    );
    services.listener?.({ kind: 'jobStarted', job: plan.name, mode, plan: plan.hash });
  }

  get resultsWritten(): number {
    let sum = 0;
    for (const outlet of this.outlets.values()) sum += outlet.written;
    return sum;
  }

  readonly count = (counter: KernelCounter, by: number): void => {
    this.#counters[counter] += by;
  };

  /** What was counted so far, as a snapshot keeps it. */
  counted(): Readonly<Record<string, number>> {
    const written = [...this.outlets].map(([name, outlet]) => [`${WRITTEN}${name}`, outlet.written] as const);
    return { ...this.#counters, deadLetters: this.#deadLetterCount, ...Object.fromEntries(written) };
  }

  /** The job goes on from a snapshot; with `areResultsTakenBack` sinks have none that came after it. */
  goOnFrom(counted: Readonly<Record<string, number>>, areResultsTakenBack: boolean): void {
    for (const counter of Object.keys(this.#counters) as KernelCounter[])
      this.#counters[counter] = counted[counter] ?? 0;
    this.#deadLetterCount = counted['deadLetters'] ?? 0;
    this.#deadLetters.length = Math.min(this.#deadLetters.length, this.#deadLetterCount);
    if (areResultsTakenBack) this.resultsFrom(counted);
  }

  /** Sinks have the results of a snapshot, and none that came after it. */
  resultsFrom(counted: Readonly<Record<string, number>>): void {
    for (const [name, outlet] of this.outlets) outlet.written = counted[`${WRITTEN}${name}`] ?? 0;
  }

  deadLetter(letter: DeadLetter): void {
    this.#deadLetterCount++;
    if (this.#deadLetters.length < DEAD_LETTERS_KEPT) this.#deadLetters.push(letter);
    this.#services.listener?.({
      kind: 'deadLetter',
      component: letter.source,
      offset: letter.offset,
      code: letter.error.code,
    });
  }

  /** False while a sink is behind; then `wake` is called when it no longer is. */
  sinksReady(wake: () => void): boolean {
    for (const { writer } of this.outlets.values()) {
      if (writer.ready) continue;
      writer.onReady(wake);
      return false;
    }
    return true;
  }

  flushSinks(): void {
    for (const { writer } of this.outlets.values()) writer.flush();
  }

  sinkFailure(): StreamError | 'stop' | undefined {
    for (const { writer } of this.outlets.values()) if (writer.failure !== undefined) return writer.failure;
    return undefined;
  }

  /** Settles the result. `closing` are the user's own close functions; what they throw fails the job. */
  settle(outcome: JobResult['outcome'], error: unknown, closing: readonly (() => void)[], numbers: RunNumbers): void {
    if (this.isSettled) return;
    this.isSettled = true;
    let failure = error;
    let metrics: JobResult['metrics'] = [];
    const read = (): void => {
      metrics = numbers.metrics();
    };
    for (const close of [read, ...closing]) {
      try {
        close();
      } catch (thrown) {
        failure ??= thrown;
      }
    }
    for (const outlet of this.outlets.values()) outlet.isClosed = true;
    this.flushSinks();
    if (failure !== undefined && !(failure instanceof StreamError)) {
      this.#reject(failure);
      return;
    }
    const final = failure === undefined ? outcome : 'failed';
    this.#services.listener?.({ kind: 'jobEnded', outcome: final });
    this.#resolve({
      sourceCounters: {},
      batches: [],
      batchCount: 0,
      taskRetries: 0,
      components: [],
      acked: 0,
      failed: 0,
      replayed: 0,
      ...numbers,
      metrics,
      mode: this.#mode,
      outcome: final,
      error: failure,
      resultsWritten: Object.fromEntries([...this.outlets].map(([name, outlet]) => [name, outlet.written])),
      ...this.#counters,
      deadLetters: this.#deadLetters,
      deadLetterCount: this.#deadLetterCount,
    });
  }
}

/** Before a sink's name, in the counters of a snapshot. */
const WRITTEN = 'results of ';
