/** One wiring that runs: its tasks here, its links to workers, and one turn of its work. */
import type { BarrierRun } from './barriers.js';
import type { RunControl } from './run-control.js';
import type { TurnQuantum } from './turn-quantum.js';
import type { Wiring } from './wiring-parts.js';
import type { WorkerLinks } from './worker-links.js';

/** What a run is made of. */
export interface RunParts {
  readonly control: RunControl;
  readonly wiring: Wiring;
  readonly links: WorkerLinks | undefined;
  readonly quantum: TurnQuantum;
  /** Sources and spouts hear which windows are out. */
  readonly expires: boolean;
  readonly now: () => number;
}

/** A job has one at a time: when it is set back, the next one begins where a checkpoint stands. */
export class Run implements BarrierRun {
  readonly control: RunControl;
  readonly wiring: Wiring;
  readonly links: WorkerLinks | undefined;
  /** Passed on by every task of the job: all results of windows that end there or before are handed to sinks. */
  frontier = Number.NEGATIVE_INFINITY;
  readonly #parts: RunParts;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.control = parts.control;
    this.wiring = parts.wiring;
    this.links = parts.links;
  }

  /** Everything that could come has come, and is processed. */
  get isEnded(): boolean {
    const { spouts, consumers } = this.wiring;
    return (
      spouts.every((spout) => spout.isEnded) &&
      consumers.every((consumer) => consumer.isEnded) &&
      (this.links === undefined || this.links.isEnded)
    );
  }

  /** By source. */
  get recordsRead(): ReadonlyMap<string, number> {
    const read = new Map<string, number>();
    for (const { name, recordsRead } of this.wiring.spouts) read.set(name, (read.get(name) ?? 0) + recordsRead);
    return read;
  }

  get pendingCount(): number {
    return this.wiring.spouts.reduce((sum, spout) => sum + spout.pendingCount, 0);
  }

  /** Nothing is pending, not even what no tree tracks. */
  get isQuiet(): boolean {
    const { spouts, callers } = this.wiring;
    return spouts.every((spout) => spout.isQuiet) && callers.every((caller) => caller.heldCount === 0);
  }

  /** One turn; sources take part unless sinks, workers or calls are behind. True when anything was done. */
  turn(areSinksReady: boolean): boolean {
    const { expires, quantum, now } = this.#parts;
    const { spouts, callers } = this.wiring;
    const began = now();
    let worked = false;
    for (const caller of callers) worked = caller.release() || worked;
    const areCallersReady = callers.every((caller) => caller.hasRoom);
    if (areSinksReady && areCallersReady && (this.links === undefined || this.links.hasRoom)) {
      for (const spout of spouts) worked = spout.turn() || worked;
    }
    worked = this.#drainEdges() || worked;
    for (const spout of spouts) spout.settle();
    worked = this.#drainEdges() || worked;
    this.links?.flush();
    quantum.turnTook(now() - began);
    return expires ? this.#expire() || worked : worked;
  }

  drain(): void {
    this.#drainEdges();
    this.links?.flush();
  }

  isMetElsewhere(epoch: number): boolean {
    return this.links === undefined || this.links.isMet(epoch);
  }

  /** The wiring is over: nothing that its tasks or timers do is heard. */
  end(): void {
    this.control.end();
    for (const caller of this.wiring.callers) caller.close();
    for (const edge of this.wiring.edges) edge.complete();
  }

  #expire(): boolean {
    const watermark = Math.min(this.wiring.watermark(), this.links?.watermark ?? Number.POSITIVE_INFINITY);
    this.frontier = Math.max(this.frontier, watermark);
    let isAny = false;
    for (const spout of this.wiring.spouts) isAny = spout.expire(this.frontier) || isAny;
    return isAny;
  }

  /** One pass is enough: an edge leads to a later stage only. True when an edge had anything. */
  #drainEdges(): boolean {
    let worked = false;
    for (const edge of this.wiring.edges) {
      if (edge.ring.isEmpty) continue;
      edge.drain();
      worked = true;
    }
    return worked;
  }
}
