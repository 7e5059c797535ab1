/** From differences at single places to source records: each counts once, in however many results it is missing. */
import type { RecordPlace } from '../provenance/record-ids.js';
import type { PartAccount, PlaceDifference } from './account.js';
import type { FaultDemand } from './fault-rules.js';
import type { RecordNames } from './record-names.js';

/** How many source records, and some of them. */
export interface RecordCount {
  readonly count: number;
  /** False: at least so many. Where many records are missing from one total, three numbers do not tell which. */
  readonly isExact: boolean;
  readonly examples: readonly RecordPlace[];
}

/** Jepsen's limit. */
const EXAMPLES_MAX = 48;

/** Gathers the differences of all parts of one run. */
export class Tally {
  readonly #names: RecordNames;
  readonly #lost = new Set<number>();
  /** How often each record was there too often. */
  readonly #duplicated = new Map<number, number>();
  #lostAtLeast = 0;
  #duplicatedAtLeast = 0;
  readonly #unnamed = { lost: false, duplicated: false };

  constructor(names: RecordNames) {
    this.#names = names;
  }

  add(demand: FaultDemand, { differences }: PartAccount): void {
    for (const { difference } of differences) {
      const named = this.#names.name(difference);
      if (named === undefined) {
        // Which of both it is, or that it is both, the count alone does not say.
        this.#unnamed.lost ||= difference.count <= 0;
        this.#unnamed.duplicated ||= difference.count >= 0;
        if (difference.count <= 0) this.#lostAtLeast = Math.max(this.#lostAtLeast, 1);
        if (difference.count >= 0) this.#duplicatedAtLeast = Math.max(this.#duplicatedAtLeast, 1);
        continue;
      }
      for (const { record, times } of named) {
        if (times < 0) this.#lost.add(record);
        else this.#duplicated.set(record, Math.max(this.#duplicated.get(record) ?? 0, demand.isOnce ? times : 1));
      }
    }
    if (demand.isOnce) this.#addTotals(demand, differences);
  }

  lost(): RecordCount {
    return {
      count: Math.max(this.#lost.size, this.#lostAtLeast),
      isExact: !this.#unnamed.lost,
      examples: this.#examples(this.#lost),
    };
  }

  duplicated(): RecordCount {
    const named = [...this.#duplicated.values()].reduce((sum, times) => sum + times, 0);
    return {
      count: Math.max(named, this.#duplicatedAtLeast),
      isExact: !this.#unnamed.duplicated,
      examples: this.#examples(this.#duplicated.keys()),
    };
  }

  /** Windows that do not overlap share no record, so what they lack adds up. */
  #addTotals({ overlap, slide }: FaultDemand, differences: readonly PlaceDifference[]): void {
    const classes = new Map<number, { lost: number; duplicated: number }>();
    for (const { difference, windowEnd, isTotal } of differences) {
      if (!isTotal) continue;
      const number = slide === 0 || Number.isNaN(windowEnd) ? 0 : windowEnd / slide;
      const name = Number.isFinite(overlap) ? number % overlap : number;
      const sums = classes.get(name) ?? { lost: 0, duplicated: 0 };
      classes.set(name, sums);
      const isSwap = difference.count === 0;
      sums.lost += isSwap ? 1 : Math.max(0, -difference.count);
      sums.duplicated += isSwap ? 1 : Math.max(0, difference.count);
    }
    for (const { lost, duplicated } of classes.values()) {
      this.#lostAtLeast = Math.max(this.#lostAtLeast, lost);
      this.#duplicatedAtLeast = Math.max(this.#duplicatedAtLeast, duplicated);
    }
  }

  #examples(records: Iterable<number>): readonly RecordPlace[] {
    return [...records]
      .sort((a, b) => a - b)
      .slice(0, EXAMPLES_MAX)
      .map((record) => this.#names.placeOf(record));
  }
}
