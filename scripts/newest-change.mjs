/** Finds when a file, or anything in a folder (also a deletion), changed last. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The latest modification time in milliseconds since 1970, the folders' own times included. */
export function newestChangeMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestChangeMs(join(path, name))), stat.mtimeMs);
}
