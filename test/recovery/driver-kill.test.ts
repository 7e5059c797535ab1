/** The driver, killed with SIGKILL at random instants in both modes: the same command goes on, and keeps what was promised. */
import { describe, expect, it } from 'vitest';
import { type Ended, liveOn } from './lives.js';
import { EXACT, type Found, foundIn, isLong, numbersFolder, PROMISES } from './numbers.js';

/** Kills of each mode and guarantee, so three of each mode; 1,000 over all of them in a long run. */
const KILLS = isLong ? 167 : 1;
/** Kills of one job: more would not fit into its four seconds. */
const KILLS_OF_JOB = isLong ? 5 : 1;
const BATCH_MS = 100;

describe.concurrent('a driver that is killed', () => {
  it.each(PROMISES)('keeps $guarantee, $mode', async (promise) => {
    const restartsMs: number[] = [];
    let kills = 0;
    for (let job = 0; kills < KILLS; job++) {
      const folder = numbersFolder();
      const seed = `kills ${promise.mode} ${promise.guarantee} ${job}`;
      const ended = await liveOn({ ...promise, folder, seed, kills: Math.min(KILLS_OF_JOB, KILLS - kills) });
      expect(ended.outcome.code, `${seed}\n${ended.outcome.stderr}`).toBe(0);
      expect(violationsOf(promise.guarantee, ended, foundIn(folder)), seed).toEqual([]);
      kills += ended.kills;
      restartsMs.push(...ended.restartsMs);
    }
    if (isLong) console.info(figures(`${promise.mode}, ${promise.guarantee}`, kills, restartsMs));
  });
});

/** What the guarantee forbids. */
function violationsOf(guarantee: string, { isReread }: Ended, found: Found): readonly string[] {
  const { lost, duplicated, missingTotals, wrong } = found;
  if (guarantee === 'exactly-once') {
    return JSON.stringify(found) === JSON.stringify(EXACT) ? [] : [`not exactly once: ${summaryOf(found)}`];
  }
  const violations = wrong.map((line) => `a wrong line ${line}`);
  if (guarantee === 'at-most-once') return [...violations, ...duplicated.map((n) => `${n} is there twice`)];
  const unexplained = duplicated.filter((n) => !isReread(n));
  if (missingTotals + lost.length > 0) violations.push(`not at least once: ${summaryOf(found)}`);
  return [...violations, ...unexplained.map((n) => `${n} is there twice, and was read once`)];
}

function summaryOf({ lost, duplicated, missingTotals, repeatedTotals, wrong }: Found): string {
  const few = (numbers: readonly number[]): string => `${numbers.length} (${numbers.slice(0, 5).join(' ')} …)`;
  const totals = `${missingTotals} totals missing, ${repeatedTotals} repeated, ${wrong.length} lines wrong`;
  return `${few(lost)} lost, ${few(duplicated)} duplicated, ${totals}`;
}

/** The goal: two batch intervals and one second in micro-batch mode, one second record at a time. */
function figures(what: string, kills: number, restartsMs: readonly number[]): string {
  const sorted = restartsMs.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)} ms`;
  const goalMs = what.startsWith('micro') ? 2 * BATCH_MS + 1_000 : 1_000;
  return `${what}: ${kills} kills; from restart to first new output p50 ${at(0.5)}, p95 ${at(0.95)} (goal ${goalMs} ms), of ${sorted.length}`;
}
