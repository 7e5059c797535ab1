/** The benchmark's input: lines of words that are Zipf-distributed, made from a seed. It knows no variant. */

/** Words of one line. */
export const WORDS_PER_LINE = 10;
/** Distinct words to draw from. */
export const VOCABULARY = 50_000;

/** Numbers in [0, 2^32) from a seed (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return (z ^ (z >>> 14)) >>> 0;
  };
}

/**
 * Makes `count` lines of ten words, Zipf with s = 1 over 50 k words. Every line is a flat one-byte string, as a file
 * reader would give it: a string that was put together by `+` or `join` would be slower to split.
 */
export function makeLines(count: number, seed: number): string[] {
  const random = randomFrom(seed);
  const words = makeWords(random);
  const letters = Buffer.concat(words);
  const ends = new Int32Array(words.length + 1);
  for (const [rank, { length }] of words.entries()) ends[rank + 1] = ends[rank]! + length;
  const draw = zipf(words.length, random);
  const lines = new Array<string>(count);
  const bytes = Buffer.alloc(WORDS_PER_LINE * 16);
  for (let i = 0; i < count; i++) {
    let at = 0;
    for (let j = 0; j < WORDS_PER_LINE; j++) {
      if (j > 0) bytes[at++] = 0x20;
      const rank = draw();
      // Letter by letter: `set` takes longer for so few.
      for (let k = ends[rank]!, end = ends[rank + 1]!; k < end; k++) bytes[at++] = letters[k]!;
    }
    lines[i] = bytes.toString('latin1', 0, at);
  }
  return lines;
}

/** Distinct lower-case words of 3 to 14 letters, 8.5 on average, whatever their rank. */
function makeWords(random: Random): Uint8Array[] {
  const seen = new Set<string>();
  const words: Uint8Array[] = [];
  while (words.length < VOCABULARY) {
    const word = Buffer.alloc(3 + (random() % 12));
    for (let i = 0; i < word.length; i++) word[i] = 0x61 + (random() % 26);
    const text = word.toString('latin1');
    if (seen.has(text)) continue;
    seen.add(text);
    words.push(word);
  }
  return words;
}

/** Draws ranks with probability in proportion to 1 / (rank + 1), in constant time (Walker's alias method). */
function zipf(size: number, random: Random): () => number {
  const keep = new Float64Array(size);
  const alias = new Int32Array(size);
  let sum = 0;
  for (let rank = 1; rank <= size; rank++) sum += 1 / rank;
  const scaled = Float64Array.from({ length: size }, (_, rank) => size / (rank + 1) / sum);
  const small: number[] = [];
  const large: number[] = [];
  for (let rank = 0; rank < size; rank++) (scaled[rank]! < 1 ? small : large).push(rank);
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!;
    const high = large.at(-1)!;
    keep[low] = scaled[low]!;
    alias[low] = high;
    scaled[high]! -= 1 - scaled[low]!;
    if (scaled[high]! < 1) small.push(large.pop()!);
  }
  for (const rank of [...small, ...large]) keep[rank] = 1;
  return () => {
    const rank = random() % size;
    return random() / 0x1_0000_0000 < keep[rank]! ? rank : alias[rank]!;
  };
}
