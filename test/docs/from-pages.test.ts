/** That the pages for those who come from Spark and Storm have a row for each of their public names, and a reason where there is nothing here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../tidy/source-files.js';
import { namesOf, rowsOf, sectionOf } from './rows.js';
import { SPARK_NAMES, SPARK_ROWS, SPARK_SECTIONS } from './spark-names.js';
import { STORM_NAMES, STORM_ROWS, STORM_SECTIONS } from './storm-names.js';

const pageOf = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

/** Why something of theirs may have no meaning here. */
const REASONS =
  /Hadoop|[Ss]torage level|RDDs of past intervals|Java|ClassTag|[Ww]orker hook|[Rr]esource scheduling|Storm never runs one/;

describe.each([
  ['from-spark.md', SPARK_NAMES, SPARK_SECTIONS, SPARK_ROWS],
  ['from-storm.md', STORM_NAMES, STORM_SECTIONS, STORM_ROWS],
] as const)('docs/%s', (name, classes, sections, rows) => {
  const page = pageOf(name);

  it.each(Object.entries(classes))('has a row for each name of %s, in its section', (of, names) => {
    const known = namesOf(sections[of]!.map((heading) => sectionOf(page, heading)).join('\n'));
    expect(names.split(/\s+/).filter((each) => !known.has(each))).toEqual([]);
  });

  it.each(Object.entries(rows))('has the rows of all overloads in %s', (heading, count) => {
    expect(rowsOf(sectionOf(page, heading))).toHaveLength(count);
  });

  it('gives a reason wherever it says that there is no meaning here', () => {
    const without = rowsOf(page).filter(([, here, why]) => here.includes('no meaning here') && !REASONS.test(why));
    expect(without.map(([first]) => first)).toEqual([]);
  });
});

describe('the reader of rows', () => {
  const page = '| Spark | here |\n|---|---|\n| `map(f \\| g)` `a.filter` | no `flatMap` here | why |\n\n`window`\n';

  it('takes names in backticks from first cells only', () => {
    expect([...namesOf(page)]).toEqual(['map', 'f', 'g', 'a', 'filter']);
  });

  it('keeps to a section: a row that is missing is not made up for by one elsewhere', () => {
    const ofTwo = '# Page\n| `a` | |\n\n## Spouts\n| `open` | |\n| `emit` | |\n\n## Bolts\n| `emit` `ack` | |\n';
    expect([...namesOf(sectionOf(ofTwo, 'Spouts'))]).toEqual(['open', 'emit']);
    const without = ofTwo.replace('| `emit` | |\n', '');
    expect([...namesOf(sectionOf(without, 'Spouts'))]).toEqual(['open']);
    expect(() => sectionOf(ofTwo, 'Bolt')).toThrow("no section 'Bolt'");
  });

  it('leaves out the heads of tables', () => {
    expect(rowsOf(page)).toEqual([['`map(f \\| g)` `a.filter`', 'no `flatMap` here', 'why']]);
  });
});
