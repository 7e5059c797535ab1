/**
 * Runs every check that a commit must pass, the cheap ones first, and stops at the first that fails.
 * `--long` runs the tests with `RAINGAUGE_LONG=1`, which makes the seeded and the property tests try far more cases.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isLong = process.argv.includes('--long');
const report = '.vitest-report.json';

const steps = [
  { name: 'types', script: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'lint and format', script: '@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'unused code and dependencies', script: 'knip/bin/knip.js', args: ['--no-config-hints'] },
  { name: 'package contents', script: 'publint/src/cli.js', args: ['--strict'] },
  {
    name: 'types as a user of the package sees them',
    script: '@arethetypeswrong/cli/dist/index.js',
    args: ['--pack', '.', '--profile', 'esm-only', '--quiet'],
  },
  {
    name: isLong ? 'tests (long)' : 'tests',
    script: 'vitest/vitest.mjs',
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  },
];

// A report of an earlier run must not be taken for this one's.
rmSync(join(root, report), { force: true });
prepare();
steps.forEach((step, index) => {
  const place = `${index + 1}/${steps.length}`;
  process.stdout.write(`\ncheck ${place}: ${step.name}\n`);
  const startedMs = Date.now();
  const child = spawnSync(process.execPath, [join(root, 'node_modules', step.script), ...step.args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: isLong ? { ...process.env, RAINGAUGE_LONG: '1' } : process.env,
  });
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  if (child.status !== 0) {
    process.stderr.write(`\ncheck ${place}: ${step.name} failed after ${seconds} s; later checks were not run\n`);
    process.exit(1);
  }
  process.stdout.write(`check ${place}: ${step.name} passed in ${seconds} s\n`);
});
