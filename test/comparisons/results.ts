/** What a job of `comparisons/` gave, as text that can be checked in: a line for each result, in an order of its own. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { run } from '../../src/host/run.js';
import type { Mode } from '../../src/runtime/events.js';
import type { Topology } from '../../src/topology/graph.js';
import { foreach } from '../../src/topology/sink-specs.js';

/** The results of a run as fast as input comes, by sink. For jobs whose answer depends on event time, or on no time at all. */
export async function resultsOf(job: Topology, mode: Mode, parallelism: number): Promise<Record<string, unknown[]>> {
  const results: Record<string, unknown[]> = {};
  const sinks = Object.fromEntries(
    sinksOf(job).map((name) => {
      const kept: unknown[] = [];
      results[name] = kept;
      const keep = (value: unknown, { windowEnd }: { readonly windowEnd: number }): void => {
        kept.push(Number.isNaN(windowEnd) ? value : [new Date(windowEnd / 1_000).toISOString(), value]);
      };
      return [name, foreach(keep)];
    }),
  );
  const result = await run(job, { mode, parallelism, sinks, microBatch: { trigger: 'available' } });
  if (result.error !== undefined) throw result.error;
  return results;
}

/** Results by sink as lines, sorted: their order is promised by nobody. */
export function textOf(results: Readonly<Record<string, readonly unknown[]>>): string {
  return Object.entries(results)
    .flatMap(([sink, values]) => values.map((value) => `${sink} ${JSON.stringify(value)}\n`).sort())
    .join('');
}

/** The text is what `comparisons/expected/` has under a name. A file that is missing is a failure: Vitest would write it. */
export async function expectCheckedIn(name: string, text: string): Promise<void> {
  const file = fileURLToPath(new URL(`../../comparisons/expected/${name}.txt`, import.meta.url));
  expect(existsSync(file), `comparisons/expected/${name}.txt is there`).toBe(true);
  await expect(text).toMatchFileSnapshot(file);
}

function sinksOf(job: Topology): string[] {
  return job.graph.nodes.flatMap((node) => (node.kind === 'sink' ? [node.name] : []));
}
