/** Runs a job over several lives of its driver, on virtual time: each begins where what lasts says. */
import type { PartitionTrace, Trace } from '../../../../src/compare/trace.js';
import type { ChannelDecorator, JobResult, RecordOptions, RunningJob } from '../../../../src/executors/executor.js';
import { startRecord } from '../../../../src/executors/record/executor.js';
import type { TaskWorkers } from '../../../../src/executors/workers.js';
import { compile } from '../../../../src/plan/compile.js';
import type { Plan, SinkOperator } from '../../../../src/plan/plan.js';
import type { JobEvent } from '../../../../src/runtime/events.js';
import { retained } from '../../../../src/runtime/retained-source.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../../../src/runtime/simulated-world.js';
import type { PartitionReader, SourceReader } from '../../../../src/runtime/source.js';
import { TimedPartition } from '../../../../src/testing/timed-partition.js';
import { withSettings } from '../../../../src/topology/builder.js';
import type { JobSettings, Topology } from '../../../../src/topology/graph.js';
import { callsTakeTimeOf } from '../../random/call-time.js';
import { Crash } from './crash.js';
import { LastingResults, LastingSnapshots } from './lasting.js';

/** A job and its input. */
export interface LivesParts {
  readonly topology: Topology;
  readonly trace: Trace;
  readonly settings: Partial<JobSettings>;
  readonly parallelism?: number;
  readonly chaining?: boolean;
  readonly options?: Partial<RecordOptions>;
  /** Everything is there at once, and not each element at its own time. */
  readonly atOnce?: boolean;
  /** Time between barriers (us). */
  readonly interval: number;
  /** After which durable step each life ends; the last life ends by itself. */
  readonly crashes?: readonly number[];
  readonly seed?: number;
  /** How long a snapshot is written (us). Default 0. */
  readonly saveTime?: number;
  readonly listener?: (event: JobEvent) => void;
  readonly channels?: (world: SimulatedWorld) => ChannelDecorator;
  readonly workers?: (world: SimulatedWorld, plan: Plan, job: () => RunningJob) => TaskWorkers;
  /** False: nothing survives. */
  readonly isDurable?: boolean;
  /** Puts something around the World of each life. */
  readonly around?: (world: SimulatedWorld) => SimulatedWorld;
  /** Hears of each offset below which a source may forget. */
  readonly committed?: (now: number, offset: number) => void;
}

/** What came of it. */
export interface Lives {
  readonly job: JobResult;
  readonly sinks: ReadonlyMap<string, { readonly results: LastingResults['visible'] }>;
  /** Durable steps of each life. */
  readonly steps: readonly (readonly string[])[];
  readonly events: readonly JobEvent[];
  readonly snapshots: LastingSnapshots;
}

/** Later than every element of an input. */
const AFTER_ALL = 1_000_000_000;
const EVENTS_MAX = 1_000_000;

export async function live(parts: LivesParts): Promise<Lives> {
  const { settings, crashes = [], seed = 1, atOnce = false, isDurable = true } = parts;
  const topology = withSettings(parts.topology, settings);
  const plan = compile(topology, {
    mode: 'record',
    parallelism: parts.parallelism ?? 1,
    chaining: parts.chaining ?? true,
  });
  const snapshots = new LastingSnapshots();
  const isTransactional = plan.settings.guarantee === 'exactly-once' && isDurable;
  const results = new Map(
    plan.operators
      .filter((operator): operator is SinkOperator => operator.kind === 'sink')
      .map(({ name, delivery }) => [name, new LastingResults(delivery, isTransactional)]),
  );
  const steps: string[][] = [];
  const events: JobEvent[] = [];
  let now = atOnce ? AFTER_ALL : 0;
  for (let life = 0; ; life++) {
    const { around = (made: SimulatedWorld) => made } = parts;
    const world = around(createSimulatedWorld({ seed: seed + life, start: now }));
    callsTakeTimeOf(world);
    const crash = new Crash(crashes[life] ?? Number.POSITIVE_INFINITY);
    steps.push(crash.steps);
    const job: RunningJob = startRecord(
      plan,
      {
        world,
        functions: topology.functions,
        sources: readersOf(parts, world, snapshots),
        sinks: new Map([...results].map(([name, lasting]) => [name, lasting.open(crash)])),
        listener: (event) => {
          events.push(event);
          parts.listener?.(event);
        },
        ...(isDurable
          ? { durability: snapshots.open(crash, parts.interval, pausing(world, parts.saveTime ?? 0)) }
          : {}),
        ...(parts.channels === undefined ? {} : { channels: parts.channels(world) }),
        ...(parts.workers === undefined ? {} : { workers: parts.workers(world, plan, () => job) }),
      },
      parts.options,
    );
    const ended = await world.complete(Promise.race([job.done, crash.happened]), EVENTS_MAX);
    now = world.clock.now();
    if (ended === 'crashed') continue;
    const sinks = new Map([...results].map(([name, { visible }]) => [name, { results: visible }]));
    return { job: ended, sinks, steps, events, snapshots };
  }
}

function pausing({ scheduler, clock }: SimulatedWorld, time: number): () => Promise<void> {
  return () => new Promise((resolve) => void scheduler.at(clock.now() + time, resolve));
}

/** Fresh readers that stand where the last snapshot does. */
function readersOf(
  { trace: { sources }, committed }: LivesParts,
  world: SimulatedWorld,
  { latest }: LastingSnapshots,
): Map<string, SourceReader> {
  return new Map(
    sources.map(({ name, partitions }) => {
      const from = partitions.map(
        (_, index) =>
          latest?.meta.sources.find(({ source, partition }) => source === name && partition === index)?.offset ?? 0,
      );
      const reader = {
        partitions: partitions.map((sequence, index) => {
          const partition: PartitionReader = new TimedPartition(behind(sequence, from[index]!), world, ENDS);
          if (committed !== undefined) partition.commit = (offset) => committed(world.clock.now(), offset);
          return partition;
        }),
        close: async () => undefined,
      };
      return [name, retained(reader, { from })];
    }),
  );
}

const ENDS = { ends: true };

function behind({ values, timestamps, heartbeats }: PartitionTrace, offset: number): PartitionTrace {
  return {
    values: values.slice(offset),
    timestamps: Float64Array.from(timestamps).slice(offset),
    heartbeats: heartbeats
      .filter(({ at }) => at >= offset)
      .map(({ at, watermark }) => ({ at: at - offset, watermark })),
  };
}
