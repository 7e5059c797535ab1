/** Runs everything that needs a real Kafka, with 20 rounds of crashes of 100,000 records each: `npm run test:kafka [rounds]`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const ROUNDS = 20;

const root = fileURLToPath(new URL('..', import.meta.url));
prepare();
const { status } = spawnSync(process.execPath, [join(root, 'node_modules', 'vitest/vitest.mjs'), 'run', 'test/kafka'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, RAINGAUGE_KAFKA: '1', RAINGAUGE_KAFKA_ROUNDS: process.argv[2] ?? String(ROUNDS) },
});
process.exit(status ?? 1);
