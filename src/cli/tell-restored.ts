/** Says on stderr what a job goes on from, before it prints anything itself. */
import { formatDuration } from '../core/time.js';
import type { StartedJob } from '../host/run.js';

/** Prints the checkpoint that a job goes on from, and what was found wrong with its folder. Nothing for a job that begins. */
export function tellRestored({ restored, warnings }: Pick<StartedJob, 'restored' | 'warnings'>, nowMs: number): void {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  if (restored === undefined) return;
  // By stream time, which a job that has to catch up is behind with.
  const age = Math.max(0, Math.round(nowMs - restored.time / 1e3));
  const shown = age >= 1_000 ? Math.round(age / 1_000) * 1_000 : age;
  process.stderr.write(`going on from checkpoint ${restored.epoch}, taken ${formatDuration(shown * 1_000)} ago\n`);
}
