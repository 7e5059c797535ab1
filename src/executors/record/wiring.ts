/** Wires the tasks of a plan: edges for every exchange, chains, anchors, ackers. Runs nothing. */

import type { Prng } from '../../core/prng.js';
import type { KernelCounter, RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import { buildChain, type Chain } from '../chain.js';
import type { RecordOptions, Services } from '../executor.js';
import type { Link } from '../link.js';
import type { SinkOutlet } from '../sink-outlets.js';
import { createStores, type Stores } from '../stores.js';
import { AckerTasks, decorated, type TreeOwner } from './acker.js';
import { Anchors } from './anchors.js';
import { BoltTask, type TupleOrigin } from './bolt-task.js';
import { BoltAnchors } from './bolt-tuple.js';
import { Edge } from './edge.js';
import { EdgeIds } from './edge-ids.js';
import { exitLink } from './exit.js';
import { WatermarkHold } from './hold.js';
import { PendingTuples } from './pending.js';
import { SourceTask } from './source-task.js';
import { SpoutTask } from './spout-task.js';
import { StageTask, untrackedAttempts } from './stage-task.js';
import { ComponentCounters } from './statistics.js';
import type { JobControl, TaskParts } from './task.js';

/** A wired plan. `edges` stand in the order in which a turn drains them: every edge before those of later stages. */
export interface Wiring {
  readonly spouts: readonly (SourceTask | SpoutTask)[];
  readonly consumers: readonly (StageTask | BoltTask)[];
  readonly edges: readonly Edge[];
  readonly ackers: AckerTasks;
  readonly counters: readonly ComponentCounters[];
  readonly stores: Stores;
}

/** What the wiring needs beside the plan. */
export interface WiringParts {
  readonly plan: Plan;
  readonly options: RecordOptions;
  readonly services: Services;
  readonly outlets: ReadonlyMap<string, SinkOutlet>;
  readonly job: JobControl;
  readonly prng: Prng;
  readonly count: (counter: KernelCounter, by: number) => void;
}

/** The edges into one input of a stage, by producing task, then by reading task. */
type EdgeTable = ReadonlyMap<string, readonly (readonly Edge[])[]>;

export function wire(parts: WiringParts): Wiring {
  const { plan } = parts;
  const withExtras = plan.operators.some((operator) => operator.kind === 'bolt');
  const edges: Edge[] = [];
  const table = new Map<string, Edge[][]>();
  for (const stage of plan.stages) {
    stage.inputs.forEach((input, index) => {
      const producers = plan.stages[input.stage]!.parallelism;
      const rows = Array.from({ length: producers }, () =>
        Array.from(
          { length: stage.parallelism },
          () => new Edge(parts.options.ringCapacity, withExtras, parts.job.edgeWaiting),
        ),
      );
      table.set(`${stage.id}:${index}`, rows);
      edges.push(...rows.flat());
    });
  }
  return new Wirer(parts, table).wire(edges);
}

class Wirer {
  readonly #parts: WiringParts;
  readonly #table: EdgeTable;
  readonly #stores: Stores;
  readonly #owners: TreeOwner[] = [];
  readonly #capacity: number;
  readonly #ackers: AckerTasks;
  readonly #holds: boolean;

  constructor(parts: WiringParts, table: EdgeTable) {
    const { plan, options } = parts;
    this.#parts = parts;
    this.#table = table;
    this.#stores = createStores(plan);
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.max(options.maxSpoutPending, 2)));
    const roots = plan.stages
      .filter((stage) => isSpout(plan.operators[stage.head]!))
      .reduce((sum, stage) => sum + stage.parallelism, 0);
    this.#owners.length = roots;
    this.#ackers = new AckerTasks(this.#owners, this.#capacity, options.ackers);
    this.#holds =
      options.acking &&
      !plan.operators.some((operator) => operator.kind === 'bolt' && operator.holdsTuples) &&
      plan.operators.some((operator) => this.#stores.isStateful(operator) || hasTicks(operator));
  }

  wire(edges: readonly Edge[]): Wiring {
    const { plan } = this.#parts;
    const spouts: (SourceTask | SpoutTask)[] = [];
    const consumers: (StageTask | BoltTask)[] = [];
    const counters: ComponentCounters[] = [];
    for (const stage of plan.stages) {
      const head = plan.operators[stage.head]!;
      const shared = new ComponentCounters(nameOf(head), stage.parallelism);
      counters.push(shared);
      for (let task = 0; task < stage.parallelism; task++) {
        if (isSpout(head)) spouts.push(this.#spout(stage, task, shared, spouts.length));
        else consumers.push(this.#consumer(stage, task, shared));
      }
    }
    return { spouts, consumers, edges, ackers: this.#ackers, counters, stores: this.#stores };
  }

  #spout(stage: Stage, task: number, counters: ComponentCounters, index: number): SourceTask | SpoutTask {
    const base = index * this.#capacity;
    const pending = new PendingTuples(this.#capacity);
    const holds: WatermarkHold[] = [];
    const hold = (next: Link): Link => {
      const made = new WatermarkHold(pending, next);
      holds.push(made);
      return made.link;
    };
    let spout: SourceTask | SpoutTask;
    const anchors = new Anchors(this.#ids(stage, task), () => spout.openTree());
    const parts = this.#taskParts(
      stage,
      task,
      counters,
      anchors,
      () => (spout instanceof SpoutTask ? spout.directTask : 0),
      this.#holds ? hold : undefined,
      pending,
    );
    if (parts.head.kind === 'source') {
      const reader = this.#parts.services.sources.get(parts.head.name)!.partitions[task]!;
      spout = new SourceTask(parts, reader, pending, holds, base);
    } else {
      spout = new SpoutTask(parts, pending, holds, base);
    }
    this.#owners[index] = spout;
    return spout;
  }

  #consumer(stage: Stage, task: number, counters: ComponentCounters): StageTask | BoltTask {
    const { plan } = this.#parts;
    const isBolt = plan.operators[stage.head]!.kind === 'bolt';
    const ids = this.#ids(stage, task);
    const anchors = isBolt ? new BoltAnchors(ids) : new Anchors(ids);
    const directTask = { read: () => 0 };
    const parts = this.#taskParts(stage, task, counters, anchors, () => directTask.read());
    const edges: Edge[] = [];
    const origins: TupleOrigin[] = [];
    stage.inputs.forEach((input, index) => {
      this.#table.get(`${stage.id}:${index}`)!.forEach((row, producer) => {
        edges.push(row[task]!);
        origins.push({
          component: nameOf(plan.operators[plan.stages[input.stage]!.head]!),
          task: producer,
          stream: input.output,
        });
      });
    });
    const consumer =
      anchors instanceof BoltAnchors
        ? new BoltTask(parts, anchors, origins, directTask)
        : new StageTask(parts, edges.length);
    edges.forEach((edge, input) => {
      edge.blocks.subscribe((block) => {
        // What a subscriber throws RxJS throws again in a timer of its own, where the job would not hear of it.
        try {
          consumer.onBlock(block, input);
        } catch (thrown) {
          this.#parts.job.abort(thrown);
        }
      });
    });
    return consumer;
  }

  #taskParts(
    stage: Stage,
    task: number,
    counters: ComponentCounters,
    anchors: Anchors,
    directTask: () => number,
    hold?: (link: Link) => Link,
    pending?: PendingTuples,
  ): TaskParts {
    const { plan, options, services, job, prng } = this.#parts;
    const head = plan.operators[stage.head]!;
    const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
    const chain = this.#chain(stage, task, counters, anchors, context, directTask, hold, pending);
    const { clock } = services.world;
    return {
      plan,
      stage,
      head,
      task,
      options,
      functions: services.functions,
      context,
      anchors,
      chain,
      ackers: this.#ackers,
      lane: decorated(this.#ackers, nameOf(head), services.channels),
      counters,
      prng,
      now: () => clock.now(),
      job,
    };
  }

  #chain(
    stage: Stage,
    task: number,
    counters: ComponentCounters,
    anchors: Anchors,
    context: RecordContext,
    directTask: () => number,
    hold?: (link: Link) => Link,
    pending?: PendingTuples,
  ): Chain {
    const { plan, options, services, outlets, count, job } = this.#parts;
    return buildChain({
      plan,
      stage,
      functions: services.functions,
      context,
      count,
      store: (operator) => this.#stores.of(operator, task),
      sink: (operator) => outlets.get(operator.name)!.emit(context, task),
      exits: (operator, output) => this.#exits(stage, task, operator, output, counters, anchors, context, directTask),
      ...(hold === undefined ? {} : { hold }),
      ...(pending === undefined || !options.acking ? {} : { deliveries: pending }),
      resultAttempts: untrackedAttempts(plan, this.#parts.options),
      ...(plan.settings.onError === 'dead-letter'
        ? {
            resultFailed: (value, error) => job.deadLetter(nameOf(plan.operators[stage.head]!), task, -1, value, error),
          }
        : {}),
    });
  }

  #exits(
    stage: Stage,
    task: number,
    operator: number,
    output: string,
    counters: ComponentCounters,
    anchors: Anchors,
    context: RecordContext,
    directTask: () => number,
  ): readonly Link[] {
    const { plan, services, prng } = this.#parts;
    return plan.stages.flatMap((reading) =>
      reading.inputs.flatMap((input, index) => {
        if (input.stage !== stage.id || input.operator !== operator || input.output !== output) return [];
        const reader = plan.operators[reading.head]!;
        const edges = this.#table.get(`${reading.id}:${index}`)![task]!;
        const shuffleFrom = prng.fork(`shuffle:${stage.id}:${task}:${reading.id}:${index}`).below(edges.length);
        counters.edges.push(...edges);
        return [
          exitLink({
            exchange: input.exchange,
            edges,
            context,
            anchors,
            reader,
            shuffleFrom,
            directTask,
            passes: services.channels?.tuples(nameOf(reader)),
          }),
        ];
      }),
    );
  }

  #ids(stage: Stage, task: number): EdgeIds {
    const prng = this.#parts.prng.fork(`ids:${stage.id}:${task}`);
    return new EdgeIds(prng.int32(), prng.int32());
  }
}

/** Ticks are stream time too: a replay from before one must not come behind it. */
function hasTicks(operator: CoreOperator): boolean {
  return operator.kind === 'bolt' && operator.tickEvery !== undefined;
}

function isSpout(operator: CoreOperator): boolean {
  return operator.kind === 'source' || operator.kind === 'spout';
}

/** The component's name: the user's, without the prefix of a source's uid. */
function nameOf(operator: CoreOperator): string {
  return operator.kind === 'source' || operator.kind === 'spout' || operator.kind === 'bolt'
    ? operator.name
    : operator.uid;
}
