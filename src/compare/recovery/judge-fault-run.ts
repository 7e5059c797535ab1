/** The verdict on a run with a fault: did the declared guarantee hold, and what was lost and duplicated. Knows neither mode. */
import type { Guarantee } from '../../topology/specs.js';
import type { ResultList } from '../result-list.js';
import { accountOf, type ResultCounts } from './account.js';
import type { FaultDemand, FaultRule } from './fault-rules.js';
import { faultSentence } from './fault-sentence.js';
import type { RecordNames } from './record-names.js';
import { type RecordCount, Tally } from './tally.js';

/** What should have come of one sink, or should be the state of one operator: traced, from the oracle. */
export interface ExpectedPart {
  /** `sink counts`, `state of running`. */
  readonly name: string;
  readonly demand: FaultDemand;
  readonly results: ResultList;
}

/** A run with a fault. */
export interface FaultRun {
  readonly guarantee: Guarantee;
  readonly expected: readonly ExpectedPart[];
  /** By the part's name, traced, in order of delivery. */
  readonly actual: ReadonlyMap<string, ResultList>;
  readonly names: RecordNames;
  /** Records that the source gave again, and records that were worked on again without that, as the engine reports. */
  readonly replayed: number;
  readonly reexecuted: number;
  /** How often something was killed: without any, nothing may be lost. Default 1. */
  readonly faults?: number | undefined;
  /** Why what was expected is nothing to go by. */
  readonly unjudged?: string | undefined;
}

/** The account of one part, for people. */
export interface FaultPart extends ResultCounts {
  readonly name: string;
  readonly rule: FaultRule;
  readonly note: string | null;
}

/** Plain data. */
export interface FaultVerdict {
  readonly guarantee: Guarantee;
  /** `not checked`: nothing that can be counted differs, but something that cannot does; or what was expected is nothing to go by. */
  readonly verdict: 'held' | 'broken' | 'not checked';
  readonly sentence: string;
  /** Source records whose effect is missing from at least one result. */
  readonly lost: RecordCount;
  /** Source records that went into a result more often than they should, each as often as that. */
  readonly duplicated: RecordCount;
  readonly results: ResultCounts;
  readonly parts: readonly FaultPart[];
  readonly replayed: number;
  readonly reexecuted: number;
}

/**
 * Judges a run with faults, once all of its input was worked on.
 *
 * - A result that belongs to no record, or says something else than the same records did, breaks every guarantee.
 * - exactly-once: nothing lost, nothing duplicated, no result missing or repeated.
 * - at-least-once: nothing lost; no more duplicated than was replayed or done again.
 * - at-most-once: nothing duplicated or repeated; nothing lost without a fault.
 */
export function judgeFaultRun(run: FaultRun): FaultVerdict {
  const { guarantee, expected, actual, names, replayed, reexecuted } = run;
  const tally = new Tally(names);
  const parts = expected.map(({ name, demand, results }): FaultPart => {
    const account = accountOf(demand, results, actual.get(name) ?? NOTHING, names);
    tally.add(demand, account);
    return { name, rule: demand.rule, note: account.note, ...account.results };
  });
  const found = {
    guarantee,
    lost: tally.lost(),
    duplicated: tally.duplicated(),
    results: totalOf(parts),
    parts,
    replayed,
    reexecuted,
  };
  const verdict = run.unjudged === undefined ? verdictOf(found, run.faults ?? 1) : 'not checked';
  return { ...found, verdict, sentence: faultSentence({ ...found, verdict }, run.unjudged) };
}

const NOTHING: ResultList = { values: [], timestamps: [], windowEnds: [] };

function verdictOf(found: Omit<FaultVerdict, 'verdict' | 'sentence'>, faults: number): FaultVerdict['verdict'] {
  const { guarantee, lost, duplicated, results } = found;
  const again = found.replayed + found.reexecuted;
  if (results.unexpected > 0) return 'broken';
  const isLess = lost.count + results.missing > 0;
  const isDoneAgain = duplicated.count + results.repeated + results.changed > 0;
  switch (guarantee) {
    case 'exactly-once': {
      const { missing, repeated, changed, unclear } = results;
      return lost.count + duplicated.count + missing + repeated + changed + unclear === 0 ? 'held' : 'broken';
    }
    case 'at-least-once':
      if (isLess || duplicated.count > again) return 'broken';
      if (again === 0 && (isDoneAgain || results.unclear > 0)) return 'broken';
      break;
    case 'at-most-once':
      if (duplicated.count > 0 || results.repeated > 0 || (isLess && faults === 0)) return 'broken';
      break;
  }
  return results.unclear > 0 ? 'not checked' : 'held';
}

function totalOf(parts: readonly ResultCounts[]): ResultCounts {
  const sum = (field: keyof ResultCounts): number => parts.reduce((total, part) => total + part[field], 0);
  return {
    expected: sum('expected'),
    delivered: sum('delivered'),
    missing: sum('missing'),
    repeated: sum('repeated'),
    changed: sum('changed'),
    unexpected: sum('unexpected'),
    unclear: sum('unclear'),
  };
}
