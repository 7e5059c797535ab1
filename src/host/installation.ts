/** This installation of raingauge on disk: where it lies, its version, and the modules that a job imports by name. */
import { existsSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package: the checkout, or `node_modules/raingauge`. */
export const packageRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** True in a checkout, false where npm installed the package. */
export function isCheckout(): boolean {
  return !packageRoot.split(sep).includes('node_modules') && existsSync(join(packageRoot, 'src', 'cli', 'main.ts'));
}

/** The version in `package.json`. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}

/** What a job may import of raingauge, as URLs of this installation, wherever the job lies. */
export function ownModules(): Readonly<Record<string, string>> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const url = (file: string): string => new URL(`../${file}.${extension}`, import.meta.url).href;
  return {
    raingauge: url('index'),
    'raingauge/sources': url('sources'),
    'raingauge/sinks': url('sinks'),
    'raingauge/formats': url('formats'),
    'raingauge/testing': url('testing/index'),
  };
}
