/** Links: what a fused chain is made of. A link takes records, watermarks and the end of the input. */
import { assert } from '../core/assert.js';
import type { GateState } from '../runtime/durability.js';

/** One place in a chain. A record's times stand in the task's `RecordContext`. */
export interface Link {
  readonly push: (value: unknown) => void;
  /** No further record is below `watermark`. */
  readonly advance: (watermark: number) => void;
  /** The input ended: its highest final watermark and highest timestamp (-Infinity when it had no record). */
  readonly end: (finalWatermark: number, highest: number) => void;
}

/** Where nobody listens. */
export const NOWHERE: Link = { push: () => {}, advance: () => {}, end: () => {} };

/** One link that feeds all of these, in order. */
export function fanOut(links: readonly Link[]): Link {
  if (links.length === 0) return NOWHERE;
  if (links.length === 1) return links[0]!;
  if (links.length === 2) {
    const [first, second] = links as [Link, Link];
    return {
      push: (value) => {
        first.push(value);
        second.push(value);
      },
      advance: (watermark) => {
        first.advance(watermark);
        second.advance(watermark);
      },
      end: (finalWatermark, highest) => {
        first.end(finalWatermark, highest);
        second.end(finalWatermark, highest);
      },
    };
  }
  return {
    push: (value) => {
      for (const link of links) link.push(value);
    },
    advance: (watermark) => {
      for (const link of links) link.advance(watermark);
    },
    end: (finalWatermark, highest) => {
      for (const link of links) link.end(finalWatermark, highest);
    },
  };
}

/**
 * The minimum of several watermarks. An input that ended leaves the minimum; when all have, the highest final watermark
 * and timestamp count.
 */
export class WatermarkGate {
  readonly #watermarks: Float64Array;
  readonly #ended: boolean[];
  #minimum = Number.NEGATIVE_INFINITY;
  #finalWatermark = Number.NEGATIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;

  /** New, or as it was when `state` was taken. */
  constructor(inputs: number, state?: GateState) {
    this.#watermarks = new Float64Array(inputs).fill(Number.NEGATIVE_INFINITY);
    this.#ended = new Array<boolean>(inputs).fill(false);
    if (state === undefined) return;
    const { watermarks, ended, minimum, finalWatermark, highest } = state;
    assert(watermarks.length === inputs && ended.length === inputs, 'a gate is restored to other inputs');
    this.#watermarks.set(watermarks);
    this.#ended = [...ended];
    this.#minimum = minimum;
    this.#finalWatermark = finalWatermark;
    this.#highest = highest;
  }

  /** What it holds now, as plain data. */
  state(): GateState {
    return {
      watermarks: [...this.#watermarks],
      ended: [...this.#ended],
      minimum: this.#minimum,
      finalWatermark: this.#finalWatermark,
      highest: this.#highest,
    };
  }

  /** The minimum so far. */
  get minimum(): number {
    return this.#minimum;
  }

  /** All inputs have ended. */
  get ended(): boolean {
    return this.#ended.every(Boolean);
  }

  get finalWatermark(): number {
    return this.#finalWatermark;
  }

  get highest(): number {
    return this.#highest;
  }

  /** One input's watermark rose. True when the minimum rose with it. */
  advance(input: number, watermark: number): boolean {
    if (watermark <= this.#watermarks[input]!) return false;
    this.#watermarks[input] = watermark;
    return this.#recompute();
  }

  /** One input ended. True when the minimum rose because it left; false once all have ended. */
  end(input: number, finalWatermark: number, highest: number): boolean {
    if (this.#ended[input]!) return false;
    this.#ended[input] = true;
    this.#finalWatermark = Math.max(this.#finalWatermark, finalWatermark);
    this.#highest = Math.max(this.#highest, highest);
    return this.#recompute();
  }

  #recompute(): boolean {
    let minimum = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#watermarks.length; i++) {
      if (!this.#ended[i]! && this.#watermarks[i]! < minimum) minimum = this.#watermarks[i]!;
    }
    if (minimum === Number.POSITIVE_INFINITY || minimum <= this.#minimum) return false;
    this.#minimum = minimum;
    return true;
  }
}

/** The links by which `inputs` paths of one chain reach one link: watermarks by their minimum, the end once. One path needs no gate. */
export function gated(target: Link, inputs: number, makeGate: (inputs: number) => WatermarkGate): readonly Link[] {
  if (inputs === 1) return [target];
  const gate = makeGate(inputs);
  return Array.from({ length: inputs }, (_, input) => ({
    push: target.push,
    advance: (watermark: number) => {
      if (gate.advance(input, watermark)) target.advance(gate.minimum);
    },
    end: (finalWatermark: number, highest: number) => {
      const rose = gate.end(input, finalWatermark, highest);
      if (gate.ended) target.end(gate.finalWatermark, gate.highest);
      else if (rose) target.advance(gate.minimum);
    },
  }));
}
