/** Seeded random numbers (xoshiro128**): ids, jitter and simulated faults draw from here only. */

/** A seeded generator. `fork` gives an independent stream by name, so that adding a draw in one place moves no other. */
export interface Prng {
  /** A uniform signed 32-bit integer. */
  int32(): number;
  /** A uniform number in [0, 1) with 32 random bits. */
  float(): number;
  /** A uniform integer in [0, bound). */
  below(bound: number): number;
  fork(name: string): Prng;
}

/** Makes a generator from a seed; equal seeds give equal streams on every machine. */
export function prng(seed: number): Prng {
  return new Xoshiro(seed);
}

class Xoshiro implements Prng {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    this.#seed = seed;
    let state = (seed ^ Math.floor(seed / 0x1_0000_0000)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      return mix(state);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  int32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  float(): number {
    return (this.int32() >>> 0) / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  fork(name: string): Prng {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return new Xoshiro(mix((this.#seed ^ hash) | 0) >>> 0);
  }
}

function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
