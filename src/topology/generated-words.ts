/** What `generate:words` makes: lines of words that are as unequally frequent as in a real text (Zipf, s = 1). */
import type { Make } from './source-specs.js';

/** Words of one line. */
const WORDS_PER_LINE = 10;
/** Different words, unless told otherwise: about as many as in a long novel with all its forms. */
export const VOCABULARY_SIZE = 50_000;
/** All of them are in memory: about a hundred bytes each. */
export const VOCABULARY_MAX = 1_000_000;

/** Makes lines over a vocabulary of that size; the word of rank r is drawn r times less often than the first. */
export function wordLines(vocabularySize: number = VOCABULARY_SIZE): Make<string> {
  const words = Array.from({ length: vocabularySize }, (_, rank) => wordOf(rank));
  const cumulative = new Float64Array(vocabularySize);
  for (let rank = 0, sum = 0; rank < vocabularySize; rank++) cumulative[rank] = sum += 1 / (rank + 1);
  const total = cumulative[vocabularySize - 1]!;
  return (_index, random) => {
    let line = words[rankAt(cumulative, random.float() * total)]!;
    for (let i = 1; i < WORDS_PER_LINE; i++) line += ` ${words[rankAt(cumulative, random.float() * total)]!}`;
    return line;
  };
}

/** The first rank whose cumulative weight exceeds `weight`. */
function rankAt(cumulative: Float64Array, weight: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > weight) high = middle;
    else low = middle + 1;
  }
  return low;
}

const CONSONANTS = 'bdfghklmnprstvz';
const VOWELS = 'aeiou';

/** A word that can be spoken, different for each rank: syllables as digits, the frequent words short. */
function wordOf(rank: number): string {
  const syllables = CONSONANTS.length * VOWELS.length;
  const digit = rank % syllables;
  const syllable = CONSONANTS[Math.floor(digit / VOWELS.length)]! + VOWELS[digit % VOWELS.length]!;
  return rank < syllables ? syllable : wordOf(Math.floor(rank / syllables) - 1) + syllable;
}
