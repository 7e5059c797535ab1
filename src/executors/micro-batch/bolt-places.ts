/** Where the bolt of a task on a worker is between two batches, as the driver keeps it, so that it can go on elsewhere. */
import type { TicksPlace } from '../ticks.js';

export interface BoltPlace {
  readonly watermark: number;
  /** Undefined: they go on from the watermark. */
  readonly ticks: TicksPlace | undefined;
}

/** The places behind the last snapshot, and behind each batch since. */
export class BoltPlaces {
  /** In order. The first is where what is kept of the task's work begins. */
  #places: { readonly batch: number; readonly place: BoltPlace }[];

  constructor(first: BoltPlace) {
    this.#places = [{ batch: 0, place: first }];
  }

  behind(batch: number, place: BoltPlace): void {
    this.#places.push({ batch, place });
  }

  /** Nobody goes back behind that batch. */
  forget(batch: number): void {
    const last = this.#places.findLastIndex((each) => each.batch <= batch);
    this.#places = this.#places.slice(last);
  }

  get first(): BoltPlace {
    return this.#places[0]!.place;
  }

  get last(): BoltPlace {
    return this.#places.at(-1)!.place;
  }
}
