/** When snapshots of a micro-batch job are taken, and what sources hear of them. Writing them is the durability's affair. */
import type { Durability, SnapshotMeta } from '../../runtime/durability.js';
import type { Listener } from '../../runtime/events.js';
import type { SinkWriter } from '../../runtime/sink.js';
import type { Clock } from '../../runtime/world.js';
import type { CutPoint, Wait } from './batch.js';
import type { BatchRunner } from './batch-runner.js';
import type { Progress } from './progress.js';

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly durability: Durability;
  readonly clock: Clock;
  readonly runner: BatchRunner;
  readonly progress: Progress;
  readonly sinks: readonly SinkWriter[];
  readonly counters: () => SnapshotMeta['counters'];
  readonly listener: Listener | undefined;
  /** What the snapshot covers will not be asked for again. */
  readonly saved: (batch: CutPoint) => void;
  readonly failed: (error: unknown) => void;
}

/** One snapshot at a time: one that is due meanwhile waits for the batch behind which there is none under way. */
export class Snapshots {
  readonly #parts: SnapshotParts;
  #batches = 0;
  #lastTime: number;
  #lastEpoch: number;
  #saving: Promise<void> | undefined;

  /** `epoch`: the snapshot that the job started from. */
  constructor(parts: SnapshotParts, epoch: number) {
    this.#parts = parts;
    this.#lastTime = parts.clock.now();
    this.#lastEpoch = epoch;
  }

  /** Whether a snapshot is to be taken behind the last of so many batches that are under way: none may begin before it is. */
  isDueBehind(batchesUnderWay: number): boolean {
    const { durability, clock } = this.#parts;
    const { batches, time } = durability.interval;
    const isDue = this.#batches + batchesUnderWay >= batches || clock.now() - this.#lastTime >= time;
    return isDue && this.#saving === undefined;
  }

  /** Behind each batch: begins a snapshot when one is due, unless a later batch has begun, which is then the last before it. */
  after(batch: CutPoint, isLast: boolean): void {
    this.#batches++;
    if (isLast && this.isDueBehind(0)) this.#begin(batch);
  }

  /** Until none is under way. */
  *settle(): Generator<Wait, void, void> {
    if (this.#saving !== undefined) yield this.#saving;
  }

  /** Behind the last batch, when none is under way: afterwards a restart has nothing to do again. */
  *last(batch: CutPoint): Generator<Wait, void, void> {
    if (batch.number === this.#lastEpoch) return;
    this.#begin(batch);
    yield this.#saving;
  }

  #begin(batch: CutPoint): void {
    const { clock, failed } = this.#parts;
    this.#batches = 0;
    this.#lastTime = clock.now();
    this.#saving = this.#save(batch).then(
      () => {
        this.#saving = undefined;
      },
      (error: unknown) => failed(error),
    );
  }

  /** Everything is as it was at the call, also what is written later. */
  async #save(batch: CutPoint): Promise<void> {
    const { number: epoch, time, marks } = batch;
    const { durability, runner, progress, sinks, counters, listener, saved } = this.#parts;
    const sources = marks.map((mark) => ({ ...mark, times: { ...progress.timeOf(mark.source, mark.partition) } }));
    const common = { epoch, mode: 'micro-batch', time, sources, gates: progress.gates() } as const;
    const counted = counters();
    const taken = runner.cut({ epoch, since: durability.addsTo });
    const cut = taken instanceof Promise ? await taken : taken;
    if (cut === undefined) return;
    const meta: SnapshotMeta = { ...common, innerGates: cut.innerGates, counters: counted };
    const syncs = sinks.flatMap((sink) => (sink.transactions === undefined ? (sink.synced?.() ?? []) : []));
    if (syncs.length > 0) await Promise.all(syncs);
    await durability.save({ meta, stores: cut.stores });
    this.#lastEpoch = epoch;
    listener?.({ kind: 'snapshotSaved', epoch });
    saved(batch);
  }
}
