/** Runs a job as a chain of drivers on a simulated World: each crashes somewhere, and the next goes on from what survived. */
import type { Trace } from '../../../src/compare/trace.js';
import type { JobResult, MicroBatchOptions, RunningJob, Services } from '../../../src/executors/executor.js';
import { startMicroBatch } from '../../../src/executors/micro-batch/executor.js';
import { openAt } from '../../../src/executors/micro-batch/restart.js';
import { compile } from '../../../src/plan/compile.js';
import type { Plan, PlanOptions, SinkOperator } from '../../../src/plan/plan.js';
import type { LogRecord } from '../../../src/runtime/durability.js';
import type { JobEvent } from '../../../src/runtime/events.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../../src/runtime/simulated-world.js';
import type { PartitionReader, SourceReader } from '../../../src/runtime/source.js';
import { TimedPartition, type TimedSequence } from '../../../src/testing/timed-partition.js';
import type { Topology } from '../../../src/topology/graph.js';
import { callsTakeTimeOf } from '../random/call-time.js';
import { createDisk, type Disk, SurvivingJob, SurvivingSink } from './surviving.js';

/** When a driver is gone: after so many events of its World, or at the n-th time that something happens. */
export type Crash =
  | { readonly kind: 'events'; readonly count: number }
  | { readonly kind: 'step'; readonly step: string; readonly nth: number }
  | { readonly kind: 'never' }
  /** It is stopped gracefully at that virtual time after it began (us). */
  | { readonly kind: 'stop'; readonly after: number };

export interface LifeOptions extends PlanOptions {
  readonly topology: Topology;
  readonly trace: Trace;
  /** One for each driver; behind the last, one that runs to the end, or to `last`. */
  readonly crashes: readonly Crash[];
  readonly last?: Crash;
  readonly seed?: number;
  /** Batches between two snapshots. Default 3. */
  readonly snapshotEach?: number;
  /** Virtual time between two drivers (us). Default 5,000. */
  readonly downTime?: number;
  readonly options?: Partial<MicroBatchOptions>;
  /** More services, such as workers, for each driver. */
  readonly services?: (world: SimulatedWorld, plan: Plan) => Partial<Services>;
  readonly wrap?: (reader: PartitionReader, world: SimulatedWorld) => PartitionReader;
  readonly inputEnds?: boolean;
  /** Is told of each step and event. */
  readonly hear?: (step: string) => unknown;
  /** What is gone from the log between two drivers. */
  readonly forget?: (record: LogRecord) => boolean;
  /** False: nothing survives. */
  readonly isDurable?: boolean;
}

export interface Life {
  /** Of the last driver. */
  readonly job: JobResult;
  readonly results: readonly JobResult[];
  readonly sinks: ReadonlyMap<string, SurvivingSink>;
  readonly survived: SurvivingJob;
  /** Of all drivers. */
  readonly events: readonly JobEvent[];
  /** Drivers that crashed. */
  readonly crashed: number;
  /** Offsets that sources heard, by driver. */
  readonly commits: readonly number[][];
  /** Where each driver opened each source partition: `source:partition`, and the offset. */
  readonly opened: readonly (readonly [string, number])[];
}

