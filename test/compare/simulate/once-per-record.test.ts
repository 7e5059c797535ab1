/** At most once behind event times: a record that is in a sink twice is found, however much else was lost. */
import { expect, it } from 'vitest';
import type { ResultList } from '../../../src/compare/result-list.js';
import { broken, Case } from '../../../src/compare/simulate/judge-scenario.js';
import type { ScenarioRun } from '../../../src/compare/simulate/scenario-run.js';
import { layOut } from '../../../src/compare/trace.js';
import { millis, seconds } from '../../../src/core/time.js';
import { parseFault } from '../../../src/runtime/faults/fault-plan.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';

const values = Array.from({ length: 20 }, (_, i) => ({ at: (i * 37) % 20, n: i }));
const job = topology('at', { batchInterval: seconds(1) }, (t) => {
  t.source('numbers', memory<{ at: number; n: number }>([]))
    .timestamps({ extract: ({ at }) => at * 1_000, maxOutOfOrderness: millis(3) })
    .flatMap(({ n }) => (n % 5 === 0 ? [n, n] : [n]))
    .to('out', none());
});
const trace = layOut([{ name: 'numbers', partitions: [values] }], {
  rate: 10,
  batchInterval: seconds(1),
  slides: [],
  seed: 1,
});

/** How a run ended whose sink has these results. */
async function ended(change: (seen: ResultList) => readonly number[]): Promise<readonly string[]> {
  const on = await Case.of(job, trace);
  const { results } = on.expected[0]!;
  const seen = change(results).map((i) => ({
    value: results.values[i],
    timestamp: results.timestamps[i]!,
    windowEnd: results.windowEnds[i]!,
    partition: 0,
  }));
  const scenario = { guarantee: 'at-most-once', faults: [parseFault('kill:driver@50%')] };
  const run = { scenario, results: new Map([['out', seen]]), lives: 2, end: { state: () => [] } };
  return broken(job, on, run as unknown as ScenarioRun);
}

const all = ({ values: of }: ResultList): readonly number[] => of.map((_, i) => i);

it('allows what is lost, and both results of a record that gives two', async () => {
  expect(await ended(all)).toEqual([]);
  expect(await ended((seen) => all(seen).filter((i) => i % 3 > 0))).toEqual([]);
});

it('finds a record that is there once more', async () => {
  const once = (seen: ResultList) => all(seen).length - 1;
  expect((await ended((seen) => [...all(seen).filter((i) => i > 4), once(seen)]))[0]).toMatch(
    /^at-most-once is broken: one record is in sink out more than once, such as numbers\/0 \d+$/,
  );
  expect((await ended((seen) => [...all(seen), ...all(seen)]))[0]).toMatch(
    /: \d+ records are in sink out more than once/,
  );
});
