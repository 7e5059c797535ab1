/** The driver's side of the workers in one wiring: what goes to them, what comes back, and how much is under way. */
import { assert } from '../../core/assert.js';
import type { StreamError } from '../../core/errors.js';
import type { KernelCounter } from '../../kernels/kernel.js';
import type { Plan } from '../../plan/plan.js';
import type { RestoredJob, StoreSource } from '../../runtime/durability.js';
import type { RecordOptions } from '../executor.js';
import type { TaskWorkers } from '../workers.js';
import type { AckLane } from './acker.js';
import { targetsOf } from './edge-table.js';
import type { Progress } from './hold.js';
import { LastControls } from './last-controls.js';
import {
  type BarrierReport,
  errorOf,
  type FromWorker,
  failureOf,
  type Note,
  rowsOf,
  type SinkRows,
  type ToWorker,
  transferOf,
} from './messages.js';
import type { Placement } from './placement.js';
import { restoreMessages } from './restore-messages.js';
import type { Block } from './ring.js';
import type { RunControl } from './run-control.js';
import { type SnapshotElsewhere, SnapshotLost } from './snapshots.js';
import type { StageCounters } from './statistics.js';
import type { TreeIds } from './tree-ids.js';
import type { TurnQuantum } from './turn-quantum.js';
import type { RemoteEnds } from './wiring-parts.js';
import { WorkerLink } from './worker-link.js';

/** What the links are made from. */
export interface LinkParts {
  readonly workers: TaskWorkers;
  readonly plan: Plan;
  readonly place: Placement;
  readonly options: RecordOptions;
  /** Number of the wiring. */
  readonly run: number;
  readonly control: RunControl;
  readonly counters: readonly StageCounters[];
  readonly trees: TreeIds;
  readonly quantum: TurnQuantum;
  /** A lost worker's tasks come back alone: what they would have missed is remembered. */
  readonly remembers: boolean;
  readonly now: () => number;
  /** The snapshot that the next one may add to. */
  readonly since: () => number | undefined;
  readonly count: (counter: KernelCounter, by: number) => void;
  /** Takes a worker's results. */
  readonly results: (rows: SinkRows) => void;
  /** The way of a stage's answers to the ackers. */
  readonly lane: (stage: number) => AckLane;
}

type Pull = { readonly resolve: (rows: readonly SnapshotRowOf[]) => void; readonly reject: (error: Error) => void };
type SnapshotRowOf = Extract<FromWorker, { readonly kind: 'rows' }>['rows'][number];

export class WorkerLinks implements RemoteEnds {
  readonly #parts: LinkParts;
  readonly #links: readonly WorkerLink[];
  readonly #targets: readonly number[];
  /** Workers that have tasks. */
  readonly #participants: readonly number[];
  readonly #readers = new Map<number, { readonly to: number; readonly progress: Progress }>();
  readonly #controls = new LastControls();
  readonly #pulls = new Map<string, Pull>();

  constructor(parts: LinkParts) {
    const { workers, plan, place } = parts;
    this.#parts = parts;
    this.#links = Array.from({ length: workers.count }, () => new WorkerLink());
    this.#targets = targetsOf(plan, place);
    const hosts = plan.stages.flatMap((stage) =>
      Array.from({ length: stage.parallelism }, (_, task) => place.hostOf(stage, task)),
    );
    this.#participants = [...new Set(hosts)].filter((host) => host >= 0);
  }

  /** All workers that have tasks are there, and none has too much before it. */
  get hasRoom(): boolean {
    const { workerRowsMax } = this.#parts.options;
    return this.#links.every((link) => link.hasRoom(workerRowsMax));
  }

  /** All tasks on workers have ended. */
  get isEnded(): boolean {
    return this.#participants.every((worker) => this.#links[worker]!.isEnded);
  }

