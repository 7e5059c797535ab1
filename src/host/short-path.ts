/** Paths as the user would type them here. */
import { isAbsolute, relative } from 'node:path';

/** The path from the working directory, when it lies below it. */
export function shortPath(file: string): string {
  if (!isAbsolute(file)) return file;
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}
