/** What a wiring is made from and what it is: the contract between whoever runs tasks and whoever wires them. */
import type { StoreMaker } from '../../core/keyed-store.js';
import type { Prng } from '../../core/prng.js';
import type { Emit, KernelCounter, RecordContext } from '../../kernels/kernel.js';
import type { Plan, SinkOperator, Stage } from '../../plan/plan.js';
import type { GateState, RestoredJob, StoreSource } from '../../runtime/durability.js';
import type { SourceReader } from '../../runtime/source.js';
import type { FunctionTable } from '../../topology/graph.js';
import type { ChannelDecorator, RecordOptions } from '../executor.js';
import type { SnapshotCut, Stores } from '../stores.js';
import type { AckerTasks, AckLane } from './acker.js';
import type { BoltTask } from './bolt-task.js';
import type { CallingTask } from './calling-task.js';
import type { Edge } from './edge.js';
import type { Progress } from './hold.js';
import type { Placement } from './placement.js';
import type { Block } from './ring.js';
import type { SkippedRecords } from './skipped-records.js';
import type { SourceChainTask } from './source-chain-task.js';
import type { SourceTask } from './source-task.js';
import type { SpoutTask } from './spout-task.js';
import type { StageTask } from './stage-task.js';
import type { StageCounters } from './statistics.js';
import type { JobControl } from './task.js';
import type { TurnQuantum } from './turn-quantum.js';

/** A task that takes what comes over edges. */
export type Consumer = StageTask | CallingTask | BoltTask | SourceChainTask;

/** Takes what comes over an edge from another host. */
export interface Entrance {
  onBlock(block: Block): void;
  /** Only where the edge comes from a source's reader: everything before that sequence is processed. */
  processed?(sequence: number): void;
  /** As `processed`, where records were sent before this task began: up to `next`. */
  resume?(progress: Progress): void;
}

/** A wired plan. `edges` stand in the order in which a turn drains them: every edge before those of later stages. */
export interface Wiring {
  readonly spouts: readonly (SourceTask | SpoutTask)[];
  readonly consumers: readonly Consumer[];
  /** Those of `consumers` that hold records while their calls are under way. */
  readonly callers: readonly CallingTask[];
  readonly edges: readonly Edge[];
  /** By the edge's number. */
  readonly entrances: ReadonlyMap<number, Entrance>;
  readonly ackers: AckerTasks;
  readonly stores: Stores;
  /** Begins a snapshot of the state of this host's tasks. */
  snapshots(cut: SnapshotCut): StoreSource[];
  /** The gates of this host's tasks, as a snapshot has them. */
  gates(): Readonly<Record<string, GateState>>;
  innerGates(): Readonly<Record<string, readonly GateState[]>>;
  /** Passed on by all tasks of this host, with every result before it; infinite when all have ended. */
  watermark(): number;
}

/** What a host with other hosts beside it does with what leaves it. */
export interface RemoteEnds {
  /** Takes what is written into an edge to another host. */
  send(edge: number, to: number): (block: Block) => void;
  /** A reader whose chain is at the other end of that edge. Called whenever more of its records are processed. */
  reader(edge: number, to: number, progress: Progress): () => void;
  /** Rows under way to that host, as far as it is known here. */
  loadOf(to: number): number;
}

/** What the wiring needs beside the plan. */
export interface WiringParts {
  readonly plan: Plan;
  readonly options: RecordOptions;
  readonly functions: FunctionTable;
  readonly place: Placement;
  readonly remote: RemoteEnds | undefined;
  readonly channels: ChannelDecorator | undefined;
  /** Only the driver reads sources. */
  readonly readers: ReadonlyMap<string, SourceReader>;
  readonly sink: (operator: SinkOperator, context: RecordContext, task: number) => Emit;
  readonly lane: (stage: Stage, ackers: AckerTasks) => AckLane;
  /** By stage. */
  readonly counters: readonly StageCounters[];
  readonly job: JobControl;
  readonly prng: Prng;
  readonly now: () => number;
  readonly count: (counter: KernelCounter, by: number) => void;
  /** The snapshot that the job goes on from. */
  readonly restored: RestoredJob | undefined;
  /** Undefined: stores are in memory. */
  readonly createStore: StoreMaker | undefined;
  readonly skipped: SkippedRecords;
  readonly quantum: TurnQuantum;
  /** What must survive until a checkpoint has it: offsets and acks wait for one. */
  readonly untilDurable: boolean;
  /** Offsets and acks wait until windows have closed. */
  readonly expires: boolean;
  /** User-written spouts of the wiring before. */
  readonly spoutsBefore: ReadonlyMap<string, SpoutTask>;
}
