/** Modules of the tests that threads and processes begin with, on the built program: none of these loads TypeScript anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isBuilt, root } from './cli/command.js';
import { folderOfFile } from './folders.js';

/** A module without types, as JavaScript; the module itself where `dist` is older than `src`. */
export function builtForm(module: URL): URL {
  if (!isBuilt()) return module;
  const [src, dist] = ['src', 'dist'].map((folder) => pathToFileURL(join(root, folder, '/')).href);
  const text = readFileSync(module, 'utf8').replace(/(?<=from ')\.[^']+(?=')/g, (path) =>
    new URL(path, module).href.replace(src!, dist!),
  );
  const path = join(folderOfFile(tmpdir(), 'raingauge-built-'), `${basename(fileURLToPath(module), '.ts')}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path);
}
