/** What a task does beside its chain in a job with spouts and bolts: groupings, the emits of spouts, and the bolt at its head. */
import type { KeyedStore } from '../../core/keyed-store.js';
import type { Prng } from '../../core/prng.js';
import { nameOf } from '../../plan/kinds.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import type { Listener } from '../../runtime/events.js';
import type { CustomGrouping, TaskInfo } from '../../topology/components.js';
import { type FunctionTable, functionId } from '../../topology/graph.js';
import type { Chain } from '../chain.js';
import type { ComponentCounters } from '../component-counters.js';
import { pushBy } from '../grouping.js';
import type { Link } from '../link.js';
import { streamLinks } from '../stream-links.js';
import { BatchBolt } from './batch-bolt.js';
import type { BoltPlace } from './bolt-places.js';
import { type RowsOutput, type ShuffleExit, shuffleLink } from './shuffle.js';
import type { SpoutMessage } from './spout-message.js';
import type { TaskContext } from './task-context.js';
import type { TupleFailed } from './tuple-failed.js';

/** What the tasks of such a job share. */
export interface ComponentParts {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly prng: Prng;
  readonly infoOf: (stage: Stage, task: number) => TaskInfo;
  /** Of the component. */
  readonly counters: ComponentCounters;
  readonly now: () => number;
  readonly listener: Listener | undefined;
  readonly store: (operator: CoreOperator, task: number) => KeyedStore;
  readonly isStateful: (operator: CoreOperator) => boolean;
  /** How far stream time of a task is (us): -Infinity before it begins. */
  readonly watermarkOf: (stage: Stage, task: number) => number;
  /** That task of the reader runs where these do. */
  readonly isNear: (reader: CoreOperator, task: number) => boolean;
}

export class ComponentTask {
  readonly #parts: ComponentParts;
  readonly #stage: Stage;
  readonly #task: number;
  readonly #context: TaskContext;
  readonly #bolt: BatchBolt | undefined;
  /** A grouping goes on where it was, from attempt to attempt and from batch to batch. */
  readonly #groupings = new Map<string, Link['push']>();
  /** The task chosen by a spout's `emitDirect` under way. */
  #directTask = 0;

  constructor(stage: Stage, task: number, context: TaskContext, parts: ComponentParts) {
    this.#parts = parts;
    this.#stage = stage;
    this.#task = task;
    this.#context = context;
    this.#bolt = this.#makeBolt();
  }

  /** The first batch begins at that stream time (us). */
  beginAt(time: number): void {
    this.#bolt?.beginAt(time);
  }

  /** A bolt that was somewhere else goes on where it was. */
  goOn(place: BoltPlace): void {
    if (this.#bolt !== undefined) this.#bolt.place = place;
  }

  /** Where the bolt is, between two batches. */
  get place(): BoltPlace | undefined {
    return this.#bolt?.place;
  }

  open(): void {
    this.#bolt?.open();
  }

  close(): void {
    this.#bolt?.close();
  }

  /** The link into a shuffle. */
  exit(exit: ShuffleExit, output: () => RowsOutput): Link {
    const link = shuffleLink(this.#context, output);
    let push = this.#groupings.get(exit.key);
    if (push === undefined) {
      push = this.#grouping(exit, output);
      this.#groupings.set(exit.key, push);
    }
    return { ...link, push };
  }

  /** The chain with the task's component at its head. */
  headed(chain: Chain): Chain {
    const head = this.#head;
    if (this.#bolt !== undefined) return { ...chain, head: this.#bolt.link(chain) };
    if (head.kind !== 'spout') return chain;
    const link = streamLinks(head, chain);
    const outputs = head.streams.map(({ name }) => chain.output(name));
    const push = (message: SpoutMessage, isDirect: boolean): void => {
      this.#directTask = message.directTask;
      this.#context.origin = message.id === undefined ? undefined : message;
      link(message.stream, isDirect).push(message.values);
    };
    const isDirect = new Map(head.streams.map(({ name, direct }) => [name, direct]));
    const all = (tell: (output: Link) => void): void => {
      this.#context.origin = undefined;
      for (const output of outputs) tell(output);
    };
    return {
      ...chain,
      head: {
        push: (value) => push(value as SpoutMessage, isDirect.get((value as SpoutMessage).stream)!),
        advance: (watermark) => all((output) => output.advance(watermark)),
        end: (finalWatermark, highest) => all((output) => output.end(finalWatermark, highest)),
      },
    };
  }

  /** What ran so far stands; what comes may be taken back to here. */
  keep(): void {
    this.#bolt?.keep();
  }

  rollback(): void {
    this.#bolt?.rollback();
  }

  get threwBehindAnswer(): boolean {
    return this.#bolt?.threwBehindAnswer === true;
  }

  /** Tuples of the batch that nobody answered. */
  takeUnanswered(): readonly TupleFailed[] {
    return this.#bolt?.takeUnanswered() ?? [];
  }

  get #head(): CoreOperator {
    return this.#parts.plan.operators[this.#stage.head]!;
  }

  #makeBolt(): BatchBolt | undefined {
    const { plan, functions, store, isStateful, watermarkOf, infoOf, counters, now, listener } = this.#parts;
    const stage = this.#stage;
    const task = this.#task;
    const operator = this.#head;
    if (operator.kind !== 'bolt') return undefined;
    const origins = stage.inputs.flatMap((input) => {
      const { head, parallelism } = plan.stages[input.stage]!;
      const component = nameOf(plan.operators[head]!);
      return Array.from({ length: parallelism }, (_, from) => ({ component, task: from, stream: input.output }));
    });
    return new BatchBolt({
      plan,
      operator,
      functions,
      info: infoOf(stage, task),
      context: this.#context,
      counters,
      now,
      listener,
      origins,
      store: isStateful(operator) ? store(operator, task) : undefined,
      watermark: watermarkOf(stage, task),
    });
  }

  #grouping({ key, exchange, reader, readers }: ShuffleExit, output: () => RowsOutput): Link['push'] {
    const { prng, functions, isNear } = this.#parts;
    const draws = prng.fork(`shuffle:${this.#stage.id}:${this.#task}:${key}`);
    const parts = {
      exchange,
      tasks: readers,
      reader,
      shuffleFrom: draws.below(readers),
      choice: {
        prng: draws,
        createGrouping: (role: string) => (functions.get(functionId(reader.node, role)) as () => CustomGrouping)(),
        writer: { component: nameOf(this.#head), task: this.#task },
        // A batch is divided before any task runs that reads it: none is behind.
        loadOf: () => 0,
      },
      isNear: (task: number) => isNear(reader, task),
      directTask: () => this.#bolt?.collector.directTask ?? this.#directTask,
    };
    return pushBy(parts, (task, value) => output().writeTo(task, value, this.#context));
  }
}
