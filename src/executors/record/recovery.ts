/** What a job does when a tree fails that must not be replayed alone, or a worker is lost. */

import { assert } from '../../core/assert.js';
import { StreamError } from '../../core/errors.js';
import { nameOf } from '../../plan/kinds.js';
import type { Plan } from '../../plan/plan.js';
import type { RestoredJob, SnapshotMeta } from '../../runtime/durability.js';
import type { RecordOptions, Services } from '../executor.js';
import type { Outcome } from '../outcome.js';
import type { Barriers } from './barriers.js';
import type { Survival } from './record-options.js';
import type { Run } from './run.js';
import type { ControlledJob } from './run-control.js';
import { SetBacks } from './set-backs.js';
import type { SkippedRecords, SourceRecord } from './skipped-records.js';
import { SourceTask } from './source-task.js';

/** What the recovery needs of its job. */
export interface RecoveryParts {
  readonly plan: Plan;
  readonly services: Services;
  readonly options: RecordOptions;
  readonly survival: Survival;
  readonly outcome: Outcome;
  readonly barriers: Barriers;
  readonly skipped: SkippedRecords;
  run(): Run;
  /** No turn any more, until `goOn`. */
  pause(): void;
  /** A new wiring begins on that snapshot. */
  goOn(restored: RestoredJob | undefined): void;
  readonly job: Pick<ControlledJob, 'abort' | 'event' | 'wake'>;
}

/**
 * Setting back:
 *
 * 1. The wiring is over: its timers end, its answers are stale, and what its sinks took is thrown away.
 * 2. A snapshot that is being saved is finished: it was taken before the failure. Lost workers are waited for.
 * 3. Sinks recover to the last snapshot, readers go back to its positions, and a new wiring begins on its state.
 */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #setBacks: SetBacks;
  readonly #lost = new Set<number>();
  #allBack: (() => void) | undefined;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#setBacks = new SetBacks(parts.options, parts.plan.settings.onError, parts.skipped);
  }

  /** A checkpoint was saved. */
  saved(): void {
    this.#setBacks.saved();
  }

  /** The job ends without a last barrier: what sinks would commit by epoch stays unseen. */
  resultsTakenBack(): void {
    const { services, survival, outcome } = this.#parts;
    const isCommitted = [...services.sinks.values()].some((sink) => sink.transactions !== undefined);
    if (isCommitted && survival.hasBarriers) outcome.resultsFrom(this.#latest?.meta.counters ?? {});
  }

  /** Something failed that cannot be tried again alone. */
  failed(error: StreamError, record: SourceRecord | undefined): void {
    const { survival, job, run } = this.#parts;
    if (run().control.isOver) return;
    if (!survival.setsBackTrees) return job.abort(error);
    const verdict = this.#setBacks.failed(error, record);
    if (verdict.kind === 'give up') job.abort(error);
    else this.#setBack(verdict.wait);
  }

  workerLost(worker: number, reason: string): void {
    const { services, survival, plan, barriers, run, job } = this.#parts;
    const { links, wiring, control } = run();
    this.#lost.add(worker);
    job.event({ kind: 'workerLost', worker, reason });
    links!.lost(worker);
    if (control.isOver) return;
    if (survival.setsBackWorkers) return this.#setBack(0);
    if (plan.settings.guarantee === 'exactly-once') return job.abort(noCheckpoint(worker, reason));
    barriers.abandon();
    wiring.ackers.failAll({ reason: 'worker lost', by: undefined, error: undefined });
    services.world.scheduler.soon(() => job.wake());
  }

  workerReady(worker: number): void {
    const { survival, run, job } = this.#parts;
    const { links, control } = run();
    this.#lost.delete(worker);
    if (!control.isOver) {
      links!.revive(worker, survival.hasBarriers ? this.#latest : undefined);
      job.wake();
    }
    if (this.#lost.size === 0) this.#allBack?.();
  }

  #setBack(wait: number): void {
    const { barriers, pause, run, job } = this.#parts;
    pause();
    barriers.end();
    const over = run();
    over.end();
    this.#recover(over, wait).catch((error: unknown) => job.abort(error));
  }

  async #recover(over: Run, wait: number): Promise<void> {
    const { services, outcome, barriers, goOn, job } = this.#parts;
    const { scheduler, clock } = services.world;
    const isNoMore = (): boolean => outcome.isSettled;
    for (const task of over.wiring.consumers) task.close();
    await barriers.saved;
    over.links?.end();
    await new Promise<void>((resolve) => scheduler.at(clock.now() + wait, resolve));
    while (this.#lost.size > 0 && !isNoMore()) await this.#back();
    if (isNoMore()) return;
    const latest = this.#parts.survival.expires ? atMarks(over, outcome.counted()) : this.#latest;
    const epoch = latest?.meta.epoch ?? 0;
    const transactions = [...services.sinks.values()].flatMap((sink) => sink.transactions ?? []);
    await Promise.all(transactions.map((transaction) => transaction.recover(epoch)));
    if (isNoMore()) return;
    this.#rewind(latest);
    const records = readAgain(over, latest);
    outcome.goOnFrom(latest?.meta.counters ?? {}, transactions.length > 0);
    job.event({ kind: 'jobRestored', epoch, records });
    goOn(latest);
  }

  get #latest(): RestoredJob | undefined {
    const { durability } = this.#parts.services;
    return durability?.latest() ?? durability?.recovered.snapshot;
  }

  #back(): Promise<void> {
    return new Promise((resolve) => {
      this.#allBack = resolve;
    });
  }

  /** Readers stand where the snapshot does, or where this process began. */
  #rewind(restored: RestoredJob | undefined): void {
    const { plan, services } = this.#parts;
    for (const stage of plan.stages) {
      const head = plan.operators[stage.head]!;
      if (head.kind !== 'source') continue;
      services.sources.get(head.name)!.partitions.forEach((partition, index) => {
        const position = restored?.meta.sources.find(
          ({ source, partition: number }) => source === nameOf(head) && number === index,
        );
        assert(
          partition.rewind !== undefined,
          `a job that can be set back reads '${head.name}' from a retained source`,
        );
        partition.rewind(position?.offset ?? 0);
      });
    }
  }
}

/** Where a job begins again whose state no checkpoint has: all records of windows that are not out, and tasks that know nothing. */
function atMarks({ wiring }: Run, counters: SnapshotMeta['counters']): RestoredJob {
  const sources = wiring.spouts.filter((spout) => spout instanceof SourceTask);
  const marks = sources.map(({ mark }) => mark!);
  return {
    meta: {
      epoch: 0,
      mode: 'record',
      time: 0,
      // The end is told again: no task has heard of it.
      sources: marks.map(({ position }) => ({ ...position, hasEnded: false })),
      gates: {},
      innerGates: {},
      counters,
    },
    rows: (uid, task) =>
      marks.find(({ position, rows }) => position.partition === task && rows.has(uid))?.rows.get(uid),
  };
}

/** Records that sources will give again. */
function readAgain({ wiring }: Run, restored: RestoredJob | undefined): number {
  let records = 0;
  for (const spout of wiring.spouts) {
    if (!(spout instanceof SourceTask)) continue;
    const { source, partition, offset } = spout.position();
    const from = restored?.meta.sources.find((each) => each.source === source && each.partition === partition);
    records += Math.max(0, offset - (from?.offset ?? 0));
  }
  return records;
}

function noCheckpoint(worker: number, reason: string): StreamError {
  return new StreamError(
    'RG017',
    `worker ${worker} was lost (${reason}), and exactly-once has no checkpoint to go back to`,
    'run with a checkpoint folder, or ask for at-least-once',
  );
}
