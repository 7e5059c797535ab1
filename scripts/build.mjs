/** Builds `dist` from `src` with the TypeScript compiler, makes the command executable, and notes when the build began. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const startedMs = Date.now();

// From nothing each time, so that a file deleted from `src` cannot live on in `dist`.
rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
if (status !== 0) {
  rmSync(dist, { recursive: true, force: true });
  process.exit(status ?? 1);
}
const command = join(dist, 'cli', 'main.js');
if (existsSync(command)) chmodSync(command, 0o755);
// `scripts/prepare.mjs` compares this time with `src`; what changes while we build counts as newer.
writeFileSync(join(dist, '.built'), String(startedMs));
