/**
 * Runs the simulation on a program with a planted defect, or searches for the seeds that find one.
 *
 *     npm run mutant                              lists the defects
 *     npm run mutant -- NAME [simulate's flags]   runs one, by default as it was recorded
 *     npm run mutant -- --record [NAME …]         searches 500 seeds of each job and records what finds it
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from '../test/mutants/mutants.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const killsFile = fileURLToPath(new URL('../test/mutants/kills.json', import.meta.url));
const SEEDS = Number(process.env.SEEDS ?? 500);
/** Exit code of `simulate` for a broken promise. */
const BROKEN = 3;
/** Searches at a time. */
const AT_A_TIME = 2;

const [first, ...others] = process.argv.slice(2);
if (first === undefined) for (const { name, breaks } of MUTANTS) process.stdout.write(`${name.padEnd(34)} ${breaks}\n`);
else if (first === '--record') await recordAll(others.length === 0 ? MUTANTS.map(({ name }) => name) : others);
else {
  const words = others.length > 0 ? others : readKills()[first]?.split(' ');
  process.exitCode = await run(first, words ?? usual(first), 'inherit');
}

/** Where a defect that was not recorded yet is looked for. */
function usual(name) {
  const { jobs = [], where = [] } = MUTANTS.find((each) => each.name === name) ?? {};
  return [...jobs.slice(0, 1), '--seeds', String(SEEDS), ...where];
}

async function recordAll(names) {
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await record(name);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

async function record(name) {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined) return say(`there is no mutant '${name}'`);
  for (const job of mutant.jobs) {
    const chunks = [];
    const code = await run(name, [job, '--seeds', String(SEEDS), ...mutant.where, '--json', '--quiet'], chunks);
    if (code === 0) continue;
    if (code !== BROKEN) {
      process.exitCode = 1;
      return say(`${name}: exit code ${code}: ${chunks.join('').slice(-400)}`);
    }
    const { failure } = JSON.parse(chunks.join(''));
    const words = failure.command.replace(/^raingauge simulate /, '');
    writeFileSync(killsFile, `${JSON.stringify({ ...readKills(), [name]: words }, sorted(), 2)}\n`);
    return say(`${name}: seed ${failure.seed} of ${job}: ${failure.violations[0]}`);
  }
  process.exitCode = 1;
  say(`${name}: survives ${SEEDS} seeds of each job`);
}

/** Keys in the order of the list. */
function sorted() {
  const names = MUTANTS.map(({ name }) => name);
  return (_key, value) =>
    value === null || typeof value !== 'object' || Array.isArray(value)
      ? value
      : Object.fromEntries(names.filter((name) => name in value).map((name) => [name, value[name]]));
}

function run(name, words, output) {
  const child = spawn(
    process.execPath,
    ['--import', './test/mutants/switch.mjs', 'dist/cli/main.js', 'simulate', ...words],
    {
      cwd: root,
      env: { ...process.env, RAINGAUGE_MUTANT: name },
      stdio: output === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    },
  );
  if (output !== 'inherit')
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(text));
  return new Promise((resolve) => child.on('close', resolve));
}

function readKills() {
  return JSON.parse(readFileSync(killsFile, 'utf8'));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
