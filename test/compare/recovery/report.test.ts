/** The first screen of a comparison with a fault: the guarantee, the table of costs, and why they differ. */
import { describe, expect, it } from 'vitest';
import { type Recoveries, withRecovery } from '../../../src/compare/document.js';
import type { RecoveryCost } from '../../../src/compare/recovery/cost.js';
import { faultSentence } from '../../../src/compare/recovery/fault-sentence.js';
import type { FaultVerdict } from '../../../src/compare/recovery/judge-fault-run.js';
import { report } from '../../../src/compare/report.js';
import type { CompareResult } from '../../../src/compare/result.js';
import { goodResult } from '../sample-result.js';

const none = { count: 0, isExact: true, examples: [] };
const results = {
  expected: 329_882,
  delivered: 329_882,
  missing: 0,
  repeated: 0,
  changed: 0,
  unexpected: 0,
  unclear: 0,
};

function verdict(change: Partial<FaultVerdict>): FaultVerdict {
  const found = {
    guarantee: 'at-least-once',
    verdict: 'held',
    lost: none,
    duplicated: none,
    results,
    parts: [],
    replayed: 0,
    reexecuted: 0,
    ...change,
  } as const;
  return { ...found, sentence: faultSentence(found) };
}

function cost(change: Partial<RecoveryCost>): RecoveryCost {
  return {
    detectMs: 102,
    restoreMs: 231,
    replayMs: 512,
    catchUpMs: 1_900,
    latencyRecoveryMs: 2_400,
    observedMs: 8_000,
    idealCatchUpMs: 1_210,
    catchUpRatio: 1.57,
    reexecuted: 4_102,
    replayed: 0,
    lost: 0,
    duplicated: 0,
    latencyMs: { p50: 610, p99: 1_410, max: 1_520, count: 2_600 },
    baselineMs: { p50: 262, p99: 520, max: 531, count: 10_000 },
    ...change,
  };
}

const twelve = {
  count: 12,
  isExact: true,
  examples: [4, 5, 6, 7].map((offset) => ({ source: 'lines', partition: 0, offset })),
};
const recordCost = cost({
  restoreMs: 180,
  replayMs: 40.1,
  catchUpMs: 610,
  latencyRecoveryMs: null,
  idealCatchUpMs: 505,
  reexecuted: 0,
  replayed: 38,
  duplicated: 12,
  latencyMs: { p50: 120, p99: 402, max: 412, count: 830 },
  baselineMs: { p50: 0.85, p99: 8.68, max: 9.1, count: 10_000 },
});
const held: Recoveries = {
  'micro-batch': { cost: cost({}), verdict: verdict({ reexecuted: 4_102 }) },
  record: {
    cost: recordCost,
    verdict: verdict({ replayed: 38, duplicated: twelve, results: { ...results, repeated: 96, changed: 40 } }),
  },
};
const lostSome = { count: 212, isExact: false, examples: [{ source: 'lines', partition: 1, offset: 10_412 }] };
const broken: Recoveries = {
  ...held,
  record: {
    cost: { ...recordCost, catchUpMs: null, lost: 212 },
    verdict: verdict({ verdict: 'broken', lost: lostSome, results: { ...results, missing: 3 } }),
  },
};

const screens: Readonly<Record<string, CompareResult>> = {
  held: withRecovery(goodResult, 'kill:counts@50%', held),
  broken: withRecovery(goodResult, 'kill:counts@50%', broken),
};

describe('the screen of a comparison with a fault', () => {
  it.each(Object.entries(screens))('%s', async (name, result) => {
    await expect(report(result)).toMatchFileSnapshot(`../golden/report-fault-${name}.txt`);
    for (const line of report(result).split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('says nothing of a fault when there was none', () => {
    expect(report(goodResult)).not.toContain('WHAT A CRASH COST');
  });

  it('has no verdict when it was interrupted before', () => {
    const screen = report({ ...goodResult, fault: 'kill:counts@50%' });
    expect(screen.split('\n')[3]).toMatch(/^NO VERDICT/);
    expect(screen).not.toContain('WHAT A CRASH COST');
  });
});

describe('the document', () => {
  it('says that the guarantee held where it held in both modes', () => {
    const { fault, verdict: word, modes } = screens['held']!;
    expect({ fault, guarantee: word.guarantee }).toEqual({ fault: 'kill:counts@50%', guarantee: 'held' });
    expect(modes.record.recovery).toMatchObject({ catchUpMs: 610, replayed: 38, verdict: { verdict: 'held' } });
    expect(JSON.parse(JSON.stringify(modes))).toEqual(modes);
    expect(screens['broken']!.verdict.guarantee).toBe('broken');
    const unchecked = { ...held, record: { ...held.record, verdict: verdict({ verdict: 'not checked' }) } };
    expect(withRecovery(goodResult, 'x', unchecked).verdict.guarantee).toBe('not checked');
  });
});
