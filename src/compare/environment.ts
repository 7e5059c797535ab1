/** Where a comparison was measured: without this no figure means anything to somebody else. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment } from './result.js';

/** Describes this process and machine, before the measurement. */
export function describeEnvironment(): Environment {
  const nodeOptions = process.env['NODE_OPTIONS'];
  return {
    raingauge: versionOf(PACKAGE),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    loadAverage: Math.round(loadavg()[0]! * 100) / 100,
    flags: [...process.execArgv, ...(nodeOptions === undefined ? [] : nodeOptions.split(' '))],
    gitSha: gitSha(PACKAGE),
    startedAt: new Date().toISOString(),
  };
}

/** The package's folder: two levels above this file, in `src` as in `dist`. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

function versionOf(folder: string): string {
  const text = readFileSync(`${folder}package.json`, 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Only of our own checkout: an installed package has no history. */
function gitSha(folder: string): string | null {
  if (!existsSync(`${folder}.git`)) return null;
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[];
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8', timeout: 1_000, stdio }).trim();
  } catch {
    return null;
  }
}
