/** Makes a failing scenario shorter: leaves out faults, and makes the rest of it plainer, as long as it still fails. */
import type { Scenario } from './scenario.js';

/** Runs that shortening may take. */
const TRIES_MAX = 60;

/** The shortest failing scenario that was found. `fails` runs one. */
export async function shrink(scenario: Scenario, fails: (scenario: Scenario) => Promise<boolean>): Promise<Scenario> {
  let best = scenario;
  let tries = 0;
  for (let progress = true; progress && tries < TRIES_MAX; ) {
    progress = false;
    for (const candidate of shorter(best)) {
      if (tries++ >= TRIES_MAX) break;
      if (!(await fails(candidate))) continue;
      best = candidate;
      progress = true;
      break;
    }
  }
  return best;
}

function shorter(scenario: Scenario): readonly Scenario[] {
  const { faults, workers, parallelism, records } = scenario;
  const without = faults.map((_, index) => ({ ...scenario, faults: faults.toSpliced(index, 1) }));
  const half =
    faults.length > 3
      ? [
          { ...scenario, faults: faults.slice(0, faults.length >> 1) },
          { ...scenario, faults: faults.slice(faults.length >> 1) },
        ]
      : [];
  const plainer: Scenario[] = [];
  if (workers > 1) plainer.push({ ...scenario, workers: 1 });
  if (parallelism > 1) plainer.push({ ...scenario, parallelism: 1 });
  if (records > 20) plainer.push({ ...scenario, records: Math.max(20, records >> 1) });
  return [...half, ...without, ...plainer];
}
