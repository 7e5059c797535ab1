/** Workers that are killed, ended, out of memory or stopped, in both modes: the guarantee holds, and the driver says what happened. */
import { describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import type { Mode } from '../../src/runtime/events.js';
import type { Isolation } from '../../src/runtime/world.js';
import { GUARANTEES, type Guarantee } from '../../src/topology/specs.js';
import { isWide } from '../breadth.js';
import { type Outcome, raingauge } from '../cli/command.js';
import { EXACT, type Found, foundIn, isLong, MIDDLE, MODES, numbersFolder, RATE, RECORDS } from './numbers.js';

interface Loss {
  readonly mode: Mode;
  readonly guarantee: Guarantee;
  readonly isolation: Isolation;
  readonly fault: string;
}

/** Allocates without end, once: whoever comes after finds the file. */
const HOG = `(n) => {
  if (n !== ${MIDDLE} || existsSync('hogged')) return n;
  writeFileSync('hogged', '');
  for (const kept = []; ; ) kept.push(new Array(100_000).fill(n));
}`;

describe.concurrent.each(MODES)('a worker, %s', (mode) => {
  it('can be killed', async () => {
    const loss = { mode, guarantee: 'exactly-once', isolation: 'process', fault: `kill:counts@${MIDDLE}` } as const;
    expect((await lose(loss)).stderr).toMatch(/^warning: worker \d was lost: ended by SIGKILL$/m);
  });

  if (isLong || mode === 'record')
    it('can be killed with at-most-once, where its state may go with it', async () => {
      const loss = { mode, guarantee: 'at-most-once', isolation: 'process', fault: `kill:totals@${MIDDLE}` } as const;
      expect((await lose(loss)).stderr).toMatch(/^warning: worker \d was lost: ended by SIGKILL$/m);
    });

  it('can be ended, as a thread', async () => {
    const loss = {
      mode,
      guarantee: 'at-least-once',
      isolation: 'thread',
      fault: `terminate:totals@${MIDDLE}`,
    } as const;
    expect((await lose(loss)).stderr).toMatch(/^warning: worker \d was lost: killed$/m);
  });

  // Of each isolation one mode, but in a long run.
  it.each(
    (
      [
        ['process', 'ended by SIGABRT, out of memory'],
        [
          'thread',
          'Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated due to reaching memory limit: JS heap out of memory',
        ],
      ] as const
    ).filter(([isolation]) => isLong || (isolation === 'thread') === (mode === 'record')),
  )('can run out of memory, as a %s', async (isolation, reason) => {
    const { stderr } = await lose({ mode, guarantee: 'exactly-once', isolation, fault: 'memory' });
    expect(stderr).toContain(`was lost: ${reason}`);
  });

  // In each mode one of both, but in a long run: simulated workers are stopped in both.
  if (isLong || mode === 'micro-batch')
    it('can be stopped for a while, and is only late', async () => {
      const loss = {
        mode,
        guarantee: 'exactly-once',
        isolation: 'process',
        fault: `stop:counts@${MIDDLE}+1500ms`,
      } as const;
      expect((await lose(loss)).stderr).not.toContain('was lost');
    });

  if (isLong || mode === 'record')
    it('can be stopped for too long: it is fenced off, and another comes', async () => {
      const loss = {
        mode,
        guarantee: 'exactly-once',
        isolation: 'process',
        fault: `stop:counts@${MIDDLE}+12s`,
      } as const;
      expect((await lose(loss)).stderr).toMatch(/^warning: worker \d was lost: it gave no sign of life for 10 s$/m);
    });

  if (isWide || mode === 'micro-batch')
    it('that ends again and again ends the job', async () => {
      const folder = numbersFolder({ first: '(n) => (n === 300 ? process.exit(3) : n)' });
      const isolation = mode === 'record' ? 'process' : 'thread';
      const { code, stderr } = await raingauge(wordsOf({ mode, isolation, guarantee: 'at-least-once' }), {
        cwd: folder,
      });
      expect(stderr).toContain(
        'error[RG059]: worker 0 was lost 5 times within 60 s, the last time because: exited with',
      );
      expect(stderr).toContain('help: ');
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(1);
    });

  if (isLong || mode === 'micro-batch')
    it('that cannot load the job ends it before it begins', async () => {
      const guard =
        "import { isMainThread } from 'node:worker_threads';\n if (!isMainThread) throw new Error('not here');";
      const folder = numbersFolder({ prelude: guard });
      const words = wordsOf({ mode, isolation: 'thread', guarantee: 'at-least-once' });
      const { code, stderr } = await raingauge(words, { cwd: folder });
      expect(stderr).toMatch(/^error\[RG058\]: worker \d cannot load the job: job\.mjs threw while it was loaded/m);
      expect(stderr.match(/^error/gm)).toHaveLength(1);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(1);
    });
});

// Not registered otherwise: 500 skips would hide the few that say why.
if (isLong)
  describe('500 losses', () => {
    const random = prng(1).fork('worker losses');
    const losses = Array.from({ length: 500 }, (_, i): Loss & { readonly i: number } => {
      const at = 100 + random.below(RECORDS - 200);
      const target = ['first', 'counts', 'totals'][random.below(3)]!;
      const isolation = random.below(2) === 0 ? 'process' : 'thread';
      const stop = `stop:${target}@${at}+${i % 25 === 0 ? '12s' : `${200 + random.below(2_000)}ms`}`;
      const faults = [`kill:${target}@${at}`, `terminate:${target}@${at}`, stop, `kill:${target}@${at}`, 'memory'];
      const fault = faults[random.below(faults.length)]!;
      return { i, mode: MODES[i % 2]!, guarantee: GUARANTEES[random.below(3)]!, isolation, fault };
    });
    it.concurrent.each(losses)('$i: $fault, $isolation, $guarantee, $mode', async (loss) => {
      await lose(loss);
    });
  });

/** Runs the job with that loss, and checks what the guarantee demands. */
async function lose(loss: Loss): Promise<Outcome> {
  const isHog = loss.fault === 'memory';
  const folder = numbersFolder(isHog ? { first: HOG } : {});
  const outcome = await raingauge([...wordsOf(loss), ...(isHog ? [] : ['--fault', loss.fault])], {
    cwd: folder,
    nodeOptions: isHog ? ['--max-old-space-size=80'] : [],
  });
  expect(outcome.code, outcome.stderr).toBe(0);
  const found = foundIn(folder);
  switch (loss.guarantee) {
    case 'exactly-once':
      expect(found).toEqual(EXACT);
      break;
    case 'at-least-once':
      expect(withoutDuplicates(found)).toEqual(EXACT);
      break;
    case 'at-most-once':
      expect(found.duplicated).toEqual([]);
      expect(found.wrong).toEqual([]);
      expect(found.lost.length).toBeLessThan(RECORDS);
      break;
  }
  return outcome;
}

function withoutDuplicates(found: Found): Found {
  return { ...found, duplicated: [], repeatedTotals: 0 };
}

function wordsOf({ mode, guarantee, isolation }: Omit<Loss, 'fault'>): string[] {
  const ends = ['--sink', 'counts=file:counts', '--sink', 'totals=file:totals'];
  const job = ['run', 'job.mjs', '--mode', mode, '--guarantee', guarantee, '--rate', String(2 * RATE)];
  return [...job, ...ends, '--workers', '2', '--isolation', isolation];
}
