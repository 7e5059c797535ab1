/** Whole comparisons on real threads and the real clock: short ones, and nothing here depends on how quick they are. */
import { describe, expect, it } from 'vitest';
import { compare } from '../../src/compare/compare.js';
import type { CompareOptions, ComparePhase } from '../../src/compare/options.js';
import { millis } from '../../src/core/time.js';
import { topology } from '../../src/topology/builder.js';
import type { Topology } from '../../src/topology/graph.js';
import { memory as collected, none } from '../../src/topology/sink-specs.js';
import { generator, memory } from '../../src/topology/source-specs.js';
import type { KeyValueState, StatefulBolt } from '../../src/topology/stateful-bolt.js';

const words = Array.from({ length: 300 }, (_, i) => `word${(i * 7) % 13}`);
const add = (a: number, b: number) => a + b;
const quick: CompareOptions = { rate: 1_000, drainRounds: 1, drainDuration: 100_000 };

const wordCount = (count: (word: string) => number) =>
  topology('word-count', { batchInterval: millis(50) }, (t) => {
    const pairs = t.source('words', memory(words)).map((word) => [word, count(word)] as const);
    pairs.runningReduce({ uid: 'running', reduce: add }).to('running', none());
    pairs
      .reduceByKeyAndWindow({
        uid: 'counts',
        window: millis(100),
        slide: millis(50),
        reduce: add,
        inverse: (a, b) => a - b,
      })
      .to('counts', none());
  });

