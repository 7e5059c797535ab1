/** Traced results as entries in groups: the unit in which what came is set against what should have come. */
import { canonical, isPair, isSame } from '../canonical.js';
import { type Provenance, plainRecord, provenanceOf } from '../provenance/traced.js';
import type { ResultList } from '../result-list.js';

/** One result, or one key's state. */
export interface Entry {
  readonly value: unknown;
  readonly from: Provenance;
  /** Canonical text of its key; '' without one. */
  readonly key: string;
  readonly timestamp: number;
  readonly windowEnd: number;
  readonly scale: number;
}

/** What should have come and what came, of one group, each in order. */
export interface Group {
  readonly expected: Entry[];
  readonly actual: Entry[];
}

/** The entries of a list of traced results. */
export function entriesOf({ values, timestamps, windowEnds, scales }: ResultList): readonly Entry[] {
  return values.map((record, i) => {
    const value = plainRecord(record);
    const key = isPair(value) ? canonical(value[0]) : '';
    const [timestamp, windowEnd, scale] = [timestamps[i]!, windowEnds[i]!, scales?.[i] ?? 0];
    return { value, from: provenanceOf(record), key, timestamp, windowEnd, scale };
  });
}

/** Groups both sides by what `nameOf` says of an entry. */
export function groupsOf(
  expected: readonly Entry[],
  actual: readonly Entry[],
  nameOf: (entry: Entry) => string,
): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  const at = (entry: Entry): Group => {
    const name = nameOf(entry);
    let group = groups.get(name);
    if (group === undefined) {
      group = { expected: [], actual: [] };
      groups.set(name, group);
    }
    return group;
  };
  for (const entry of expected) at(entry).expected.push(entry);
  for (const entry of actual) at(entry).actual.push(entry);
  return groups;
}

/** What is left of a group when equal results are taken out in pairs. */
export interface Leftovers {
  readonly expected: readonly Entry[];
  /** Without those in `again`. */
  readonly actual: readonly Entry[];
  /** Results that are equal to one that had already come. */
  readonly again: readonly Entry[];
}

/** Takes equal results out. Those of the same records are found by their provenance, and then compared by value. */
export function leftoversOf({ expected, actual }: Group): Leftovers {
  const open = new Map<string, { entry: Entry; taken: boolean }[]>();
  for (const entry of expected) {
    const name = textOf(entry.from);
    const candidates = open.get(name);
    if (candidates === undefined) open.set(name, [{ entry, taken: false }]);
    else candidates.push({ entry, taken: false });
  }
  const [left, again]: [Entry[], Entry[]] = [[], []];
  for (const entry of actual) {
    const equals = (open.get(textOf(entry.from)) ?? []).filter((candidate) => isEqual(entry, candidate.entry));
    const free = equals.find((candidate) => !candidate.taken);
    if (free !== undefined) free.taken = true;
    else if (equals.length > 0) again.push(entry);
    else left.push(entry);
  }
  const missing = [...open.values()].flat().filter((candidate) => !candidate.taken);
  return { expected: missing.map(({ entry }) => entry), actual: left, again };
}

/** True when two results say the same, whatever they are made of. */
export function isEqual(a: Entry, b: Entry): boolean {
  return isSame(a.value, b.value, Math.max(a.scale, b.scale));
}

function textOf({ count, sum, xor }: Provenance): string {
  return `${count},${sum},${xor}`;
}
