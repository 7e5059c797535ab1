/** Compares what lives of a job gave: as multisets, where at-least-once may repeat. */
import { readableJson } from '../../../../src/core/json.js';
import { isOrdered, type Recipe, recipes } from '../../random/recipe.js';
import type { Lives } from './lives.js';

/** Random jobs of one partition whose results depend on no order. */
export const orderless: typeof recipes = recipes.map(
  (recipe): Recipe => ({
    ...recipe,
    sources: [[recipe.sources[0]![0]!]],
    steps: recipe.steps.filter((step) => !isOrdered(step)),
  }),
);

/** How often each result of each sink came. */
function countsOf({ sinks }: Lives): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, { results }] of sinks) {
    for (const { value, timestamp, windowEnd } of results) {
      const result = `${name} ${timestamp} ${windowEnd} ${readableJson(value)}`;
      counts.set(result, (counts.get(result) ?? 0) + 1);
    }
  }
  return counts;
}

/** Results that came less often than they should, or that should not be there at all. */
export function missingOrStrange(expected: Lives, found: Lives): readonly string[] {
  const wanted = countsOf(expected);
  const got = countsOf(found);
  const missing = [...wanted].filter(([result, count]) => (got.get(result) ?? 0) < count);
  const strange = [...got].filter(([result]) => !wanted.has(result));
  return [...missing.map(([result]) => `missing: ${result}`), ...strange.map(([result]) => `strange: ${result}`)];
}
