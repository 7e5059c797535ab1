/** Which jobs Node loads by itself: a loader costs a thread and an answer for each import, a third of the time until a job begins. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownModules } from './installation.js';

/** True for a JavaScript module that finds this installation as `raingauge`. What it imports may still need the loader. */
export function isPlainJob(path: string): boolean {
  if (extname(path) !== '.mjs') return false;
  try {
    const found = realpathSync(createRequire(path).resolve('raingauge'));
    return found === realpathSync(fileURLToPath(ownModules()['raingauge']!));
  } catch {
    return false;
  }
}

/** True when a module was found that only the loader knows how to load. Nothing of the job has run then. */
export function needsLoader(error: unknown): boolean {
  return error instanceof Error && NEEDS_LOADER.has(String((error as { readonly code?: unknown }).code));
}

const NEEDS_LOADER: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
]);
