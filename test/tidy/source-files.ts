/** Reads the source files of the project from disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './rules.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The file at a path of the repository, or all files under a folder, whose names end so, in a fixed order. */
export function readFiles(folder: string, ending: string): readonly SourceFile[] {
  return listFiles(join(root, folder))
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => ({ path: relative(root, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }));
}

function listFiles(folder: string): readonly string[] {
  try {
    if (statSync(folder).isFile()) return [folder];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
