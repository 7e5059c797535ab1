/** Keys that are short texts, integers or null as four numbers: equal keys have equal numbers, so that they are compared without a look at the keys. */

/** Texts up to this length have numbers; a longer one is better off with the hash that V8 keeps in the string. */
const LENGTH_MAX = 32;
/** Up to this length, of one-byte and of two-byte code units, the numbers are the text. */
const NARROW_MAX = 15;
const WIDE_MAX = 7;
/** What stands in the highest byte: the length of a narrow text, or one of these. */
const WIDE = 16;
const HASHED = 32;
const INTEGER = 48;
/** The key of all records where nothing parts them: `count`, `reduce`. */
const NULL = 49;

/** Numbers of a key, as a cell holds them. */
export interface KeyWords {
  word0: number;
  word1: number;
  word2: number;
  word3: number;
}

/** The numbers of the key that was last given to `toWords`. */
export const words = new Int32Array(4);

/** Puts the numbers of a key into `words`. False for any other key, and for a text that is too long. */
export function toWords(key: unknown): boolean {
  if (typeof key === 'string') return ofText(key);
  if (key === null) return ofNumber(0, NULL);
  // -0 is 0.
  return typeof key === 'number' && (key | 0) === key && ofNumber(key, INTEGER);
}

function ofNumber(number: number, kind: number): true {
  words[0] = number;
  words[1] = 0;
  words[2] = 0;
  words[3] = kind << 24;
  return true;
}

function ofText(text: string): boolean {
  const { length } = text;
  if (length > NARROW_MAX) return length <= LENGTH_MAX && toHash(text);
  words[1] = 0;
  words[2] = 0;
  words[3] = 0;
  let all = 0;
  let word = 0;
  let place = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    all |= unit;
    word |= unit << ((i & 3) << 3);
    if ((i & 3) !== 3) continue;
    words[place++] = word;
    word = 0;
  }
  words[place] = word;
  if (all > 0xff) return toWide(text);
  words[3] = words[3]! | (length << 24);
  return true;
}

/** True when the numbers are only a hash of the text. */
export function isHash(word3: number): boolean {
  return word3 === HASHED << 24;
}

/** Picks a slot. A multiplication carries each bit upwards only; the shifts bring it back to those that pick. */
export function hashOf(word0: number, word1: number, word2: number, word3: number): number {
  let hash = Math.imul(word0 ^ (word3 << 7), 0x9e37_79b1) ^ Math.imul(word2 ^ (word3 >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ word1, 0xc2b2_ae35);
  return hash ^ (hash >>> 15);
}

function toWide(text: string): boolean {
  const { length } = text;
  if (length > WIDE_MAX) return toHash(text);
  words.fill(0);
  for (let i = 0; i < length; i++) words[i >> 1] = words[i >> 1]! | (text.charCodeAt(i) << ((i & 1) << 4));
  words[3] = words[3]! | ((WIDE + length) << 24);
  return true;
}

/** FNV-1a over code units. */
function toHash(text: string): boolean {
  const { length } = text;
  let hash = length;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  words[0] = hash;
  words[1] = length;
  words[2] = 0;
  words[3] = HASHED << 24;
  return true;
}
