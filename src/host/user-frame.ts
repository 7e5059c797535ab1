/** Finds the user's own line in a stack trace: below raingauge, packages and Node itself. */
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../core/errors.js';
import { packageRoot } from './installation.js';

/** The innermost frame of the user's code, if there is one. */
export function userFrame(error: unknown): Place | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  for (const line of error.stack.split('\n')) {
    const place = placeOf(line);
    if (place !== undefined && isUserFile(place.file)) return place;
  }
  return undefined;
}

function placeOf(line: string): Place | undefined {
  const match = /^\s+at (?:.*\()?((?:file:\/\/)?[^()]+?):(\d+):(\d+)\)?$/.exec(line);
  if (match === null) return undefined;
  return { file: pathOf(match[1]!), line: Number(match[2]), column: Number(match[3]) };
}

/** The path of a `file:` URL or path, without a loader's query. */
export function pathOf(location: string): string {
  const bare = location.replace(/^async /, '').replace(/\?[^/]*$/, '');
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
}

function isUserFile(file: string): boolean {
  if (!file.includes(sep) || file.startsWith('node:') || file.includes(`${sep}node_modules${sep}`)) return false;
  return !file.startsWith(`${packageRoot}dist${sep}`) && !file.startsWith(`${packageRoot}src${sep}`);
}
