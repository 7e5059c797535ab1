/** A column of numbers: one number and how often, where all are the same, as times of one batch often are; else one after another. */

/** So many times the same number. */
export interface Same {
  readonly same: number;
  readonly length: number;
}

export type Numbers = Float64Array | Same;

/**
 * Numbers that are read as values. Integers are sent as such: V8 keeps what is read from a `Float64Array` in a box of its own, and so does every field
 * that ever held one (a look-up of a cell cost a miss of the cache more, bench `round-robin-workers`).
 */
export type NumberValues = Numbers | Int32Array;

/** Collects numbers for `sent`. Grows to twice its size; starts over for each batch. */
export class NumberColumn {
  // Plain fields, as in `MemorySpace`: `add` is called for each record.
  private first = Number.NaN;
  /** Undefined while all are the same. */
  private numbers: Float64Array<ArrayBuffer> | undefined;
  length = 0;

  add(number: number): void {
    const at = this.length;
    if (this.numbers === undefined) {
      if (at === 0) this.first = number;
      else if (!Object.is(number, this.first)) this.numbers = this.#spread(at);
    }
    if (this.numbers !== undefined) {
      if (at === this.numbers.length) this.numbers = grown(this.numbers);
      this.numbers[at] = number;
    }
    this.length = at + 1;
  }

  at(index: number): number {
    return this.numbers === undefined ? this.first : this.numbers[index]!;
  }

  /** Takes back what came after the first `length`. */
  cutTo(length: number): void {
    this.length = length;
  }

  /** `buffers` gets what may be transferred. */
  sent(buffers: ArrayBuffer[]): Numbers {
    if (this.numbers === undefined) return { same: this.first, length: this.length };
    const numbers = this.numbers.slice(0, this.length);
    buffers.push(numbers.buffer);
    return numbers;
  }

  /** The same as values. */
  sentValues(buffers: ArrayBuffer[]): NumberValues {
    if (this.numbers === undefined) return this.sent(buffers);
    const integers = integersOf(this.numbers, this.length);
    if (integers === undefined) return this.sent(buffers);
    buffers.push(integers.buffer);
    return integers;
  }

  #spread(length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(Math.max(256, 2 * length)).fill(this.first, 0, length);
  }
}

/** The first `length` numbers of an array, copied. `buffers` gets what may be transferred. */
export function numbersOf(array: Float64Array, length: number, buffers: ArrayBuffer[]): Numbers {
  const same = array[0] ?? Number.NaN;
  let at = 0;
  while (at < length && Object.is(array[at], same)) at++;
  if (at === length) return { same, length };
  const numbers = new Float64Array(array.subarray(0, length));
  buffers.push(numbers.buffer);
  return numbers;
}

export function spread(numbers: Numbers): Float64Array {
  return 'same' in numbers ? new Float64Array(numbers.length).fill(numbers.same) : numbers;
}

/** Undefined when one of the first `length` is no integer of 32 bits; -0 is none. */
function integersOf(numbers: Float64Array, length: number): Int32Array<ArrayBuffer> | undefined {
  const integers = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const number = numbers[i]!;
    integers[i] = number;
    if (!Object.is(integers[i], number)) return undefined;
  }
  return integers;
}

function grown(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const twice = new Float64Array(numbers.length * 2);
  twice.set(numbers);
  return twice;
}
