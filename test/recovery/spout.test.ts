/** A job with a user-written spout and a checkpoint folder: its state goes on, its spout begins anew, and nothing is lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launch, projectFolderOf, raingauge } from '../cli/command.js';
import { untilFiles } from './lives.js';
import { visibleFiles } from './numbers.js';

const RECORDS = 400;
const JOB = `import { seconds, topology } from 'raingauge';
import { textFile } from 'raingauge/sinks';

export default topology('spouted', { batchInterval: seconds(0.1) }, (t) => {
  const spout = t.setSpout('numbers', () => {
    const startMs = performance.now();
    let next = 0;
    return {
      nextTuple(collector) {
        // The first life must not end before it is killed.
        if (next === ${RECORDS}) return process.env.IS_LAST ? 'done' : 'idle';
        // One each four milliseconds.
        if (performance.now() - startMs > next * 4) collector.emit({ n: next }, next++);
      },
    };
  });
  spout
    .map(({ n }) => [n % 7, n])
    .process({
      uid: 'seen',
      onRecord: (n, context) => {
        context.setState((context.state ?? 0) + 1);
        context.emit('n ' + n + ' of ' + context.state);
      },
    })
    .to('seen', textFile('seen'));
});
`;

describe('a spout', () => {
  it('begins anew after the driver was killed, and the state goes on', async () => {
    const cwd = projectFolderOf({ 'job.mjs': JOB });
    const run = ['run', 'job.mjs', '--mode', 'record', '--guarantee', 'at-least-once', '--sink', 'seen=file:seen'];
    const command = [...run, '--checkpoint', 'progress', '--checkpoint-interval', '200ms'];
    const life = launch(command, { cwd });
    await untilFiles(join(cwd, 'progress', 'checkpoints'), 2, life);
    life.child.kill('SIGKILL');
    await life.ended;
    const { code, stderr } = await raingauge(command, { cwd, env: { IS_LAST: '1' } });
    expect(stderr).toMatch(/^going on from checkpoint \d+, taken /m);
    expect(code).toBe(0);
    const folder = join(cwd, 'seen');
    const lines = visibleFiles(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
    const seen = lines.flatMap((line) => /n (\d+) of (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    const numbers = new Set(seen.filter((_, i) => i % 2 === 0));
    expect(numbers.size).toBe(RECORDS);
    // More than one life counted into it.
    expect(Math.max(...seen.filter((_, i) => i % 2 === 1))).toBeGreaterThan(Math.ceil(RECORDS / 7));
  });

  it('cannot be exactly-once', async () => {
    const cwd = projectFolderOf({ 'job.mjs': JOB });
    const words = ['run', 'job.mjs', '--mode', 'record', '--guarantee', 'exactly-once', '--checkpoint', 'progress'];
    const { code, stderr } = await raingauge(words, { cwd });
    expect(stderr).toContain('error[RG017]: exactly-once cannot hold: spout numbers is at most at-least-once');
    expect(code).toBe(2);
  });
});
