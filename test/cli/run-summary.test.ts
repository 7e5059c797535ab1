/** What the summary of a run says of what components counted about themselves. */
import { expect, it } from 'vitest';
import { formatSummary } from '../../src/cli/run-summary.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { topology } from '../../src/topology/builder.js';
import type { TaskMetrics } from '../../src/topology/metrics.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

/** The lines of the table of a bolt that counts. */
async function metricLines(count: (metrics: TaskMetrics) => void): Promise<readonly string[]> {
  const job = topology('words', (t) => {
    t.setBasicBolt<{ word: string }, { word: string }>('words', () => ({
      prepare: ({ metrics }) => count(metrics),
      execute: () => {},
    }))
      .shuffleGrouping(t.source('in', memory([{ word: 'rain' }])))
      .to('out', memorySink());
  });
  const run = await startVirtual(job, () => ({ mode: 'record' }));
  const lines = formatSummary('words', await run.end(), {}, false).split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('  metric '))).filter((line) => line !== '');
}

it('has a line for each metric of each task', async () => {
  const lines = await metricLines((metrics) => {
    metrics.counter('seen').inc(1_234);
    metrics.gauge('held', () => 0.5);
    for (let time = 1; time <= 20; time++) metrics.timer('look-up').update(time * 1_000);
  });
  expect(lines.slice(0, 3)).toEqual([
    '  metric                 kind  count  value    mean     p50  p99     max  per s',
    '  words[0] seen       counter  1,234      -       -       -    -       -      -',
    '  words[0] held         gauge      -    0.5       -       -    -       -      -',
  ]);
  expect(lines[3]).toMatch(/^ {2}words\[0\] look-up {2}timer, us {5}20 {6}- {2}10,500 {2}10,00\d {4}- {2}20,000 /);
});

it('has no table where nothing was counted', async () => {
  expect((await metricLines(() => {})).some((line) => line.startsWith('  metric'))).toBe(false);
});