export async function live(life: LifeOptions): Promise<Life> {
  const { topology, crashes, last = { kind: 'never' }, seed = 1, snapshotEach = 3, downTime = 5_000 } = life;
  const plan = compile(topology, { ...life, mode: 'micro-batch' });
  const survived = new SurvivingJob();
  const sinks = new Map(sinksOf(plan).map(({ name, delivery }) => [name, new SurvivingSink(delivery)]));
  const isTransactional = plan.settings.guarantee === 'exactly-once';
  const events: JobEvent[] = [];
  const results: JobResult[] = [];
  const commits: number[][] = [];
  const opened: (readonly [string, number])[] = [];
  let start = 0;
  let crashed = 0;
  for (const [index, crash] of [...crashes, last].entries()) {
    const simulated = createSimulatedWorld({ seed: seed * 100 + index, start });
    callsTakeTimeOf(simulated);
    const fuse = new Fuse(simulated, crash);
    const { world } = fuse;
    const hear = (step: string): void => {
      life.hear?.(step);
      fuse.hear(step);
    };
    const disk: Disk = createDisk(world, hear, () => fuse.isBlown);
    const own: number[] = [];
    commits.push(own);
    const durability = survived.open(disk, { batches: snapshotEach, time: 1e12 });
    const sources = new Map(
      life.trace.sources.map(({ name, partitions }) => {
        const spec = plan.operators.find((operator) => operator.kind === 'source' && operator.name === name)!;
        const isAtMostOnce = plan.settings.guarantee === 'at-most-once';
        const isReplayable = spec.kind === 'source' && spec.spec.capabilities.replayable && !isAtMostOnce;
        const readers = partitions.map((sequence, partition) => {
          const at = openAt(durability.recovered, { source: name, partition, isReplayable });
          opened.push([`${name}:${partition}`, at?.offset ?? 0]);
          const reader = new TimedPartition(from(sequence, at?.offset ?? 0), world, { ends: life.inputEnds ?? true });
          const heard = hearing(reader, (offset) => own.push(offset));
          return life.wrap?.(heard, world) ?? heard;
        });
        return [name, { partitions: readers, close: async () => {} } satisfies SourceReader] as const;
      }),
    );
    const job = startMicroBatch(
      plan,
      {
        world,
        sources,
        sinks: new Map([...sinks].map(([name, sink]) => [name, sink.open(disk, isTransactional, () => fuse.isBlown)])),
        functions: topology.functions,
        ...(life.isDurable === false ? {} : { durability }),
        listener: (event) => {
          events.push(event);
          hear(event.kind);
        },
        ...life.services?.(world, plan),
      },
      life.options,
    );
    const end = await fuse.run(job);
    if (end === 'crashed') crashed++;
    else results.push(end);
    if (life.forget !== undefined) survived.log = survived.log.filter((record) => !life.forget!(record));
    start = simulated.clock.now() + downTime;
    if (end !== 'crashed' && crash.kind !== 'stop') break;
  }
  return { job: results.at(-1)!, results, sinks, survived, events, crashed, commits, opened };
}

/** Ends a driver: afterwards nothing of its World runs any more. */
class Fuse {
  readonly world: SimulatedWorld;
  readonly #simulated: SimulatedWorld;
  readonly #crash: Crash;
  #count = 0;
  #blow!: (end: 'crashed') => void;
  readonly #blown = new Promise<'crashed'>((resolve) => {
    this.#blow = resolve;
  });
  isBlown = false;

  constructor(simulated: SimulatedWorld, crash: Crash) {
    this.#simulated = simulated;
    this.#crash = crash;
    const counted = (run: () => void) => () => {
      if (this.isBlown) return;
      run();
      if (crash.kind === 'events') this.#happened(crash.count);
    };
    const { scheduler } = simulated;
    this.world = {
      ...simulated,
      scheduler: { soon: (run) => scheduler.soon(counted(run)), at: (time, run) => scheduler.at(time, counted(run)) },
    };
  }

  hear(step: string): void {
    if (this.#crash.kind === 'step' && this.#crash.step === step) this.#happened(this.#crash.nth);
  }

  async run(job: RunningJob): Promise<JobResult | 'crashed'> {
    job.done.catch(() => {});
    if (this.#crash.kind === 'stop') {
      await this.#simulated.run(this.#simulated.clock.now() + this.#crash.after);
      job.stop();
    }
    return this.#simulated.complete(Promise.race([this.#blown, job.done]));
  }

  #happened(limit: number): void {
    if (++this.#count < limit) return;
    this.isBlown = true;
    this.#blow('crashed');
  }
}

/** A sequence from an offset on. */
function from({ values, timestamps, heartbeats }: TimedSequence, offset: number): TimedSequence {
  return {
    values: values.slice(offset),
    timestamps: Array.from(timestamps).slice(offset),
    heartbeats: heartbeats
      .filter(({ at }) => at >= offset)
      .map(({ at, watermark }) => ({ at: at - offset, watermark })),
  };
}

function hearing(reader: PartitionReader, commit: (offset: number) => void): PartitionReader {
  return {
    poll: (block, max) => reader.poll(block, max),
    onReady: (wake) => reader.onReady(wake),
    failure: undefined,
    commit,
  };
}

function sinksOf(plan: Plan): readonly SinkOperator[] {
  return plan.operators.filter((operator): operator is SinkOperator => operator.kind === 'sink');
}
