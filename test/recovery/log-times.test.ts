/** Records that were logged with later times than the checkpoint's schedule would give them: what follows is not earlier, so not late. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { raingauge } from '../cli/command.js';
import { commandOf } from './lives.js';
import { EXACT, foundIn, numbersFolder, RATE } from './numbers.js';

it('goes on behind the times of the log, not of an older checkpoint', async () => {
  const cwd = numbersFolder();
  const checkpoints = join(cwd, 'progress', 'checkpoints');
  const seldom = ['--checkpoint-interval', '5s'];
  const command = (more: readonly string[] = []): string[] =>
    commandOf({ mode: 'micro-batch', guarantee: 'exactly-once', more: [...seldom, ...more] });
  // Ten batches in the log, and no checkpoint.
  await raingauge(command(['--fault', 'torn-write:progress/checkpoints@1']), { cwd });
  // The next life begins at the beginning, with a checkpoint behind the tenth batch, and writes down more for a quarter of a second.
  await raingauge(command(['--fault', `kill:driver@${Math.round(1.25 * RATE)}`]), { cwd });
  // Only that checkpoint is left.
  for (const name of existsSync(checkpoints) ? readdirSync(checkpoints) : [])
    if (name !== 'chk-10') rmSync(join(checkpoints, name, 'manifest.json'), { force: true });
  const { code, stderr } = await raingauge(command(), { cwd });
  expect(code, stderr).toBe(0);
  expect(foundIn(cwd)).toEqual(EXACT);
});
