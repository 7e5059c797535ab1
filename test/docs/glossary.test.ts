/** That the glossary has one word for one thing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../tidy/source-files.js';
import { rowsOf } from './rows.js';

it('explains each word once', () => {
  const words = rowsOf(readFileSync(join(root, 'docs', 'glossary.md'), 'utf8')).map(([word]) => word);
  expect(words.length).toBeGreaterThan(80);
  expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
});

it.each(['receiver', 'task', 'block interval', 'offset', 'source', 'sink', 'executor', 'operator'])(
  'explains %s',
  (word) => {
    const words = rowsOf(readFileSync(join(root, 'docs', 'glossary.md'), 'utf8')).map(([each]) => each);
    expect(words).toContain(word);
  },
);
