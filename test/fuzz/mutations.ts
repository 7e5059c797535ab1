/** Changes bytes and texts in the ways in which disks, networks and people do. Knows nothing of what they mean. */
import type { Prng } from '../../src/core/prng.js';

/** The longest piece that is cut out, doubled or filled. */
const PIECE_MAX = 40;

/** The bytes with one change: bits, a piece that is gone, filled or there twice, an end that is cut off, or another's bytes behind or in place of them. */
export function mutated(random: Prng, content: Uint8Array, other: Uint8Array): Uint8Array {
  // A slice of a Buffer would be the same bytes.
  const copy = new Uint8Array(content);
  const at = random.below(content.length);
  const end = Math.min(content.length, at + 1 + random.below(PIECE_MAX));
  switch (random.below(9)) {
    case 0:
      if (copy.length > 0) copy[at]! ^= 1 << random.below(8);
      return copy;
    case 1:
      if (copy.length > 0) copy[at] = random.below(256);
      return copy;
    case 2:
      return copy.fill(random.below(2) * 255, at, end);
    case 3:
      return copy.subarray(0, at);
    case 4:
      return joined(copy.subarray(0, at), copy.subarray(end));
    case 5:
      return joined(copy.subarray(0, end), copy.subarray(at));
    case 6:
      return joined(copy, other.subarray(0, random.below(other.length)));
    case 7:
      return new Uint8Array(other);
    default:
      for (let left = random.below(6); left >= 0; left--) copy[random.below(copy.length)] = random.below(256);
      return copy;
  }
}

/** The bytes with up to three changes. */
export function mutatedOften(random: Prng, content: Uint8Array, other: Uint8Array): Uint8Array {
  let changed = content;
  for (let left = random.below(3); left >= 0; left--) changed = mutated(random, changed, other);
  return changed;
}

/** The bytes in pieces that are cut anywhere, some of them empty. */
export function piecesOf(random: Prng, bytes: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const longest = random.below(2) === 0 ? 4 : 64;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + random.below(longest));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

const ODD =
  '\u0000 \t\r\n"\'\\/:;,.?#@%&=+-x*[]{}()<>|$^~`0179\u00df\u0130\u200b\u202e\ufeff\ufffd\ud800\u{1f327}'.split('');
const NUMBERS = [
  '0',
  '-1',
  '1e400',
  '-0',
  '9'.repeat(400),
  '9007199254740993',
  '0.1',
  '1.2.3',
  '.',
  '00',
  '0x7',
  'NaN',
];
/** What opens, and what closes it. */
const BRACKETS = ['[]', '{}', '()', '""', '""'] as const;
/** Repetitions of a piece; one text in some hundreds gets long. */
const REPEATS_MAX = 6;
const REPEATS_LONG = 20_000;
const DEPTH_MAX = 2_000;

/** The text with up to three changes. */
export function mutatedText(random: Prng, text: string, other: string): string {
  let changed = text;
  for (let left = random.below(3); left >= 0; left--) changed = oneChange(random, changed, other);
  return changed;
}

function oneChange(random: Prng, text: string, other: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(PIECE_MAX));
  const [before, piece, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (random.below(9)) {
    case 0:
      return before + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return before + pick(random, ODD) + piece + after;
    case 2:
      return before + after;
    case 3:
      return before + piece.repeat(random.below(REPEATS_MAX)) + after;
    case 4:
      return before + other.slice(random.below(other.length));
    case 5:
      return before + pick(random, NUMBERS) + after;
    case 6:
      return withNumber(random, text);
    case 7:
      return random.below(100) === 0 ? nested(random, before, piece, after) : before + pick(random, ODD) + after;
    default:
      return random.below(100) === 0
        ? before + piece.slice(0, 5).repeat(random.below(REPEATS_LONG)) + after
        : piece + before + after;
  }
}

/** Another number in place of one that is there. */
function withNumber(random: Prng, text: string): string {
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return text + pick(random, NUMBERS);
  const { 0: found, index } = numbers[random.below(numbers.length)]!;
  return text.slice(0, index) + pick(random, NUMBERS) + text.slice(index + found.length);
}

function nested(random: Prng, before: string, piece: string, after: string): string {
  const [open, close] = pick(random, BRACKETS);
  const depth = random.below(DEPTH_MAX);
  return before + open!.repeat(depth) + piece + close!.repeat(depth) + after;
}

/** One of them. */
export function pick<T>(random: Prng, all: ArrayLike<T>): T {
  return all[random.below(all.length)]!;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
