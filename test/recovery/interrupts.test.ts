/** SIGINT and SIGTERM to a driver with a checkpoint folder: the first ends with a last checkpoint, the second ends at once. */
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isWide } from '../breadth.js';
import { launch, raingauge, untilSays } from '../cli/command.js';
import { commandOf, SLOW, until, untilFiles } from './lives.js';
import { EXACT, foundIn, isLong, MIDDLE, MODES, numbersFolder, RECORDS } from './numbers.js';

const SIGNALS = [
  { signal: 'SIGINT', exit: 130, guarantee: 'exactly-once' },
  { signal: 'SIGTERM', exit: 143, guarantee: 'at-least-once' },
  { signal: 'SIGTERM', exit: 143, guarantee: 'at-most-once' },
] as const;

describe.concurrent('a driver that is asked to stop', () => {
  // Every mode, every signal and every guarantee; all of them together in a long run.
  const all = MODES.flatMap((mode, m) =>
    SIGNALS.filter((_, i) => isLong || i === 0 || i === m + 1).map((each) => ({ mode, ...each })),
  );
  it.each(all)(
    'finishes what was read at $signal with $guarantee, $mode, and the same command goes on',
    async ({ mode, signal, exit, guarantee }) => {
      const folder = numbersFolder();
      const life = launch(commandOf({ mode, guarantee }, SLOW), { cwd: folder });
      await untilFiles(join(folder, 'counts'), 3, life);
      life.child.kill(signal);
      const { code, stderr } = await life.ended;
      expect(stderr).toContain('stopping: what was read is finished first; Ctrl-C again stops at once');
      expect(stderr).toContain(': stopped after');
      expect(code).toBe(exit);
      const { lost } = foundIn(folder);
      expect(lost.length).toBeGreaterThan(0);
      const after = await raingauge(commandOf({ mode, guarantee }), { cwd: folder });
      expect(after.stderr).toMatch(/going on from checkpoint \d+, taken (\d+ m?s|\d+ min) ago/);
      expect(after.stderr).toContain('with those before the restart');
      expect(after.code).toBe(0);
      expect(foundIn(folder)).toEqual(EXACT);
    },
  );

  // Record at a time as well in CI and in a long run.
  it.each(isWide ? MODES : MODES.slice(0, 1))(
    'ends at once at the second signal, %s, and nothing is lost',
    async (mode) => {
      const folder = numbersFolder({ first: HELD });
      const [hold, held] = [join(folder, 'hold'), join(folder, 'held')];
      const command = commandOf({
        mode,
        guarantee: 'exactly-once',
        more: ['--workers', '1', '--isolation', 'process'],
      });
      writeFileSync(hold, '');
      const life = launch(command, { cwd: folder });
      try {
        await until(() => existsSync(held), life);
        life.child.kill('SIGTERM');
        await untilSays(life, 'stopping');
        life.child.kill('SIGTERM');
        // The worker still hangs, and holds what the driver printed to.
        await once(life.child, 'exit');
        expect(life.child.exitCode).toBe(143);
        expect(foundIn(folder).lost.filter((n) => n >= HELD_FROM)).toHaveLength(RECORDS - HELD_FROM);
      } finally {
        rmSync(hold);
      }
      const { stderr } = await life.ended;
      expect(stderr).not.toContain('jobEnded');
      expect(stderr).not.toContain(': stopped after');
      const after = await raingauge(command, { cwd: folder });
      expect(after.code, after.stderr).toBe(0);
      expect(foundIn(folder)).toEqual(EXACT);
    },
  );
});

const HELD_FROM = MIDDLE;

/** Keeps the worker from going on from a record on, while the driver hears everything. */
const HELD = `(n) => {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  if (n >= ${HELD_FROM} && existsSync('hold')) {
    writeFileSync('held', '');
    while (existsSync('hold')) Atomics.wait(pause, 0, 0, 10);
  }
  return n;
}`;
