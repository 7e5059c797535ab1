/** From the start of a driver in place of one that was killed to its first new output, as whoever reads its output sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BATCH_MS } from '../jobs/restart.js';
import { randomFrom } from '../lines.js';
import { type Measurement, startTimer, type Variant, type VariantInput } from '../measurement.js';
import { withFolder } from '../temporary-folder.js';

/** Lines for which one restart is measured: 20 of them in a whole round. */
const LINES_A_RESTART = 50_000;
const RATE = 2_000;
/** How long record mode waits for a tuple tree (ms). */
const MESSAGE_TIMEOUT_MS = 1_000;
const CHECKPOINT_MS = 250;
/** After its first new output a driver lives so long at most (ms): it dies between checkpoints, and in the middle of them. */
const LIFE_MS_MAX = 1_000;
/** A driver that gives nothing new for so long (ms) never will. */
const PATIENCE_MS = 120_000;

/** What the goals allow (ms). */
export const MICRO_BATCH_GOAL_MS = 2 * BATCH_MS + 1_000;
export const RECORD_GOAL_MS = 1_000 + MESSAGE_TIMEOUT_MS;
/** Without a wait for the timeout of what was in flight: a source is asked again from its offset. */
export const RECORD_AIM_MS = 1_000;

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Restarts of the built command, one after the other on one checkpoint folder, at least once. */
export function restarts(mode: 'micro-batch' | 'record'): Variant {
  return ({ lines, seed }: VariantInput) =>
    withFolder(async (folder): Promise<Measurement> => {
      const count = Math.max(1, Math.round(lines / LINES_A_RESTART));
      const random = randomFrom(seed);
      const seen = new Results();
      const took: number[] = [];
      let startMs = 0;
      const stop = startTimer();
      for (let life = 0; life <= count; life++) {
        const driver = new Driver(mode, folder, seen);
        try {
          const ms = await driver.firstNew;
          if (life === 0) startMs = ms;
          else took.push(ms);
          await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_MS + (random() % LIFE_MS_MAX)));
        } finally {
          await driver.kill();
        }
      }
      seen.checkWhole();
      const sorted = took.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
      const numbers = { startMs, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
      return { ...stop(), count, checksum: `nothing lost in ${count} restarts`, numbers };
    });
}

/** A driver that runs until it is killed. */
class Driver {
  /** From its start to the first result that no driver has given yet (ms). */
  readonly firstNew: Promise<number>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(mode: 'micro-batch' | 'record', folder: string, seen: Results) {
    const began = performance.now();
    this.#child = spawn(process.execPath, [path('../../dist/cli/main.js'), ...commandOf(mode)], {
      cwd: folder,
      env: { ...process.env, TSX_TSCONFIG_PATH: path('../tsconfig.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const lines = createInterface({ input: this.#child.stdout! });
    this.#closed = Promise.all([once(this.#child, 'close'), once(lines, 'close')]);
    this.firstNew = new Promise((resolve, reject) => {
      const give = (reason: string): void => reject(new Error(`${reason}:\n${said}`));
      const timer = setTimeout(() => give('the driver gave nothing new'), PATIENCE_MS);
      lines.on('line', (line) => {
        if (!seen.add(line)) return;
        clearTimeout(timer);
        resolve(performance.now() - began);
      });
      this.#child.once('close', () => {
        clearTimeout(timer);
        give('the driver ended by itself');
      });
    });
  }

  /** Kills it, and waits until all that it gave is read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

function commandOf(mode: 'micro-batch' | 'record'): readonly string[] {
  const checkpoint = ['--checkpoint', 'progress', '--checkpoint-interval', `${CHECKPOINT_MS}ms`];
  const timeout = mode === 'record' ? ['--message-timeout', `${MESSAGE_TIMEOUT_MS}ms`] : [];
  return ['run', path('../jobs/restart.ts'), '--mode', mode, '--rate', String(RATE), ...checkpoint, ...timeout];
}

/** Each key's totals that were given so far. At least once: they may come again, but none is left out. */
class Results {
  readonly #totals = new Map<string, Set<number>>();

  /** False when it was there before, and for the rest of a line that a kill cut off. */
  add(line: string): boolean {
    const [, key, total] = /^\((\d+),(\d+)\)$/.exec(line) ?? [];
    if (key === undefined) return false;
    let totals = this.#totals.get(key);
    if (totals === undefined) {
      totals = new Set();
      this.#totals.set(key, totals);
    }
    if (totals.has(Number(total))) return false;
    totals.add(Number(total));
    return true;
  }

  /** @throws Error when a total is missing before the highest of its key. */
  checkWhole(): void {
    for (const [key, totals] of this.#totals) {
      const highest = Math.max(...totals);
      if (totals.size !== highest) throw new Error(`key ${key} has ${totals.size} totals of 1 to ${highest}`);
    }
  }
}