describe.concurrent('compare', () => {
  it('finds the same answer in both modes and the oracle, and measures both', async () => {
    const phases = new Set<ComparePhase>();
    const result = await compare(
      wordCount(() => 1),
      { ...quick, parallelism: 2, command: 'test', onProgress: ({ phase }) => phases.add(phase) },
    );
    expect(result).toMatchObject({
      schema: 'raingauge/compare@1',
      job: 'word-count',
      seed: 1,
      command: 'test',
      interrupted: false,
    });
    expect(result.verdict).toMatchObject({ same: true, oracle: 'pass', guarantee: 'held', firstDifference: null });
    expect(result.verdict.compared).toMatchObject({ keys: 13, records: 300 });
    expect(result.verdict.compared.windows).toBeGreaterThanOrEqual(6);
    for (const mode of ['micro-batch', 'record'] as const) {
      const { latencyMs, windowLatencyMs, throughput } = result.modes[mode];
      expect(latencyMs.count).toBe(300);
      expect(latencyMs.p50).toBeGreaterThan(0);
      expect(latencyMs.p99, 'too few samples').toBeNull();
      expect(windowLatencyMs.count).toBeGreaterThan(0);
      // A busy machine may end a round too soon for a rate that can be told: then it is withheld, and says so.
      if (throughput.withheld === null) expect(throughput.recordsPerSecond).toBeGreaterThan(0);
      else expect(throughput.recordsPerSecond).toBeNull();
    }
    const { acking, throughput } = result.modes.record;
    expect(acking.costRatio === null).toBe(throughput.withheld !== null);
    expect(acking).toMatchObject({ acked: 300, failed: 0, replayed: 0 });
    if (acking.costRatio !== null) expect(acking.costRatio).toBeGreaterThan(0);
    expect(result.modes['micro-batch'].batches.count).toBeGreaterThan(0);
    expect([...phases]).toEqual([
      'record input',
      'warm up',
      'micro-batch',
      'record',
      'highest rate',
      'oracle',
      'compare answers',
    ]);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('keeps state in lmdb in every run when it is told to, and refuses a kind that there is none of', async () => {
    const options = { ...quick, records: 200, drainRounds: 0 };
    const result = await compare(
      wordCount(() => 1),
      { ...options, state: 'lmdb' },
    );
    expect(result.verdict).toMatchObject({ same: true, oracle: 'pass' });
    expect(result.input.state).toBe('lmdb');
    await expect(
      compare(
        wordCount(() => 1),
        { ...options, state: 'rocks' as never },
      ),
    ).rejects.toMatchObject({ code: 'RG011' });
  });

  it('measures what it costs to be prepared for a crash: the same runs with checkpoints and without', async () => {
    const source = generator((i) => `word${(i * 7) % 13}`, { count: 2_100 });
    const { verdict, modes } = await compare(
      wordCount(() => 1),
      {
        ...quick,
        rate: 1_000,
        sources: { words: source },
        settings: { guarantee: 'exactly-once' },
      },
    );
    expect(verdict).toMatchObject({ same: true, oracle: 'pass' });
    for (const mode of ['micro-batch', 'record'] as const) {
      const { prepared, throughput } = modes[mode];
      expect(prepared).toMatchObject({ withheld: null, latencyMs: { off: { count: 538 }, on: { count: 538 } } });
      expect(prepared?.costRatio === null).toBe(throughput.withheld !== null);
      expect(prepared!.on).toMatch(/checkpoints and commits$/);
    }
    // A result of record mode waits for the checkpoint that commits it.
    const { off, on } = modes.record.prepared!.latencyMs!;
    expect(on.max).toBeGreaterThan(off.p50!);
  });

  it('says why a job cannot be prepared, and measures the rest', async () => {
    const job = topology('closures', (t) => {
      const numbers = t.source('numbers', memory(Array.from({ length: 300 }, (_, i) => i)));
      const kept = numbers.keyBy((n) => n % 3).runningReduce({ uid: 'kept', reduce: (a, b) => a + b });
      kept
        .map(([key]) => [key, () => key] as const)
        .runningReduce({ uid: 'functions', reduce: (a) => a })
        .to('out', none());
    });
    const { modes } = await compare(job, quick);
    expect(modes.record.prepared).toMatchObject({ costRatio: null, withheld: expect.stringContaining('functions') });
    expect(modes.record.prepared!.withheld).toMatch(/function/);
  });

  it('asks no oracle where a task reached its limit of keys: the oracle has none', async () => {
    const keys = ['a', 'b', 'c', 'a', 'b', 'c', 'a'];
    const job = topology('limited', { batchInterval: millis(50), maxKeys: 2, onError: 'dead-letter' }, (t) => {
      const pairs = t.source('keys', memory(keys)).map((key) => [key, 1] as const);
      pairs.runningReduce({ uid: 'running', reduce: add }).to('running', none());
    });
    const { verdict } = await compare(job, { ...quick, drainRounds: 0 });
    expect(verdict).toMatchObject({ same: true, oracle: 'not available', guarantee: 'not checked' });
    expect(verdict.oracleReason).toContain('limit of keys (RG066)');
    expect(verdict.parts).toMatchObject([{ results: 5 }, { results: 2 }]);
  });

  it.each<[string, (n: number) => unknown, string]>([
    ['a promise', (n) => (n === 3 ? Promise.resolve(n) : n), 'returned a promise (RG031)'],
    ['a rank that is no number', (n) => (n === 3 ? Number.NaN : n), 'returned the wrong shape (RG032)'],
  ])('asks no oracle where records were set aside for what a function gave: %s', async (_what, give, reason) => {
    const job = topology('given', { batchInterval: millis(50), attemptsMax: 1, onError: 'dead-letter' }, (t) => {
      const numbers = t.source('numbers', memory([1, 2, 3, 4, 5]));
      numbers.top({ max: 9, by: (n) => give(n) as number }).to('top', none());
    });
    const { verdict } = await compare(job, { ...quick, drainRounds: 0 });
    expect(verdict).toMatchObject({ same: true, oracle: 'not available', guarantee: 'not checked' });
    expect(verdict.oracleReason).toContain(reason);
  });

  it('names the first difference when a function depends on more than its input', async () => {
    let calls = 0;
    const result = await compare(
      wordCount(() => calls++),
      { ...quick, drainRounds: 0 },
    );
    expect(result.verdict).toMatchObject({ same: false, oracle: 'fail', guarantee: 'broken' });
    expect(result.verdict.firstDifference).toMatchObject({ part: 'sink running', key: '"word0"' });
    expect(result.valid).toBe(false);
    expect(result.modes.record.throughput.recordsPerSecond).toBeNull();
  });

  it('withholds a highest rate of too few records', async () => {
    const result = await compare(
      wordCount(() => 1),
      { ...quick, rate: 5_000, drainDuration: 1 },
    );
    const withheld = {
      recordsPerSecond: null,
      estimate: null,
      withheld: 'too few records',
      cpuSecondsPerMillion: null,
    };
    expect(result.modes['micro-batch'].throughput).toEqual(withheld);
    expect(result.modes.record).toMatchObject({ throughput: withheld, acking: { costRatio: null } });
    expect(result.ratios.throughput).toBeNull();
  });

  it('does not ack, and so measures no cost of acking, when told', async () => {
    const result = await compare(
      wordCount(() => 1),
      { ...quick, acking: false },
    );
    expect(result.verdict.same).toBe(true);
    expect(result.modes.record.acking).toMatchObject({ costRatio: null });
    expect(result.verdict.declaredGuarantee).toBe('at-most-once');
  });

  it('writes to the job’s own sinks as well, when told, and still compares', async () => {
    const sink = collected<number>();
    const job = topology('lengths', { batchInterval: millis(50) }, (t) => {
      t.source('words', memory(words))
        .map((word) => word.length)
        .to('lengths', sink);
    });
    const result = await compare(job, { ...quick, drainRounds: 0, realSinks: true });
    expect(result.verdict).toMatchObject({ same: true, oracle: 'pass' });
    expect(sink.results).toHaveLength(300);
  });

  it('takes so many records of each source, at the rate that was asked for', async () => {
    const result = await compare(
      wordCount(() => 1),
      { ...quick, drainRounds: 0, records: 20 },
    );
    expect(result.input).toMatchObject({
      records: 20,
      rate: 1_000,
      sources: [{ name: 'words', partitions: 1, records: 20 }],
    });
  });

  it('stops when it is interrupted, and gives what there is without a verdict', async () => {
    const cancel = new AbortController();
    const onProgress: CompareOptions['onProgress'] = ({ phase }) => {
      if (phase === 'record') cancel.abort();
    };
    const result = await compare(
      wordCount(() => 1),
      { ...quick, rate: 400, onProgress, signal: cancel.signal },
    );
    expect(result).toMatchObject({
      interrupted: true,
      valid: false,
      reasons: expect.arrayContaining(['interrupted']) as unknown,
    });
    expect(result.verdict).toMatchObject({ same: null, oracle: 'not available' });
    expect(result.modes['micro-batch'].latencyMs.count).toBe(300);
    expect(result.modes.record.latencyMs.count).toBeLessThan(300);
  });
});

describe.concurrent('compare of a job with bolts', () => {
  const bolts = (count: () => StatefulBolt<Word, string, number, Word>) =>
    topology('bolts', { batchInterval: millis(50) }, (t) => {
      const split = t
        .setBasicBolt<Word, Word>('split', () => ({ execute: ({ values }, out) => out.emit(values) }))
        .shuffleGrouping(t.source('words', memory(words)).map((word) => ({ word, n: 1 })));
      t.setStatefulBolt<Word, string, number, Word>('count', count, { parallelism: 2 })
        .fieldsGrouping(split, 'word')
        .to('counts', none());
    });
  const counting = (by: () => number) => (): StatefulBolt<Word, string, number, Word> => {
    let counts: KeyValueState<string, number>;
    return {
      initState: (state) => {
        counts = state;
      },
      execute: (tuple, out) => {
        const { word } = tuple.values;
        counts.put(word, counts.get(word, 0) + by());
        out.emit({ word, n: counts.get(word, 0) }, tuple);
        out.ack(tuple);
      },
    };
  };

  it('finds both modes equal, and says that no oracle judged them', async () => {
    const { verdict } = await compare(bolts(counting(() => 1)), quick);
    expect(verdict).toMatchObject({ same: true, oracle: 'not available', guarantee: 'not checked' });
    expect(verdict.oracleReason).toContain("bolt 'split' is the user's own code on tuples");
    expect(verdict.parts.map(({ name, rule }) => [name, rule])).toEqual([
      ['sink counts', 'equal multiset'],
      ['state of count', 'equal final state per key'],
    ]);
    expect(verdict.compared.results).toBe(300);
  });

  it('finds a bolt that counts otherwise in one mode than in the other', async () => {
    let calls = 0;
    const { verdict } = await compare(bolts(counting(() => (++calls % 1_000 === 450 ? 2 : 1))), {
      ...quick,
      drainRounds: 0,
    });
    expect(verdict.same).toBe(false);
  });

  it.each<[string, Topology, string]>([
    [
      'a bolt that holds tuples',
      topology('hold', (t) => {
        t.setBolt('hold', () => ({ execute: () => undefined }), { holdsTuples: true }).shuffleGrouping(
          t.source('words', memory(words)).map((word) => ({ word })),
        );
      }),
      "the bolt 'hold' holds tuples",
    ],
  ])('refuses %s, and says why', async (_what, job, message) => {
    await expect(compare(job, quick)).rejects.toThrow(message);
  });

  it('refuses faults, which only the oracle can judge', async () => {
    await expect(compare(bolts(counting(() => 1)), { ...quick, faults: [] })).rejects.toMatchObject({ code: 'RG019' });
  });
});

interface Word {
  readonly word: string;
  readonly n: number;
}

describe.concurrent('compare refuses', () => {
  it.each([
    [
      'an input without a record',
      topology('empty', (t) => void t.source('in', memory<number>([])).to('out', none())),
      'RG045',
    ],
    [
      'a job whose function throws',
      topology(
        'throws',
        { attemptsMax: 1 },
        (t) =>
          void t
            .source('in', memory([1]))
            .map((): number => {
              throw new Error('no');
            })
            .to('out', none()),
      ),
      'RG030',
    ],
  ])('%s', async (_name, job, code) => {
    await expect(compare(job, quick)).rejects.toMatchObject({ code });
  });
});
