import { it } from 'vitest';
import { compile } from '../../src/plan/compile.js';
import { build } from './random/build.js';
import { askOracle, runIn } from './random/judge.js';

it('debug', { timeout: 200000 }, async () => {
  const recipe = JSON.parse(process.env['R']!);
  const built = build(recipe);
  const o = askOracle(built);
  const strip = (m: any) =>
    JSON.stringify(
      [...m].map(([n, s]: any) => [n, (s.results ?? s).map((r: any) => [r.value, r.timestamp, r.windowEnd])]),
    );
  console.log('oracle', strip(o.sinks));
  for (const mode of ['micro-batch', 'record'] as const) {
    const w = await runIn(built, {
      mode,
      atOnce: process.env['ATONCE'] === '1',
      parallelism: Number(process.env['P'] ?? 1),
      ...JSON.parse(process.env['W'] ?? '{}'),
    });
    console.log(mode, w.job.error, w.job.outcome, strip(w.sinks), w.job.recordsRead);
  }
  if (process.env['PLAN'])
    console.log(
      JSON.stringify(
        compile(built.topology, { parallelism: Number(process.env['P'] ?? 1) }).operators.map(
          ({ place: _, ...o }) => o,
        ),
        null,
        1,
      ),
    );
});
