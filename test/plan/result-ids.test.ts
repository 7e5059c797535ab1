/** What names results: found from the plan, for sinks that ask for ids only. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { compile } from '../../src/plan/compile.js';
import { explainPlan } from '../../src/plan/explain.js';
import { resultIds } from '../../src/plan/result-ids.js';
import { topology } from '../../src/topology/builder.js';
import { foreach, memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

const add = (a: number, b: number) => a + b;

function job(ids: boolean) {
  const sink = () => foreach<unknown>(() => undefined, { ids });
  return topology('named', { batchInterval: millis(10) }, (t) => {
    const words = t.source('words', memory(['a']));
    const pairs = words.map((word) => [word, 1] as const);
    const windows = pairs.reduceByKeyAndWindow({ uid: 'windows', window: millis(20), slide: millis(10), reduce: add });
    words.filter((word) => word !== '').to('words', sink());
    windows.mapValues((n) => n + 1).to('windows', sink());
    pairs.runningReduce({ uid: 'totals', reduce: add }).to('totals', sink());
    windows.union(pairs).to('both', sink());
    words.repartition(2).to('dealt', sink());
    words.to('quiet', memorySink());
  });
}

describe('what names results', () => {
  const { graph } = job(true);
  const plan = compile(job(true));

  it('is a place, a window, or nothing; a sink of several ways has several', () => {
    const { sinks, inBatches } = resultIds(plan);
    expect(Object.fromEntries(sinks)).toEqual({
      words: [{ kind: 'record', of: 'words' }],
      windows: [{ kind: 'window', uid: 'windows' }],
      totals: [{ kind: 'none', uid: 'totals' }],
      both: [
        { kind: 'window', uid: 'windows' },
        { kind: 'record', of: 'words' },
      ],
      dealt: [{ kind: 'record', of: 'words' }],
    });
    expect([...inBatches].toSorted()).toEqual(['both', 'totals', 'windows', 'words']);
  });

  it('is nothing that anybody makes where no sink asks', () => {
    const { carriers, windows, sinks, inBatches } = resultIds(compile(job(false)));
    expect([carriers.size, windows.size, sinks.size, inBatches.size]).toEqual([0, 0, 0, 0]);
  });

  it('is explained, mode by mode', () => {
    const text = explainPlan(graph, plan);
    expect(text).toContain('ids of sink words: a result that is given again has the one that it had');
    expect(text).toMatch(/record at a time {2}place in words, and number among what came of it/);
    expect(text).toMatch(
      /record at a time {2}operator windows, key and window\n {2}micro-batches {5}batch, task and number/,
    );
    expect(text).toMatch(/record at a time {2}none behind totals: its results follow from more than one record/);
    expect(text).toMatch(/micro-batches {5}none: on the way records go to tasks in turn/);
    expect(explainPlan(job(false).graph, compile(job(false)))).not.toContain('ids of sink');
  });
});
