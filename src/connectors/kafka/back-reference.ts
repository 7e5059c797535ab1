/** What snappy and LZ4 share: output that repeats itself. */

/**
 * Copies `length` bytes that begin `distance` behind `at` to `at`. They may overlap: `ab` with distance 2 and length 6 becomes `abababab`.
 *
 * @throws RangeError when they would lie in front of the output, or go beyond its end.
 */
export function copyBack(out: Uint8Array, at: number, distance: number, length: number): void {
  if (distance === 0 || distance > at || at + length > out.length)
    throw new RangeError('it refers to what is not there');
  const from = at - distance;
  // A call costs more than a few bytes.
  if (distance >= length && length > 16) out.copyWithin(at, from, from + length);
  else for (let i = 0; i < length; i++) out[at + i] = out[from + i]!;
}

/**
 * Copies `length` bytes of the input to the output.
 *
 * @throws RangeError when either is shorter.
 */
export function copyLiteral(input: Uint8Array, from: number, out: Uint8Array, at: number, length: number): void {
  if (from + length > input.length || at + length > out.length) throw new RangeError('it is cut off');
  if (length > 16) out.set(input.subarray(from, from + length), at);
  else for (let i = 0; i < length; i++) out[at + i] = input[from + i]!;
}
