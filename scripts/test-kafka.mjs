/**
 * Runs everything that needs a real Kafka, with 20 rounds of crashes of 100,000 records each, or as many as the first argument says:
 * `npm run test:kafka -- 5`. What else is given goes to Vitest: `npm run test:kafka -- test/kafka/port` is a part of it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const ROUNDS = 20;

const given = process.argv.slice(2);
const rounds = given.find((argument) => /^[1-9]\d*$/.test(argument)) ?? String(ROUNDS);
const part = given.filter((argument) => argument !== rounds);

const root = fileURLToPath(new URL('..', import.meta.url));
prepare();
const vitest = [join(root, 'node_modules', 'vitest/vitest.mjs'), 'run', ...(part.length > 0 ? part : ['test/kafka'])];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, RAINGAUGE_KAFKA: '1', RAINGAUGE_KAFKA_ROUNDS: rounds },
});
process.exit(status ?? 1);
