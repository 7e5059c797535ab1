/**
 * Runs every check that a commit must pass: the cheap ones side by side, then the tests. The first that fails ends them all.
 * `--long` runs the tests with `RAINGAUGE_LONG=1`, which makes the seeded and the property tests try far more cases. What follows goes to Vitest: the
 * whole takes about an hour and a half on two cores, and `npm run test:long -- test/runtime` is a part of it.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const isLong = given.includes('--long');
const part = given.filter((argument) => argument !== '--long');
const report = '.vitest-report.json';

/** What only a release needs: `npm run package` runs them as well, and CI does. */
const packaged = [
  {
    name: 'types as a user of the package sees them',
    script: '@arethetypeswrong/cli/dist/index.js',
    args: ['--pack', '.', '--profile', 'esm-only', '--quiet'],
  },
  { name: 'package contents', script: 'publint/src/cli.js', args: ['--strict'] },
];
/** None needs another; the longest first. */
const cheap = [
  { name: 'types', script: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'lint and format', script: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'unused code and dependencies', script: 'knip/bin/knip.js', args: ['--no-config-hints'] },
  ...(isLong ? packaged : []),
];
const tests = {
  name: isLong ? 'tests (long)' : 'tests',
  script: 'vitest/vitest.mjs',
  args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...part],
};
// Vitest listens to a process of tests once for each file that runs there, and Node takes that for a leak.
const quiet = ['--disable-warning=MaxListenersExceededWarning'];
const count = cheap.length + 1;

// A report of an earlier run must not be taken for this one's.
rmSync(join(root, report), { force: true });
prepare();

const left = [...cheap];
const running = new Set();
let ended = 0;

async function runCheap() {
  for (let step = left.shift(); step !== undefined; step = left.shift()) await run(step, 'pipe');
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), cheap.length) }, runCheap));
process.stdout.write(`\ncheck ${count}/${count}: ${tests.name}\n`);
await run(tests, 'inherit');

/** Runs one. What is piped is printed when it has ended, so that each check's words stand together. */
async function run({ name, script, args }, output) {
  const startedMs = Date.now();
  const child = spawn(process.execPath, [...quiet, join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: ['ignore', output, output],
    env: isLong ? { ...process.env, RAINGAUGE_LONG: '1' } : process.env,
  });
  running.add(child);
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => printed.push(text));
  const status = await new Promise((resolve) => child.on('close', resolve));
  running.delete(child);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const place = `check ${++ended}/${count}`;
  if (status === 0) {
    process.stdout.write(`${Buffer.concat(printed)}${place}: ${name} passed in ${seconds} s\n`);
    return;
  }
  process.stdout.write(Buffer.concat(printed));
  process.stderr.write(`\n${place}: ${name} failed after ${seconds} s; other checks were not run to their end\n`);
  for (const other of running) other.kill();
  process.exit(1);
}