  /** Passed on by all tasks on workers. */
  get watermark(): number {
    return Math.min(...this.#participants.map((worker) => this.#links[worker]!.watermark));
  }

  send(edge: number, to: number): (block: Block) => void {
    const { outbox } = this.#links[to]!;
    return (block) => {
      outbox.edges.push(rowsOf(edge, block));
    };
  }

  reader(edge: number, to: number, progress: Progress): () => void {
    this.#readers.set(edge, { to, progress });
    const { outbox } = this.#links[to]!;
    return () => {
      outbox.processed.push(edge, progress.processed);
    };
  }

  loadOf(to: number): number {
    return this.#links[to]?.outstanding ?? 0;
  }

  /** Gives every worker its tasks. */
  begin(restored: RestoredJob | undefined): void {
    for (let worker = 0; worker < this.#links.length; worker++) this.#begin(worker, restored, []);
  }

  /** Nothing that is under way comes any more, not even to a snapshot. */
  end(): void {
    for (const link of this.#links) link.report = undefined;
    for (const { reject } of this.#pulls.values()) reject(new SnapshotLost());
    this.#pulls.clear();
  }

  /** A worker is lost: what goes to it waits. */
  lost(worker: number): void {
    const link = this.#links[worker]!;
    link.isLost = true;
    link.report = undefined;
    link.isEnded = false;
    for (const [name, { reject }] of this.#pulls) {
      if (!name.startsWith(`${worker}:`)) continue;
      this.#pulls.delete(name);
      reject(new SnapshotLost());
    }
  }

  /** It is back: its tasks begin again, with what they would have missed. */
  revive(worker: number, restored: RestoredJob | undefined): void {
    const link = this.#links[worker]!;
    link.begin();
    const readers = [...this.#readers].filter(([, { to }]) => to === worker);
    const missed = this.#targets.flatMap((to, edge) => {
      const rows = to === worker ? this.#controls.rowsFor(edge) : undefined;
      return rows === undefined ? [] : [rows];
    });
    link.outbox.edges.unshift(...missed);
    const progress = readers.flatMap(([edge, { progress }]) => [edge, progress.processed, progress.next]);
    this.#begin(worker, restored, progress);
  }

  /** Sends what the turn brought. */
  flush(): void {
    const { workers, run, now, since, remembers } = this.#parts;
    this.#links.forEach((link, worker) => {
      if (link.isLost || link.outbox.isEmpty) return;
      const { edges, processed } = link.outbox.take();
      for (const rows of edges) {
        link.outstanding += rows.count;
        if (remembers) this.#controls.remember(rows);
      }
      const message: ToWorker = {
        kind: 'turn',
        run,
        sequence: ++link.said,
        now: now(),
        since: since(),
        processed,
        edges,
      };
      workers.send(worker, message, transferOf(edges));
    });
  }

  onMessage(worker: number, message: FromWorker): void {
    const link = this.#links[worker]!;
    if (message.run !== this.#parts.run || link.isLost) return;
    if (message.kind === 'rows') {
      this.#pulled(worker, message);
      return;
    }
    if (this.#parts.control.isOver) return;
    if (message.sequence <= link.heard) return;
    assert(message.sequence === link.heard + 1, `message ${message.sequence} of worker ${worker} after ${link.heard}`);
    link.heard = message.sequence;
    link.outstanding -= message.done;
    if (link.tells(message.turn)) this.#parts.quantum.workerTook(worker, message.took);
    link.isEnded = message.isEnded;
    link.watermark = message.watermark;
    for (const rows of message.results) this.#parts.results(rows);
    for (const rows of message.edges) this.#links[this.#targets[rows.edge]!]!.outbox.edges.push(rows);
    for (const { stage, acks, fails, resets } of message.answers) {
      const lane = this.#parts.lane(stage);
      for (let i = 0; i < acks.length; i += 4) lane.ack(acks[i]!, acks[i + 1]!, acks[i + 2]!, acks[i + 3]!);
      for (let i = 0; i < resets.length; i += 2) lane.resetTimeout(resets[i]!, resets[i + 1]!);
      for (const { root, generation, failure } of fails) lane.fail(root, generation, failureOf(failure));
    }
    for (const note of message.notes) this.#note(note);
    if (message.barrier !== undefined) link.report = message.barrier;
  }

  /** Every worker has met this barrier. */
  isMet(epoch: number): boolean {
    return this.#participants.every((worker) => this.#links[worker]!.report?.epoch === epoch);
  }

  /** What workers add to the snapshot of a barrier that they have met. */
  elsewhere(): SnapshotElsewhere {
    const reports = this.#participants.map((worker) => [worker, this.#links[worker]!.report!] as const);
    const { counters } = this.#parts;
    for (const [, { counted, metrics }] of reports) {
      for (const [stage, counts] of counted) counters[stage]!.addCounts(counts);
      for (const [stage, heard] of metrics.entries()) counters[stage]!.metrics.heard(heard);
    }
    return {
      gates: Object.assign({}, ...reports.map(([, { gates }]) => gates)),
      innerGates: Object.assign({}, ...reports.map(([, { innerGates }]) => innerGates)),
      stores: reports.flatMap(([worker, { epoch, stores }]) =>
        stores.map((store, index) => this.#store(worker, epoch, store, index)),
      ),
    };
  }

  #begin(worker: number, restored: RestoredJob | undefined, progress: readonly number[]): void {
    const { workers, plan, place, options, run, control, now } = this.#parts;
    const uids: string[] = [];
    if (restored !== undefined) {
      for (const message of restoreMessages(plan, place, worker, restored, uids)) workers.send(worker, message);
    }
    const message: ToWorker = {
      kind: 'begin',
      run,
      workers: workers.count,
      options,
      hasListener: control.hasListener,
      now: now(),
      meta: restored?.meta,
      uids,
      progress,
    };
    workers.send(worker, message);
  }

  #note(note: Note): void {
    const { control, count, trees } = this.#parts;
    switch (note.kind) {
      case 'count':
        return count(note.counter, note.by);
      case 'event': {
        const { event } = note;
        if (event.kind !== 'tupleEmitted') return control.event(event);
        const anchors = event.anchors.flatMap((tree) => trees.idOfPacked(Number(tree)) ?? []);
        return control.event({ ...event, anchors });
      }
      case 'dead letter':
        return control.deadLetter(note.source, note.partition, note.offset, note.value, errorOf(note.error));
      case 'failed':
        return control.failed(errorOf(note.error) as StreamError, note.record);
      case 'abort':
        return control.abort(errorOf(note.error));
    }
  }

  #store(worker: number, epoch: number, store: BarrierReport['stores'][number], index: number): StoreSource {
    const { workers, run } = this.#parts;
    const name = `${worker}:${epoch}:${index}`;
    return {
      ...store,
      next: () =>
        new Promise((resolve, reject) => {
          if (this.#links[worker]!.report?.epoch !== epoch) return reject(new SnapshotLost());
          this.#pulls.set(name, { resolve, reject });
          workers.send(worker, { kind: 'pull', run, epoch, store: index } satisfies ToWorker);
        }),
      close: () => workers.send(worker, { kind: 'close', run, epoch, store: index } satisfies ToWorker),
    };
  }

  #pulled(worker: number, { epoch, store, rows }: Extract<FromWorker, { readonly kind: 'rows' }>): void {
    const name = `${worker}:${epoch}:${store}`;
    this.#pulls.get(name)?.resolve(rows);
    this.#pulls.delete(name);
  }
}
