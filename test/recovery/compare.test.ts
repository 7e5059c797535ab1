/** `raingauge compare --fault`: both modes lose a worker process, and each says what that cost and whether its promise held. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CompareResult } from '../../src/compare/result.js';
import { isWide } from '../breadth.js';
import { projectFolderOf, raingauge, root } from '../cli/command.js';
import { isLong, MODES } from './numbers.js';

/** The whole book in a long run, else few lines: how many words there are decides how long the judging takes. */
const INPUT = isLong ? ['--for', '6s'] : ['--source', 'lines=generate:words?count=450', '--rate', '150', '--for', '3s'];
const JOB = join(root, 'comparisons', 'word-count.ts');
const NUMBER = expect.any(Number);

/** The same without its one type, and without its book: the five processes that load it need no TypeScript. */
const asModule = (): string =>
  join(
    projectFolderOf({
      'word-count.mjs': readFileSync(JOB, 'utf8')
        .replace(' as const', '')
        .replace('mobyDick()', "'no-book.txt'")
        .replace(/^import .*moby-dick.*\n/m, ''),
    }),
    'word-count.mjs',
  );

async function compareWith(
  guarantee: string,
  job: string,
): Promise<{ readonly code: number | null; readonly result: CompareResult }> {
  const faulty = ['--workers', '2', '--isolation', 'process', '--fault', 'kill:counts@50%'];
  const words = ['compare', job, ...faulty, '--guarantee', guarantee, '--json', '--quiet'];
  const { code, stdout, stderr } = await raingauge([...words, ...INPUT]);
  expect(stderr).toBe('');
  const result = JSON.parse(stdout) as CompareResult;
  expect(result).toMatchObject({ fault: 'kill:counts@50%', interrupted: false });
  for (const mode of MODES) {
    const { recovery } = result.modes[mode]!;
    expect(recovery).toMatchObject({ detectMs: NUMBER, restoreMs: NUMBER, reexecuted: NUMBER, replayed: NUMBER });
    expect(recovery).toMatchObject({ lost: NUMBER, duplicated: NUMBER });
    // A machine that is busy with other tests may not get so far within the run: then they are null.
    expect(recovery).toHaveProperty('replayMs');
    expect(recovery).toHaveProperty('catchUpMs');
  }
  return { code, result };
}

describe.concurrent('a comparison in which a worker is killed', () => {
  it('holds exactly-once: nothing lost, nothing twice', async () => {
    const { code, result } = await compareWith('exactly-once', JOB);
    for (const mode of MODES) {
      const { recovery } = result.modes[mode]!;
      expect(recovery).toMatchObject({ lost: 0, duplicated: 0, verdict: { verdict: 'held' } });
      expect(recovery?.verdict.sentence).toBe('exactly-once held: nothing lost and nothing duplicated.');
    }
    expect(result.verdict.guarantee).toBe('held');
    expect(code).toBe(0);
  });

  if (isWide)
    it('holds at-least-once: nothing lost, and what came again is explained', async () => {
      const { code, result } = await compareWith('at-least-once', isLong ? JOB : asModule());
      for (const mode of MODES) {
        const { recovery } = result.modes[mode]!;
        expect(recovery).toMatchObject({ lost: 0, verdict: { verdict: 'held' } });
        expect(recovery!.duplicated).toBeLessThanOrEqual(recovery!.replayed + recovery!.reexecuted);
        expect(recovery?.verdict.sentence).toMatch(/^at-least-once held: nothing lost/);
      }
      expect(result.verdict.guarantee).toBe('held');
      expect(code).toBe(0);
    });

  it('holds at-most-once: nothing twice, and what is lost is counted', async () => {
    const { code, result } = await compareWith('at-most-once', isLong ? JOB : asModule());
    for (const mode of MODES) {
      const { recovery } = result.modes[mode]!;
      expect(recovery).toMatchObject({ duplicated: 0, verdict: { verdict: 'held' } });
      expect(recovery?.verdict.sentence).toMatch(/^at-most-once held: (nothing|(at least )?[\d,]+ records?) lost/);
    }
    // Its state goes with the worker, and nothing is read again.
    expect(result.modes.record?.recovery?.lost).toBeGreaterThan(0);
    expect(result.modes.record?.recovery?.verdict.lost.examples[0]).toMatchObject({ source: 'lines', partition: 0 });
    expect(result.verdict.guarantee).toBe('held');
    expect(code).toBe(0);
  });
});
