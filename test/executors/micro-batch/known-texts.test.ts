/** The table of texts that come again: each has one place, and its number is of one batch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTexts, NONE, UNKNOWN } from '../../../src/executors/micro-batch/known-texts.js';
import { hashOf, toWords, words } from '../../../src/runtime/key-words.js';

/** More than half of the largest table. */
const TOO_MANY = 70_000;

describe('texts that come again', () => {
  it('have each a place of their own, with what was put there', () => {
    const short = fc.string({ unit: 'grapheme-ascii', maxLength: 15 });
    fc.assert(
      fc.property(fc.uniqueArray(short, { maxLength: 3_000, size: 'max' }), (texts) => {
        const known = new KnownTexts();
        const batch = known.begin();
        const found = () =>
          texts.map((text) => {
            const place = known.placeOf(text);
            return [known.taskAt(place), known.numberAt(place, batch)];
          });
        expect(found()).toEqual(texts.map(() => [NONE, NONE]));
        for (const [i, text] of texts.entries()) {
          const place = known.placeOf(text);
          known.setTask(place, i % 7);
          known.setNumber(place, batch, i);
        }
        expect(found()).toEqual(texts.map((_, i) => [i % 7, i]));
      }),
      { numRuns: 30 },
    );
  });

  it('keep their task, and not their number, in the next batch', () => {
    const known = new KnownTexts();
    const first = known.begin();
    const place = known.placeOf('again');
    known.setTask(place, 3);
    known.setNumber(place, first, 5);
    const second = known.begin();
    const again = known.placeOf('again');
    expect([known.taskAt(again), known.numberAt(again, second)]).toEqual([3, NONE]);
  });

  it('are short and of one byte', () => {
    const known = new KnownTexts();
    expect(known.placeOf('a'.repeat(15))).not.toBe(UNKNOWN);
    expect(known.placeOf('a'.repeat(16))).toBe(UNKNOWN);
    expect(known.placeOf('ключ')).toBe(UNKNOWN);
    expect(known.placeOf('é')).not.toBe(UNKNOWN);
  });

  it('are forgotten when they are too many, and known again', () => {
    const known = new KnownTexts();
    for (let i = 0; i < TOO_MANY; i++) known.setTask(known.placeOf(`text ${i}`), 1);
    expect(known.taskAt(known.placeOf('text 0'))).toBe(NONE);
    expect(known.taskAt(known.placeOf(`text ${TOO_MANY - 1}`))).toBe(1);
  });

  it.each([
    ['the third number', 'sensors/0005', 'sensors/001i'],
    ['the fourth number', 'sensors/room014', 'sensors/room01g'],
  ])('are told apart by %s alone, where they search from the same slot', (_, one, other) => {
    const known = new KnownTexts();
    const place = known.placeOf(one);
    expect(numbersOf(one).filter((number, i) => number !== numbersOf(other)[i])).toHaveLength(1);
    expect(slotOf(one)).toBe(slotOf(other));
    expect(known.placeOf(other)).not.toBe(place);
    expect(known.placeOf(one)).toBe(place);
  });

  it('that were chosen to collide are not known', () => {
    const known = new KnownTexts();
    const places = collidingTexts(100).map((text) => known.placeOf(text));
    expect(places.filter((place) => place === UNKNOWN).length).toBeGreaterThan(0);
    expect(new Set(places.filter((place) => place !== UNKNOWN)).size).toBeGreaterThan(60);
  });
});

function numbersOf(text: string): readonly number[] {
  toWords(text);
  return [...words];
}

/** Where the search for a text begins in the smallest table. */
function slotOf(text: string): number {
  const [word0, word1, word2, word3] = numbersOf(text) as [number, number, number, number];
  return hashOf(word0, word1, word2, word3) & 0x3ff;
}

/** Texts of which all search from one and the same slot. */
function collidingTexts(count: number): readonly string[] {
  const bySlot = new Map<number, string[]>();
  for (let i = 0; ; i++) {
    const text = i.toString(36);
    const same = bySlot.get(slotOf(text)) ?? [];
    bySlot.set(slotOf(text), same);
    if (same.push(text) === count) return same;
  }
}
