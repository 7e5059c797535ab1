/** Compares what lives of a job gave: as multisets, where at-least-once may repeat. */
import { readableJson } from '../../../../src/core/json.js';
import type { Built } from '../../random/build.js';
import { promisedSinks } from '../../random/judge.js';
import type { Lives } from './lives.js';

/** How often each result of each of these sinks came. */
function countsOf({ sinks }: Lives, promised: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, { results }] of sinks) {
    if (!promised.has(name)) continue;
    for (const { value, timestamp, windowEnd } of results) {
      const result = `${name} ${timestamp} ${windowEnd} ${readableJson(value)}`;
      counts.set(result, (counts.get(result) ?? 0) + 1);
    }
  }
  return counts;
}

/** Promised results that came less often than they should, or that should not be there at all. */
export function missingOrStrange(job: Built, expected: Lives, found: Lives): readonly string[] {
  const promised = promisedSinks(job);
  const wanted = countsOf(expected, promised);
  const got = countsOf(found, promised);
  const missing = [...wanted].filter(([result, count]) => (got.get(result) ?? 0) < count);
  const strange = [...got].filter(([result]) => !wanted.has(result));
  return [...missing.map(([result]) => `missing: ${result}`), ...strange.map(([result]) => `strange: ${result}`)];
}
