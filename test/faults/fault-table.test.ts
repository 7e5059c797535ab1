/** Every row of the fault table has a test that exists, and stands in docs/guarantees.md as it does here. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../tidy/source-files.js';
import type { NamedTest, Promised } from './fault-row.js';
import { FAULT_TABLE } from './fault-table.js';

const ROWS = 47;

describe('the fault table', () => {
  it('has all rows, in order', () => {
    expect(FAULT_TABLE.map(({ number }) => number)).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
  });

  for (const { number, fault, tests, later } of FAULT_TABLE) {
    const title = `row ${number}: ${fault}`;
    if (tests.length === 0) it.skip(`${title} (later: ${later})`);
    else
      it(later === undefined ? title : `${title} (later: ${later})`, () => {
        expect(tests.flatMap(problemWith)).toEqual([]);
      });
  }

  it('says why where a row has no test', () => {
    expect(FAULT_TABLE.filter(({ tests, later }) => tests.length === 0 && later === undefined)).toEqual([]);
  });

  it('stands in the docs as it does here', () => {
    const page = readFileSync(join(root, 'docs', 'guarantees.md'), 'utf8');
    const lines = FAULT_TABLE.map(({ number, fault, promised, tests, later }) => {
      const shown = tests.length === 0 ? '' : [...new Set(tests.map(([file]) => linkTo(file)))].join(', ');
      return `| ${number} | ${fault} | ${wordsOf(promised)} | ${[shown, later === undefined ? '' : `*later: ${later}*`].filter((part) => part !== '').join('; ')} |`;
    });
    expect(page.split('\n').filter((line) => /^\| \d+ \|/.test(line))).toEqual(lines);
  });
});

function wordsOf(promised: Promised): string {
  if (typeof promised === 'string') return promised;
  const { atMostOnce, atLeastOnce, exactlyOnce } = promised;
  return `${atMostOnce} / ${atLeastOnce} / ${exactlyOnce}`;
}

function linkTo(file: string): string {
  return `[${file.replace(/^.*\//, '').replace(/\.test\.ts$/, '')}](../test/${file})`;
}

/** What is wrong with a named test: its file or its title is not there. */
function problemWith([file, title]: NamedTest): readonly string[] {
  const path = join(root, 'test', file);
  if (!existsSync(path)) return [`there is no test/${file}`];
  const text = readFileSync(path, 'utf8');
  const isThere = ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`));
  return isThere ? [] : [`test/${file} has no test '${title}'`];
}
