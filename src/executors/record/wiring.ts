/** Wires the tasks of a plan that run on one host: edges for every exchange, chains, anchors, ackers. Runs nothing. */

import type { KeyedStore } from '../../core/keyed-store.js';
import { isAsync, isSpout, nameOf } from '../../plan/kinds.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import type { GateState, SourcePosition } from '../../runtime/durability.js';
import type { Chain } from '../chain.js';
import type { RecordOptions } from '../executor.js';
import type { Link } from '../link.js';
import { createStores, type Stores } from '../stores.js';
import { AckerTasks, type TreeOwner } from './acker.js';
import { Anchors } from './anchors.js';
import { BoltTask, type TupleOrigin } from './bolt-task.js';
import { BoltAnchors } from './bolt-tuple.js';
import { CallingTask } from './calling-task.js';
import { type TaskFrame, wireChain } from './chain-wiring.js';
import { EdgeIds } from './edge-ids.js';
import { EdgeTable } from './edge-table.js';
import { WatermarkHold } from './hold.js';
import { identityIn, namedBy } from './named-records.js';
import { PendingTuples } from './pending.js';
import type { Block } from './ring.js';
import { SourceChainTask } from './source-chain-task.js';
import { marksOf } from './source-marks.js';
import { SourceTask } from './source-task.js';
import { RemoteProgress, splitChain, ToldProgress } from './split-source.js';
import { SpoutTask } from './spout-task.js';
import { StageTask } from './stage-task.js';
import type { TaskParts } from './task.js';
import type { Consumer, Entrance, Wiring, WiringParts } from './wiring-parts.js';

/** Slots of a spout task's pending tuples: a power of two, enough for each spout's own limit. */
function pendingCapacity({ operators }: Plan, options: RecordOptions): number {
  const own = operators.map((operator) => (operator.kind === 'spout' ? (operator.maxSpoutPending ?? 0) : 0));
  return 2 ** Math.ceil(Math.log2(Math.max(options.maxSpoutPending, 2, ...own)));
}

export function wire(parts: WiringParts): Wiring {
  return new Wirer(parts).wire();
}

class Wirer {
  readonly #parts: WiringParts;
  readonly #table: EdgeTable;
  readonly #stores: Stores;
  readonly #owners: TreeOwner[] = [];
  readonly #capacity: number;
  readonly #ackers: AckerTasks;
  readonly #holds: boolean;
  readonly #entrances = new Map<number, Entrance>();
  readonly #gated = new Map<
    string,
    { readonly task: { readonly gate: GateState } | undefined; readonly chain: Chain }
  >();

