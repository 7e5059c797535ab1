/** `npm run bench`: measures every variant in fresh processes, and prints the goals with what was measured. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeEnvironment } from './environment.js';
import { GOALS, type Judged, judge, RATIOS, type TimeOf } from './goals.js';
import type { Measurement } from './measurement.js';
import { jsonOf, type Report, textOf } from './report.js';
import { type Rounds, runRounds } from './rounds.js';
import { GROUPS, type Group } from './variants.js';

const HELP = `npm run bench -- [options]

  --rounds N     rounds; each runs every variant once, in a new order    7
  --lines N      lines of a word count, and in proportion all else       1000000
  --seed N       seed of the lines and of the order                      1
  --only NAME    one group or variant, with the group it belongs to or
                 the variants it is compared with; may be repeated
  --quick        300000 lines and 3 rounds: to look, not to quote
  --on-core      ratios by the time that the main thread had a core, for
                 a machine that others use too (Linux)
  --json         one JSON document in place of the tables
  --check        exit with 1 when an 'at least' is missed

'operators' and 'restart' are run only when they are named.
groups: ${[...new Set(GROUPS.map(({ name, family = name }) => family))].join(', ')}
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    lines: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    'on-core': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const { judged, agree } = main();
  if (!agree || (values.check && judged.some(({ isMet }) => !isMet))) process.exitCode = 1;
}

function main(): { readonly judged: readonly Judged[]; readonly agree: boolean } {
  const rounds = whole('rounds', values.rounds ?? (values.quick ? '3' : '7'));
  const lines = whole('lines', values.lines ?? (values.quick ? '300000' : '1000000'));
  const seed = whole('seed', values.seed);
  const chosen = choose(values.only);
  build();
  const environment = describeEnvironment();
  const measured = new Map<string, readonly Measurement[]>();
  for (const { group, variants } of chosen) {
    const onStart = (round: number, variant: string): void => {
      process.stderr.write(`${group.name}: round ${round + 1} of ${rounds}: ${variant}\n`);
    };
    for (const [variant, all] of runRounds({ variants, rounds, lines, seed, onStart })) measured.set(variant, all);
  }
  const time: TimeOf = values['on-core'] ? ({ onCoreMs }) => onCoreMs : ({ ms }) => ms;
  const problems = chosen.flatMap(({ group, variants }) => disagreements(group, variants, measured));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const goals = judge(GOALS, measured, time);
  const report: Report = {
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    seed,
    rounds,
    lines,
    time: values['on-core'] ? 'on-core' : 'wall',
    environment,
    checksumsAgree: problems.length === 0,
    goals,
    ratios: judge(RATIOS, measured, time),
    measured,
  };
  const groups = chosen.map(({ group }) => group);
  process.stdout.write(values.json ? jsonOf(report) : textOf(report, groups, time));
  return { judged: goals, agree: problems.length === 0 };
}

/** What to run: all groups but those that take long, or those named; for a variant also what its goals compare it with. */
function choose(only: readonly string[]): readonly { readonly group: Group; readonly variants: readonly string[] }[] {
  const wanted = new Set(only);
  for (const { of } of [...GOALS, ...RATIOS])
    if (of.some((variant) => only.includes(variant))) for (const variant of of) wanted.add(variant);
  const chosen = GROUPS.flatMap((group) => {
    const all = Object.keys(group.variants);
    const isWanted =
      only.length === 0
        ? group.isOnlyWhenNamed === undefined
        : wanted.has(group.name) || wanted.has(group.family ?? group.name);
    const variants = isWanted ? all : all.filter((variant) => wanted.has(variant));
    return variants.length === 0 ? [] : [{ group, variants }];
  });
  const known = new Set(
    GROUPS.flatMap(({ name, family = name, variants }) => [family, name, ...Object.keys(variants)]),
  );
  const unknown = only.find((name) => !known.has(name));
  if (unknown !== undefined) fail(`there is no group or variant '${unknown}'; there are: ${[...known].join(', ')}`);
  return chosen;
}

/** Sentences about variants that did not do the same. */
function disagreements(group: Group, variants: readonly string[], measured: Rounds): string[] {
  const checksums = variants.map((variant) => ({
    variant,
    sums: new Set(measured.get(variant)!.map(({ checksum }) => checksum)),
  }));
  const unsteady = checksums
    .filter(({ sums }) => sums.size > 1)
    .map(({ variant, sums }) => `'${variant}' gave different results: ${[...sums].join('; ')}`);
  const distinct = new Set(checksums.flatMap(({ sums }) => [...sums]));
  if (!group.isOneJob || distinct.size <= 1) return unsteady;
  return [
    ...unsteady,
    `the variants of '${group.name}' disagree: ${checksums.map(({ variant, sums }) => `${variant} ${[...sums].join('; ')}`).join(', ')}`,
  ];
}

/** What is measured is the built package, so it must be the one of this source. */
function build(): void {
  const script = fileURLToPath(new URL('../scripts/prepare.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) fail(`--${name} ${text}: it must be a whole number from 1 on`);
  return value;
}

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}
