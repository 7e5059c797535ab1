/** How many inputs each part of the fuzz takes, and how an input that fails is told. */
import { Script } from 'node:vm';
import { expect } from 'vitest';
import { type Prng, prng } from '../../src/core/prng.js';
import { isLong } from '../breadth.js';

/** In `npm test`, 25,500 in all, and in `npm run test:long`, 10 million. */
const INPUTS = {
  'checkpoint folders': [12_000, 1_000_000],
  'log segments': [1_000, 1_500_000],
  'state chunks': [1_000, 1_000_000],
  records: [2_000, 2_000_000],
  'Kafka answers': [3_000, 1_500_000],
  'compressed batches': [800, 800_000],
  'prepared epochs': [700, 700_000],
  words: [5_000, 1_500_000],
} as const;

/** A part of the fuzz. */
export type Part = keyof typeof INPUTS;

const { RAINGAUGE_SEED, RAINGAUGE_INPUTS } = process.env;
/** `RAINGAUGE_SEED=5000001 RAINGAUGE_INPUTS=1000000` takes a part of a long run. */
const FIRST = Number(RAINGAUGE_SEED ?? 1);

/** The seeds of a part. */
export function seedsOf(part: Part): { readonly first: number; readonly count: number } {
  const [short, long] = INPUTS[part];
  return { first: FIRST, count: Number(RAINGAUGE_INPUTS ?? (isLong ? long : short)) };
}

/** An error that says how to see it again. */
export function failedAt(part: Part, seed: number, cause: unknown): Error {
  const what = cause instanceof Error ? cause.message : String(cause);
  const again = `RAINGAUGE_SEED=${seed} RAINGAUGE_INPUTS=1 npx vitest run test/fuzz`;
  return new Error(`${part}, seed ${seed}: ${what}\nagain: ${again}`, { cause });
}

/** Fewer inputs, as where one is looked at again, need not come to all that may be. */
const ENOUGH = 500;

/** Each of these came up: the inputs are neither all refused nor all taken. */
export function expectOutcomes(part: Part, outcomes: ReadonlyMap<string, number>, wanted: readonly string[]): void {
  if (seedsOf(part).count >= ENOUGH) expect([...outcomes.keys()]).toEqual(expect.arrayContaining([...wanted]));
}

/** Inputs that are watched together. */
const WATCHED = 500;
/** They take less than a second: more than this is a hang. A loop without end would keep Vitest from its own limit. */
const HANG_MS = 120_000;

/** Gives each input of a part to `step`, which says in a word what became of it. Gives how often each was said. */
export function fuzz(part: Part, step: (random: Prng, seed: number) => string): ReadonlyMap<string, number> {
  const { first, count } = seedsOf(part);
  const outcomes = new Map<string, number>();
  let seed = first;
  const some = (): void => {
    for (const end = Math.min(first + count, seed + WATCHED); seed < end; seed++) {
      const outcome = step(prng(seed), seed);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  while (seed < first + count) {
    try {
      watched(some);
    } catch (cause) {
      throw failedAt(part, seed, cause);
    }
  }
  return outcomes;
}

const scope = globalThis as { fuzzed?: (() => void) | undefined };
const script = new Script('globalThis.fuzzed()');

/** Runs it to its end, or throws once it takes too long: only a script can be stopped in the middle of a loop. */
export function watched(run: () => void, limitMs = HANG_MS): void {
  scope.fuzzed = run;
  try {
    script.runInThisContext({ timeout: limitMs });
  } catch (error) {
    const isHang = (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw isHang ? new Error('it does not end', { cause: error }) : error;
  } finally {
    scope.fuzzed = undefined;
  }
}
