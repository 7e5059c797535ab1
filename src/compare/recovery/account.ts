/** The account of one sink or state: which results are missing or came again, and by which records the others differ. */
import { unreachable } from '../../core/assert.js';
import { added, isSameProvenance, NO_RECORDS, type Provenance, subtracted } from '../provenance/traced.js';
import type { ResultList } from '../result-list.js';
import { type Entry, entriesOf, type Group, groupsOf, isEqual, leftoversOf } from './entries.js';
import type { FaultDemand } from './fault-rules.js';
import type { RecordNames } from './record-names.js';

/** Results of a sink, or keys of a state. */
export interface ResultCounts {
  readonly expected: number;
  readonly delivered: number;
  /** Never came. */
  readonly missing: number;
  /** Came once more than they should. */
  readonly repeated: number;
  /** Came, but are made of more or fewer records than they should. */
  readonly changed: number;
  /** Belong to no record, or say something else than the same records did. */
  readonly unexpected: number;
  /** Differ where nothing can be counted. */
  readonly unclear: number;
}

/** A difference at one place: what came less what should have come. */
export interface PlaceDifference {
  readonly difference: Provenance;
  readonly windowEnd: number;
  /** Of a whole place, and not of one record that is known. */
  readonly isTotal: boolean;
}

/** One part's account. */
export interface PartAccount {
  readonly results: ResultCounts;
  readonly differences: readonly PlaceDifference[];
  /** Why nothing was counted although the graph let hope so. */
  readonly note: string | null;
}

/** Sets what came against what should have come, both traced. */
export function accountOf(
  demand: FaultDemand,
  expected: ResultList,
  actual: ResultList,
  names: RecordNames,
): PartAccount {
  const account = new Account(entriesOf(expected), entriesOf(actual));
  switch (demand.rule) {
    case 'per record':
      account.perRecord(names);
      break;
    case 'per window':
      if (demand.mayForget) return account.close(account.steadyStates(demand.slide));
      account.perPlace(({ windowEnd, timestamp, key }) => `${windowEnd}|${timestamp}|${demand.isKeyed ? key : ''}`);
      break;
    case 'running':
      account.running();
      break;
    case 'final':
      account.perPlace(({ key }) => key);
      break;
    case 'not countable':
      account.notCountable();
      break;
    case 'not demanded':
      break;
    default:
      return unreachable(demand.rule);
  }
  return account.close(demand.note);
}

class Account {
  readonly #expected: readonly Entry[];
  readonly #actual: readonly Entry[];
  readonly #differences: PlaceDifference[] = [];
  readonly #counts = { missing: 0, repeated: 0, changed: 0, unexpected: 0, unclear: 0 };

  constructor(expected: readonly Entry[], actual: readonly Entry[]) {
    this.#expected = expected;
    this.#actual = actual;
  }

