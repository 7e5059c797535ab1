/** Drivers that are killed at seeded instants and started again with the same command, until one comes to its end. */
import { join } from 'node:path';
import { prng } from '../../src/core/prng.js';
import type { Mode } from '../../src/runtime/events.js';
import type { Guarantee } from '../../src/topology/specs.js';
import { type Launched, launch, type Outcome, untilSays } from '../cli/command.js';
import { RATE, restartsAt, visibleFiles } from './numbers.js';

/** One job with its lives. */
export interface Lives {
  readonly mode: Mode;
  readonly guarantee: Guarantee;
  readonly folder: string;
  readonly seed: string;
  /** The driver is killed so often, unless it ends before. */
  readonly kills: number;
  readonly more?: readonly string[];
}

/** How they ended. */
export interface Ended {
  readonly outcome: Outcome;
  readonly kills: number;
  /** Whether a record was read again after one of the kills, or may have been. */
  readonly isReread: (n: number) => boolean;
  /** From each start of a later life to the first file that is new (ms). */
  readonly restartsMs: readonly number[];
}

/** The longest that a driver lives before it is killed (ms): the job takes four seconds. */
const LIFE_MS_MAX = 900;
/** How often somebody looks for new files (ms); only a figure depends on it. */
const LOOK_MS = 20;

/** Records a second of a life that must not end by itself, also where a checkpoint or an interval takes seconds. */
export const SLOW = RATE / 5;

/** The words of the command; `--log-level info` tells when the job has begun. */
export function commandOf(
  { mode, guarantee, more = [] }: Pick<Lives, 'mode' | 'guarantee' | 'more'>,
  rate = RATE,
): string[] {
  const ends = ['--sink', 'counts=file:counts', '--sink', 'totals=file:totals'];
  const recovery = ['--checkpoint', 'progress', '--checkpoint-interval', '250ms'];
  const job = ['run', 'job.mjs', '--mode', mode, '--guarantee', guarantee, '--rate', String(rate)];
  return [...job, '--log-level', 'info', ...ends, ...recovery, ...more];
}

/** Kills and starts again. */
export async function liveOn(lives: Lives): Promise<Ended> {
  const { folder, seed } = lives;
  const random = prng(1).fork(seed);
  const rereads: ((n: number) => boolean)[] = [];
  const restartsMs: number[] = [];
  for (;;) {
    const isLast = rereads.length === lives.kills;
    const life = launch(commandOf(lives), { cwd: folder });
    const output = rereads.length === 0 ? undefined : watchOutput(join(folder, 'counts'));
    if (!isLast) {
      await dieIn(life, random);
      if (life.child.exitCode === null) rereads.push(await restartsAt(join(folder, 'progress')));
    }
    const outcome = await life.ended;
    const restartMs = output?.end();
    if (restartMs !== undefined) restartsMs.push(restartMs);
    if (isLast || outcome.code !== null) {
      const isReread = (n: number): boolean => rereads.some((isBehind) => isBehind(n));
      return { outcome, kills: rereads.length, isReread, restartsMs };
    }
  }
}

/** Resolves when a folder shows so many files. @throws Error when the command ends before. */
export function untilFiles(folder: string, count: number, life: Launched): Promise<void> {
  return until(() => visibleFiles(folder).length >= count, life);
}

/** Resolves when it is so. @throws Error when the command ends before. */
export async function until(isSo: () => boolean, { ended }: Launched): Promise<void> {
  let outcome: Outcome | undefined;
  const end = ended.then((it) => {
    outcome = it;
  });
  while (!isSo()) {
    if (outcome !== undefined) throw new Error(`it ended with ${outcome.code} before:\n${outcome.stderr}`);
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
  }
}

/** One in five dies while it starts, the others while they work. */
async function dieIn(life: Launched, random: ReturnType<typeof prng>): Promise<void> {
  const [isEarly, lifeMs] = [random.float() < 0.2, random.float() * LIFE_MS_MAX];
  if (!isEarly) await untilSays(life, 'jobStarted').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, lifeMs));
  life.child.kill('SIGKILL');
  await life.ended;
}

/** Looks for the first file that is new. */
function watchOutput(folder: string): { end(): number | undefined } {
  const startMs = performance.now();
  const before = new Set(visibleFiles(folder));
  let foundMs: number | undefined;
  const timer = setInterval(() => {
    if (foundMs === undefined && visibleFiles(folder).some((name) => !before.has(name)))
      foundMs = performance.now() - startMs;
  }, LOOK_MS);
  return {
    end: () => {
      clearInterval(timer);
      return foundMs;
    },
  };
}
