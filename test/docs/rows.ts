/** The tables of a page: which names their first cells have, in backticks. */

/** What stands below a heading of the second level, up to the next one. */
export function sectionOf(page: string, heading: string): string {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the page has no section '${heading}'`);
  return section;
}

/** The first and the second cell of each row, without the heads of the tables. */
export function rowsOf(page: string): readonly (readonly [first: string, second: string, third: string])[] {
  const lines = page.split('\n');
  return lines
    .filter((line, at) => line.startsWith('| ') && lines[at + 1]?.startsWith('|---') !== true)
    .map((line) => {
      const [, first = '', second = '', third = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [first, second, third];
    });
}

/** Words within backticks in the first cells. */
export function namesOf(page: string): ReadonlySet<string> {
  const codes = rowsOf(page).flatMap(([first]) => [...first.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));
  return new Set(codes.flatMap((code) => code.match(/\w+/g) ?? []));
}