  close(note: string | null): PartAccount {
    const results = { expected: this.#expected.length, delivered: this.#actual.length, ...this.#counts };
    return { results, differences: this.#differences, note };
  }

  /** All results of one source record together: it is lost when one is missing, and counted again with those that came most often. */
  perRecord(names: RecordNames): void {
    const recordOf = ({ from }: Entry): string => `${names.recordOf(from) ?? 'none'}`;
    for (const [record, group] of groupsOf(this.#expected, this.#actual, recordOf)) {
      if (record === 'none') {
        this.#counts.unexpected += group.actual.length;
        continue;
      }
      let most = 0;
      let isLost = false;
      for (const { expected, actual } of groupsOf(group.expected, group.actual, placeName).values()) {
        const left = leftoversOf({ expected, actual });
        this.#counts.missing += left.expected.length;
        this.#counts.repeated += left.again.length;
        this.#counts.unexpected += left.actual.length;
        isLost ||= left.expected.length > 0;
        most = Math.max(most, Math.ceil(left.again.length / Math.max(1, expected.length)));
      }
      const { from, windowEnd } = (group.expected[0] ?? group.actual[0])!;
      if (isLost) this.#differ(subtracted(NO_RECORDS, from), windowEnd, false);
      if (most > 0) this.#differ(times(from, most), windowEnd, false);
    }
  }

  /** One result for each place, mostly; of those that came again the last one counts, since it overwrites. */
  perPlace(placeOf: (entry: Entry) => string): void {
    this.#settle(groupsOf(this.#expected, this.#actual, placeOf));
  }

  /** Each record has its result, and the last result of a key is made of all its records. Totals between are not judged. */
  running(): void {
    for (const { expected, actual } of groupsOf(this.#expected, this.#actual, ({ key }) => key).values()) {
      const own = new Map(
        expected.map((entry, i) => [entry, subtracted(entry.from, expected[i - 1]?.from ?? NO_RECORDS)]),
      );
      for (const place of groupsOf(expected, actual, placeName).values()) this.#settleRunning(place, own);
      const [last, lastActual] = [expected.at(-1), actual.at(-1)];
      if (last === undefined || lastActual === undefined || isSameProvenance(last.from, lastActual.from)) continue;
      this.#counts.changed++;
      this.#differ(subtracted(lastActual.from, last.from), Number.NaN);
    }
  }

  notCountable(): void {
    this.#compareOnly(groupsOf(this.#expected, this.#actual, placeName));
  }

  /**
   * States that `update` may drop, rightly or because of a record more or less: a key is counted only if all its intervals came and
   * its total never falls. Says so of the others.
   */
  steadyStates(slide: number): string | null {
    let note: string | null = null;
    for (const group of groupsOf(this.#expected, this.#actual, ({ key }) => key).values()) {
      const places = groupsOf(group.expected, group.actual, placeName);
      const isWhole = [...places.values()].every(({ expected, actual }) => expected.length > 0 && actual.length > 0);
      if (isWhole && !restarts(group.expected, slide) && !restarts(group.actual, slide)) {
        this.#settle(places);
        continue;
      }
      const before = this.#counts.unclear;
      this.#compareOnly(places);
      if (this.#counts.unclear > before) note = 'where `update` may have dropped a state, its records are not counted';
    }
    return note;
  }

  #compareOnly(places: ReadonlyMap<string, Group>): void {
    for (const group of places.values()) {
      const left = leftoversOf(group);
      this.#counts.repeated += left.again.length;
      this.#counts.unclear += Math.max(left.expected.length, left.actual.length);
    }
  }

  #settle(places: ReadonlyMap<string, Group>): void {
    for (const group of places.values()) {
      if (group.expected.length === 1) this.#settleOne(group.expected[0]!, group.actual);
      else this.#settleMany(group);
    }
  }

  #settleOne(expected: Entry, actual: readonly Entry[]): void {
    const last = actual.at(-1);
    if (last === undefined) {
      this.#counts.missing++;
      this.#differ(subtracted(NO_RECORDS, expected.from), expected.windowEnd);
      return;
    }
    this.#counts.repeated += actual.length - 1;
    for (const entry of actual) {
      if (isSameProvenance(entry.from, expected.from) && !isEqual(entry, expected)) this.#counts.unexpected++;
    }
    if (isSameProvenance(last.from, expected.from)) return;
    this.#counts.changed++;
    this.#differ(subtracted(last.from, expected.from), expected.windowEnd);
  }

  /** Which of the others belong together, nobody knows: only all together can be set against each other. */
  #settleMany(group: Group): void {
    const left = leftoversOf(group);
    const changed = left.actual.slice(0, left.expected.length);
    const difference = subtracted(allOf(changed), allOf(left.expected));
    // Of the same records all in all, so what they say is wrong.
    const isWrong = isSameProvenance(difference, NO_RECORDS);
    this.#counts.repeated += left.again.length;
    this.#counts.unexpected += left.actual.length - (isWrong ? 0 : changed.length);
    this.#counts.changed += isWrong ? 0 : changed.length;
    this.#counts.missing += left.expected.length - changed.length;
    this.#differ(difference, group.expected[0]?.windowEnd ?? Number.NaN);
  }

  #settleRunning({ expected, actual }: Group, own: ReadonlyMap<Entry, Provenance>): void {
    const lacking = expected.length - actual.length;
    if (expected.length === 0) this.#counts.unexpected += actual.length;
    else if (lacking < 0) this.#counts.repeated -= lacking;
    else if (lacking > 0) {
      this.#counts.missing += lacking;
      // With several records of one time it is not known whose result is missing.
      if (actual.length === 0)
        for (const entry of expected) this.#differ(subtracted(NO_RECORDS, own.get(entry)!), Number.NaN, false);
    }
    for (const entry of actual) {
      const alike = expected.filter(({ from }) => isSameProvenance(from, entry.from));
      if (alike.length > 0 && alike.every((other) => !isEqual(other, entry))) this.#counts.unexpected++;
    }
  }

  #differ(difference: Provenance, windowEnd: number, isTotal = true): void {
    if (!isSameProvenance(difference, NO_RECORDS)) this.#differences.push({ difference, windowEnd, isTotal });
  }
}

function times(from: Provenance, count: number): Provenance {
  return Array.from({ length: count }).reduce<Provenance>((total) => added(total, from), NO_RECORDS);
}

function allOf(entries: readonly Entry[]): Provenance {
  return entries.reduce((total, { from }) => added(total, from), NO_RECORDS);
}

function placeName({ windowEnd, timestamp, key }: Entry): string {
  return `${windowEnd}|${timestamp}|${key}`;
}

function restarts(entries: readonly Entry[], slide: number): boolean {
  const inOrder = entries.toSorted((a, b) => a.windowEnd - b.windowEnd);
  return inOrder.some(({ from, windowEnd }, i) => {
    const before = inOrder[i - 1];
    return before !== undefined && (from.count < before.from.count || windowEnd > before.windowEnd + slide);
  });
}
