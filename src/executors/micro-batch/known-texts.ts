/**
 * Short texts that come again from batch to batch, each with the task that reads it and its number in the batch at hand. It knows neither pairs nor who
 * reads them.
 */
import { hashOf, toWords, words } from '../../runtime/key-words.js';

/** One-byte texts of up to so many characters are their four numbers (`key-words.ts`). */
const SHORT_MAX = 15;

/** An entry: the numbers of its text, its task, its number, the batch of that, and whether it is taken. */
const ENTRY_BITS = 3;
const ENTRY = 1 << ENTRY_BITS;
const TASK = 4;
const NUMBER = 5;
const BATCH = 6;
const TAKEN = 7;

const SLOTS_MIN = 1_024;
/** At most half of the slots are taken, 65,536: then all are forgotten. 4 MiB. */
const SLOTS_MAX = 131_072;

/** Texts that somebody chose to collide are not known. */
const PROBES_MAX = 64;

/** No place: the text is not short, or it collided. */
export const UNKNOWN = -1;
/** No task, or no number in this batch. */
export const NONE = -1;

/**
 * A table in one array: it keeps no text alive, and there is nothing in it that a collection would copy. A `Map` of each batch's texts, and the texts,
 * often outlived one: a tenth of the time of `keyed-workers` over 1 M lines. It is a cache: what is forgotten is entered again, under another number.
 */
export class KnownTexts {
  // Plain fields, as in `CellIndex`: `placeOf` is called for each record.
  private entries = new Int32Array(SLOTS_MIN * ENTRY);
  private mask = SLOTS_MIN * ENTRY - 1;
  /** How often all were forgotten. */
  forgotten = 0;
  #size = 0;
  #batch = 0;

  /** A batch, or another attempt at it, begins: no text has a number in it. */
  begin(): number {
    this.#batch = (this.#batch + 1) | 0;
    return this.#batch;
  }

  /** The place of a text, which holds until the next call; `UNKNOWN` for one that is not kept here. */
  placeOf(text: string): number {
    if (text.length > SHORT_MAX || !toWords(text)) return UNKNOWN;
    const word0 = words[0]!;
    const word1 = words[1]!;
    const word2 = words[2]!;
    const word3 = words[3]!;
    // Of any other text the highest byte is above all lengths.
    if (word3 >>> 24 > SHORT_MAX) return UNKNOWN;
    const { entries, mask } = this;
    let at = (hashOf(word0, word1, word2, word3) << ENTRY_BITS) & mask;
    for (let probes = 0; probes < PROBES_MAX; probes++, at = (at + ENTRY) & mask) {
      if (entries[at + TAKEN] === 0) return this.#enter(at, word0, word1, word2, word3);
      if (entries[at] !== word0 || entries[at + 1] !== word1) continue;
      if (entries[at + 2] === word2 && entries[at + 3] === word3) return at;
    }
    return UNKNOWN;
  }

  taskAt(place: number): number {
    return this.entries[place + TASK]!;
  }

  setTask(place: number, task: number): void {
    this.entries[place + TASK] = task;
  }

  numberAt(place: number, batch: number): number {
    return this.entries[place + BATCH] === batch ? this.entries[place + NUMBER]! : NONE;
  }

  setNumber(place: number, batch: number, number: number): void {
    this.entries[place + NUMBER] = number;
    this.entries[place + BATCH] = batch;
  }

  #enter(free: number, word0: number, word1: number, word2: number, word3: number): number {
    let at = free;
    if ((this.#size + 1) * 2 * ENTRY > this.entries.length) {
      this.#makeRoom();
      at = this.#freeFrom(hashOf(word0, word1, word2, word3));
    }
    const { entries } = this;
    entries[at] = word0;
    entries[at + 1] = word1;
    entries[at + 2] = word2;
    entries[at + 3] = word3;
    entries[at + TASK] = NONE;
    entries[at + NUMBER] = NONE;
    entries[at + BATCH] = 0;
    entries[at + TAKEN] = 1;
    this.#size += 1;
    return at;
  }

  /** Twice as many slots, or all of them free. */
  #makeRoom(): void {
    const old = this.entries;
    if (old.length === SLOTS_MAX * ENTRY) {
      old.fill(0);
      this.#size = 0;
      this.forgotten += 1;
      return;
    }
    this.entries = new Int32Array(old.length * 2);
    this.mask = this.entries.length - 1;
    for (let at = 0; at < old.length; at += ENTRY) {
      if (old[at + TAKEN] === 0) continue;
      const place = this.#freeFrom(hashOf(old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!));
      this.entries.set(old.subarray(at, at + ENTRY), place);
    }
  }

  #freeFrom(hash: number): number {
    let at = (hash << ENTRY_BITS) & this.mask;
    while (this.entries[at + TAKEN] !== 0) at = (at + ENTRY) & this.mask;
    return at;
  }
}
