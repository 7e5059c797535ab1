/** What the tasks of the record model have in common: the parts that the executor gives them. */
import type { StreamError } from '../../core/errors.js';
import type { Prng } from '../../core/prng.js';
import type { RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import type { JobEvent } from '../../runtime/events.js';
import type { Timer } from '../../runtime/world.js';
import type { FunctionTable } from '../../topology/graph.js';
import type { Chain } from '../chain.js';
import type { RecordOptions } from '../executor.js';
import type { AckerTasks, AckLane } from './acker.js';
import type { Anchors } from './anchors.js';
import type { Edge } from './edge.js';
import type { SourceRecord } from './skipped-records.js';
import type { StageCounters } from './statistics.js';
import type { TurnQuantum } from './turn-quantum.js';

/** Everything that a task needs; it opens and finds nothing itself. */
export interface TaskParts {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly head: CoreOperator;
  /** This task's number within its stage. */
  readonly task: number;
  readonly options: RecordOptions;
  readonly functions: FunctionTable;
  readonly context: RecordContext;
  readonly anchors: Anchors;
  readonly chain: Chain;
  /** The edges that this task writes into: barriers go there, past the chain, which keeps nothing back. */
  readonly exitEdges: readonly Edge[];
  readonly ackers: AckerTasks;
  /** The way of this task's acks. */
  readonly lane: AckLane;
  readonly counters: StageCounters;
  readonly prng: Prng;
  readonly quantum: TurnQuantum;
  /** Stream time (us). */
  readonly now: () => number;
  readonly job: JobControl;
}

/** What a task may ask of its job. */
export interface JobControl {
  /** Calls back at that stream time, unless the wiring is over before. What the callback throws fails the job. */
  at(time: number, run: () => void): Timer;
  /** Asks for a turn. */
  wake(): void;
  /** An edge is no longer empty, or a call that a task waited for has ended. */
  edgeWaiting(): void;
  /** Fails the job with this error. */
  abort(error: unknown): void;
  /** Sets a record aside for good. */
  deadLetter(source: string, partition: number, offset: number | string, value: unknown, error: unknown): void;
  /** Someone listens to events. */
  readonly hasListener: boolean;
  event(event: JobEvent): void;
  readonly isStopping: boolean;
  /** The wiring is over: what its tasks still do is not seen. */
  readonly isOver: boolean;
  /** Sources give nothing new: a barrier is on its way. */
  readonly isPaused: boolean;
  /** Asks for a barrier before the next one is due. */
  barrierNeeded(): void;
  /** A task behind an exchange has met the barrier on all its inputs. */
  barrierReached(epoch: number): void;
  /**
   * What failed cannot be delivered again alone: everything goes back to the last checkpoint, or, without one, the job fails. `record`:
   * where it came from.
   */
  failed(error: StreamError, record?: SourceRecord): void;
  /** A tree was opened for this message. Told only while someone listens. */
  treeOpened(root: number, generation: number, id: number | string): void;
  /** The message id of a tree, for events; undefined when it was opened too long ago. */
  treeId(root: number, generation: number): number | string | undefined;
}
