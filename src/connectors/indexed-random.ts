/** Random numbers as a function of a seed and an index: moving to an index costs two multiplications and no object. */

/** A splitmix sequence that starts anew at each index. */
export class IndexedRandom {
  readonly #seed: number;
  #state = 0;

  constructor(seed: number) {
    this.#seed = mix(seed ^ Math.floor(seed / 0x1_0000_0000));
  }

  /** Puts the sequence to the beginning of that index. */
  moveTo(index: number): void {
    this.#state = mix((index | 0) ^ this.#seed) ^ Math.floor(index / 0x1_0000_0000);
  }

  /** A uniform signed 32-bit integer. */
  int32(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix(this.#state);
  }

  /** A uniform number in [0, 1) with 32 random bits. */
  float(): number {
    return (this.int32() >>> 0) / 0x1_0000_0000;
  }

  /** A uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }
}

function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
