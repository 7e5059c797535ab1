/** Puts the parts of a micro-batch job together. It runs nothing. */
import type { Plan } from '../../plan/plan.js';
import { resultIds } from '../../plan/result-ids.js';
import type { Durability, RestoredJob } from '../../runtime/durability.js';
import { createMemoryDurability } from '../../runtime/memory-durability.js';
import type { MicroBatchOptions, Services } from '../executor.js';
import type { Outcome } from '../outcome.js';
import { createStores, type Stores } from '../stores.js';
import { BatchAllocator } from './allocator.js';
import type { Batch, CutPoint } from './batch.js';
import { BatchCutter } from './batch-cutter.js';
import { type BatchRunner, LocalRunner, type RunnerParts } from './batch-runner.js';
import { Components, type ComponentsParts, hasComponents } from './components.js';
import { Progress } from './progress.js';
import { RateControl } from './rate-control.js';
import { intakeOf, partitionsOf, type ReceivedPartition } from './received.js';
import { RemoteRunner } from './remote-runner.js';
import { type Restart, restartOf } from './restart.js';
import { SinkCommits } from './sink-commits.js';
import { Snapshots } from './snapshots.js';
import { TaskReports } from './task-reports.js';

/** How often workers' state is copied to the driver where nothing else asks for snapshots: inputs are kept for so long. */
const LINEAGE: Durability['interval'] = { batches: 10, time: Number.POSITIVE_INFINITY };

/** What the parts ask of the job. */
export interface JobHooks {
  readonly outcome: Outcome;
  readonly submit: (batch: Batch) => void;
  readonly queued: () => number;
  readonly wake: () => void;
  readonly failed: (error: unknown) => void;
}

export interface JobParts {
  readonly restart: Restart;
  readonly stores: Stores;
  readonly reports: TaskReports;
  /** None where a job has neither spouts nor bolts. */
  readonly components: Components | undefined;
  readonly runner: BatchRunner;
  readonly partitions: readonly ReceivedPartition[];
  readonly allocator: BatchAllocator;
  readonly cutter: BatchCutter;
  readonly commits: SinkCommits;
  /** None where sources give what they have. */
  readonly rates: RateControl | undefined;
  /** None where neither a restart nor a lost worker would ask for one. */
  readonly snapshots: Snapshots | undefined;
}

export function partsOf(plan: Plan, services: Services, options: MicroBatchOptions, hooks: JobHooks): JobParts {
  const { world, durability, workers, listener, functions, createStore } = services;
  const { outcome, failed } = hooks;
  const restart = restartOf(durability?.recovered);
  const restored = restart.snapshot?.meta;
  if (restored !== undefined) outcome.goOnFrom(restored.counters, true);
  // What is on workers is gathered at the end.
  const stores = createStores(plan, workers === undefined ? restart.snapshot : undefined, createStore);
  const reports = new TaskReports(outcome, listener, resultIds(plan).inBatches);
  const progress = new Progress(plan, restored);
  const innerGates = restored?.innerGates ?? {};
  // Without durability snapshots serve lost workers only.
  const keeper = durability ?? (workers && createMemoryDurability({ scheduler: world.scheduler, interval: LINEAGE }));
  const components = componentsOf(plan, services, options, { stores, progress, failed });
  const runnerParts = { plan, functions, world, stores, progress, reports, innerGates, components };
  const runner = runnerOf(runnerParts, services, options, keeper, restart.snapshot, failed);
  const partitions = partitionsOf(plan, services, options, components, restored);
  const allocator = new BatchAllocator({ plan, world, partitions, durability, listener, restored, failed });
  const sinks = [...services.sinks.values()];
  const saved = (batch: CutPoint): void => {
    runner.saved(batch.number);
    if (durability !== undefined) allocator.commit(batch.marks, true);
  };
  const counters = () => outcome.counted();
  const { clock, scheduler } = world;
  const snapshots =
    keeper &&
    new Snapshots(
      { durability: keeper, clock, runner, progress, sinks, counters, listener, saved, failed },
      allocator.start.number,
    );
  const { batchInterval } = plan.settings;
  const rates = options.backpressure && new RateControl(partitions, batchInterval, options.backpressure);
  const cutter = new BatchCutter({
    rates,
    clock,
    scheduler,
    options,
    interval: batchInterval,
    partitions,
    receivers: partitions.filter(({ source }) => intakeOf(plan, source) === 'receiver'),
    submit: (time) => hooks.submit(allocator.allocate(time)),
    queued: hooks.queued,
    wake: hooks.wake,
    sinksReady: (wake) => outcome.sinksReady(wake),
  });
  const commits = new SinkCommits(sinks, durability);
  return { restart, stores, reports, components, runner, partitions, allocator, cutter, commits, snapshots, rates };
}

function componentsOf(
  plan: Plan,
  { functions, world, listener }: Services,
  options: MicroBatchOptions,
  parts: Pick<ComponentsParts, 'stores' | 'progress' | 'failed'>,
): Components | undefined {
  if (!hasComponents(plan)) return undefined;
  const { clock, scheduler, prng } = world;
  return new Components({
    ...parts,
    plan,
    functions,
    clock,
    scheduler,
    listener,
    prng: prng.fork('components'),
    options,
  });
}

function runnerOf(
  parts: RunnerParts,
  { workers, listener }: Services,
  options: MicroBatchOptions,
  keeper: Durability | undefined,
  restored: RestoredJob | undefined,
  failed: (error: unknown) => void,
): BatchRunner {
  if (workers === undefined || keeper === undefined) return new LocalRunner(parts);
  return new RemoteRunner({ ...parts, workers, keeper, restored, listener, failed, options });
}
