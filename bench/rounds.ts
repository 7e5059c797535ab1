/** Runs variants round by round, each in a fresh process, in an order that is shuffled anew for each round. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { randomFrom } from './lines.js';
import type { Measurement } from './measurement.js';

/** The measurements of a variant, one for each round. Those of one index ran in the same round. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

export interface RoundsOptions {
  readonly variants: readonly string[];
  readonly rounds: number;
  readonly lines: number;
  readonly seed: number;
  /** Told before each process. */
  readonly onStart: (round: number, variant: string) => void;
}

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @throws Error when a variant failed. */
export function runRounds({ variants, rounds, lines, seed, onStart }: RoundsOptions): Rounds {
  const random = randomFrom(seed);
  const measured = new Map<string, Measurement[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of shuffled(variants, random)) {
      onStart(round, variant);
      measured.get(variant)!.push(runVariant(variant, lines, seed));
    }
  }
  return measured;
}

/**
 * One variant in a process of its own: nothing that another one left in the heap or taught the compiler has an effect.
 * The tsconfig here has no paths, so that `raingauge` is the built package that users run, and not `src`.
 */
function runVariant(variant: string, lines: number, seed: number): Measurement {
  const args = ['--import', 'tsx', '--expose-gc', folder('variant.ts'), variant, String(lines), String(seed)];
  const env = { ...process.env, TSX_TSCONFIG_PATH: folder('tsconfig.json') };
  const child = spawnSync(process.execPath, args, {
    cwd: folder('..'),
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`the variant '${variant}' ended with status ${child.status}`);
  return JSON.parse(child.stdout) as Measurement;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
