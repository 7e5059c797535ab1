/** Random 64-bit edge ids as two 32-bit halves. Never (0, 0), which would be no edge. */

/**
 * Draws ids by a Weyl sequence through a 64-bit-wide murmur finalizer on two lanes. The scrambler is nonlinear on
 * purpose: raw words of a shift register obey fixed XOR relations, and an acker lives by XOR.
 */
export class EdgeIds {
  /** The latest id. */
  high = 0;
  low = 0;
  #a: number;
  #b: number;

  constructor(seedA: number, seedB: number) {
    this.#a = seedA | 0;
    this.#b = seedB | 0;
  }

  /** Draws the next id into `high` and `low`. */
  next(): void {
    this.#a = (this.#a + 0x9e3779b9) | 0;
    let z = this.#a;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    this.high = z ^ (z >>> 16);
    this.#b = (this.#b + 0x6c8e9cf5) | 0;
    let y = this.#b;
    y = Math.imul(y ^ (y >>> 15), 0x2c1b3c6d);
    y = Math.imul(y ^ (y >>> 12), 0x297a2d39);
    y ^= y >>> 15;
    this.low = y === 0 && this.high === 0 ? 1 : y;
  }
}