  constructor(parts: WiringParts) {
    const { plan, options, place, remote, job } = parts;
    this.#parts = parts;
    this.#table = new EdgeTable({
      plan,
      place,
      ringCapacity: options.ringCapacity,
      wake: job.edgeWaiting,
      send: remote === undefined ? undefined : (edge, to) => remote.send(edge, to),
    });
    this.#stores = createStores(plan, parts.restored, parts.createStore);
    this.#capacity = pendingCapacity(plan, options);
    this.#owners.length = plan.stages
      .filter((stage) => isSpout(plan.operators[stage.head]!))
      .reduce((sum, stage) => sum + stage.parallelism, 0);
    this.#ackers = new AckerTasks(this.#owners, this.#capacity, options.ackers);
    this.#holds = options.acking && holdsWatermarks(plan, this.#stores);
  }

  wire(): Wiring {
    const { plan, place } = this.#parts;
    const spouts: (SourceTask | SpoutTask)[] = [];
    const consumers: Consumer[] = [];
    for (const stage of plan.stages) {
      const { kind } = plan.operators[stage.head]!;
      const isRead = kind === 'source' || kind === 'spout';
      for (let task = 0; task < stage.parallelism; task++) {
        if (isRead && place.here < 0) spouts.push(this.#spout(stage, task, spouts.length));
        if (place.hostOf(stage, task) !== place.here || (isRead && !place.isSplit(stage))) continue;
        consumers.push(isRead ? this.#sourceChain(stage, task) : this.#consumer(stage, task));
      }
    }
    const gated = [...this.#gated];
    return {
      spouts,
      consumers,
      callers: consumers.filter((consumer) => consumer instanceof CallingTask),
      edges: this.#table.edges,
      entrances: this.#entrances,
      ackers: this.#ackers,
      stores: this.#stores,
      snapshots: (cut) =>
        this.#stores.snapshots(cut, (stage, task) => place.hostOf(plan.stages[stage]!, task) === place.here),
      gates: () =>
        Object.fromEntries(gated.flatMap(([name, { task }]) => (task === undefined ? [] : [[name, task.gate]]))),
      innerGates: () => Object.fromEntries(gated.map(([name, { chain }]) => [name, chain.gates()])),
      watermark: () => Math.min(...[...spouts, ...consumers].map((task) => task.watermark)),
    };
  }

  #spout(stage: Stage, task: number, index: number): SourceTask | SpoutTask {
    const { plan, place, readers, skipped, untilDurable, expires, spoutsBefore, remote } = this.#parts;
    const base = index * this.#capacity;
    const pending = new PendingTuples(this.#capacity);
    const head = plan.operators[stage.head]!;
    const from = this.#positionOf(nameOf(head), task);
    const isSplit = place.isSplit(stage);
    let spout: SourceTask | SpoutTask;
    const name = (): string | undefined => {
      const place = spout instanceof SourceTask ? spout.trees.offset : spout.trees.messageId;
      return place === undefined ? undefined : `${nameOf(head)}/${task}/${place}`;
    };
    const holds: WatermarkHold[] = [];
    const frame = this.#frame(stage, task, isSplit ? 'reads' : 'ids', {
      isSplit,
      open: () => spout.trees.open(),
      directTask: () => (spout instanceof SpoutTask ? spout.directTask : 0),
      hold: this.#holds
        ? (next) => held(marks === undefined ? next : { ...next, push: marks.seeing(next.push) }, pending, holds)
        : undefined,
      deliveries: pending,
    });
    const marks = expires && head.kind === 'source' ? marksOf(plan, this.#stores, frame) : undefined;
    if (isSplit) {
      const { number, edge } = this.#table.split(stage.id, task);
      frame.exitEdges.push(edge!);
      const chain = splitChain({ ...frame, edge: edge!, pending, head });
      const parts = this.#taskParts(frame, namedBy(chain, frame.context.identity, name));
      const tell = remote!.reader(number, place.hostOf(stage, task), pending);
      const told = this.#holds ? [new ToldProgress(pending, tell)] : [];
      const reader = readers.get(nameOf(head))!.partitions[task]!;
      spout = new SourceTask(parts, { reader, pending, holds: told, base, from, skipped, untilDurable, marks });
    } else {
      const parts = this.#chained(frame, name);
      if (head.kind === 'source') {
        const reader = readers.get(head.name)!.partitions[task]!;
        spout = new SourceTask(parts, { reader, pending, holds, base, from, skipped, untilDurable, marks });
      } else {
        const own = { pending, holds, base, from, untilDurable, expires };
        const before = spoutsBefore.get(`${stage.id}:${task}`);
        before?.rewire(parts, own);
        spout = before ?? new SpoutTask(parts, own);
      }
    }
    this.#owners[index] = spout.trees;
    return spout;
  }

  /** The chain of a source whose reader is elsewhere. */
  #sourceChain(stage: Stage, task: number): SourceChainTask {
    const progress = new RemoteProgress(new PendingTuples(this.#capacity).window);
    const holds: WatermarkHold[] = [];
    const frame = this.#frame(stage, task, 'ids', {
      hold: this.#holds ? (next) => held(next, progress, holds) : undefined,
      deliveries: progress,
    });
    const parts = this.#chained(frame);
    const hasEnded = this.#positionOf(nameOf(parts.head), task)?.hasEnded ?? false;
    const chainTask = new SourceChainTask(parts, progress, holds, hasEnded);
    const { number } = this.#table.split(stage.id, task);
    this.#entrances.set(number, {
      ...this.#entrance((block) => chainTask.onBlock(block)),
      processed: (sequence) => chainTask.processed(sequence),
      resume: (told) => chainTask.resume(told),
    });
    return chainTask;
  }

  #consumer(stage: Stage, task: number): StageTask | CallingTask | BoltTask {
    const { plan } = this.#parts;
    const isBolt = plan.operators[stage.head]!.kind === 'bolt';
    const directTask = { read: () => 0 };
    const frame = this.#frame(stage, task, 'ids', { isBolt, directTask: () => directTask.read() });
    const parts = this.#taskParts(frame, wireChain(this.#parts, this.#stores, this.#table, frame));
    const origins: TupleOrigin[] = [];
    const incoming = stage.inputs.flatMap((input, index) =>
      Array.from({ length: plan.stages[input.stage]!.parallelism }, (_, producer) => {
        const component = nameOf(plan.operators[plan.stages[input.stage]!.head]!);
        origins.push({ component, task: producer, stream: input.output });
        return this.#table.into(stage.id, index, producer, task);
      }),
    );
    const name = `${stage.id}:${task}`;
    const gate = this.#parts.restored?.meta.gates[name];
    const consumer =
      frame.anchors instanceof BoltAnchors
        ? new BoltTask(parts, frame.anchors, origins, directTask, gate, this.#stateOf(parts.head, task))
        : isAsync(parts.head)
          ? new CallingTask(parts, parts.head, incoming.length, gate)
          : new StageTask(parts, incoming.length, gate);
    this.#gated.set(name, { task: consumer, chain: parts.chain });
    incoming.forEach(({ number, edge }, input) => {
      const entrance = this.#entrance((block) => consumer.onBlock(block, input));
      if (edge === undefined) this.#entrances.set(number, entrance);
      else edge.blocks.subscribe(entrance.onBlock);
    });
    return consumer;
  }

  #stateOf(operator: CoreOperator, task: number): KeyedStore | undefined {
    return this.#stores.isStateful(operator) ? this.#stores.of(operator, task) : undefined;
  }

  /** What a subscriber throws RxJS throws again in a timer of its own, where the job would not hear of it. */
  #entrance(onBlock: (block: Block) => void): Entrance {
    const { job } = this.#parts;
    return {
      onBlock: (block) => {
        try {
          onBlock(block);
        } catch (thrown) {
          job.abort(thrown);
        }
      },
    };
  }

  #frame(
    stage: Stage,
    task: number,
    ids: string,
    more: Partial<Pick<TaskFrame, 'directTask' | 'hold' | 'deliveries'>> & {
      isBolt?: boolean;
      isSplit?: boolean;
      open?: () => void;
    },
  ): TaskFrame {
    const { isBolt = false, isSplit = false, open, ...rest } = more;
    const prng = this.#parts.prng.fork(`${ids}:${stage.id}:${task}`);
    const edgeIds = new EdgeIds(prng.int32(), prng.int32());
    return {
      stage,
      task,
      anchors: isBolt ? new BoltAnchors(edgeIds) : new Anchors(edgeIds, open),
      context: { timestamp: 0, windowEnd: Number.NaN, identity: identityIn(this.#parts.plan, stage, isSplit) },
      directTask: () => 0,
      exitEdges: [],
      gates: this.#parts.restored?.meta.innerGates[`${stage.id}:${task}`],
      ...rest,
    };
  }

  /** The parts of a task whose chain begins behind a source or spout; `name`: of the record at hand, where it is read here. */
  #chained(frame: TaskFrame, name?: () => string | undefined): TaskParts {
    const chain = wireChain(this.#parts, this.#stores, this.#table, frame);
    this.#gated.set(`${frame.stage.id}:${frame.task}`, { task: undefined, chain });
    return this.#taskParts(frame, name === undefined ? chain : namedBy(chain, frame.context.identity, name));
  }

  #taskParts({ stage, task, context, anchors, exitEdges }: TaskFrame, chain: Chain): TaskParts {
    const { plan, options, functions, job, prng, quantum, counters, lane, now } = this.#parts;
    const head = plan.operators[stage.head]!;
    return {
      plan,
      stage,
      head,
      task,
      options,
      functions,
      context,
      anchors,
      chain,
      exitEdges,
      ackers: this.#ackers,
      lane: lane(stage, this.#ackers),
      counters: counters[stage.id]!,
      prng,
      quantum,
      now,
      job,
    };
  }

  #positionOf(source: string, partition: number): SourcePosition | undefined {
    return this.#parts.restored?.meta.sources.find(
      (position) => position.source === source && position.partition === partition,
    );
  }
}

function held(next: Link, pending: PendingTuples | RemoteProgress, holds: WatermarkHold[]): Link {
  const made = new WatermarkHold(pending, next);
  holds.push(made);
  return made.link;
}

/** A bolt that holds tuples would wait for itself. Ticks are stream time too: a replay from before one must not come behind it. */
function holdsWatermarks(plan: Plan, stores: Stores): boolean {
  return (
    !plan.operators.some((operator) => operator.kind === 'bolt' && operator.holdsTuples) &&
    plan.operators.some(
      (operator) => stores.isStateful(operator) || (operator.kind === 'bolt' && operator.tickEvery !== undefined),
    )
  );
}
