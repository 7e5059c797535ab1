/** Text in columns, for `explain`: two side by side, and lines that are broken at blanks. */

/** Two columns of equal width, with a rule between them. */
export function sideBySide(left: readonly string[], right: readonly string[], column: number): readonly string[] {
  const lines: string[] = [];
  const [a, b] = [left.flatMap((line) => wrap(line, column)), right.flatMap((line) => wrap(line, column))];
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    lines.push(`${(a[i] ?? '').padEnd(column)} │ ${b[i] ?? ''}`.trimEnd());
  return lines;
}

/** The line between two rows of columns. */
export function rule(column: number): string {
  return `${'─'.repeat(column)}─┼─${'─'.repeat(column)}`;
}

/** Breaks a line at blanks; what follows is indented by two more, or by `hanging`. */
export function wrap(line: string, column: number, hanging?: number): readonly string[] {
  const own = /^[\s├└│]*/.exec(line)![0].replaceAll('├', '│').replaceAll('└', ' ').slice(0, 20);
  const indent = hanging === undefined ? `${own}  ` : ' '.repeat(hanging);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > column) {
    const at = rest.lastIndexOf(' ', column);
    const cut = at > indent.length ? at : column;
    lines.push(rest.slice(0, cut));
    rest = `${indent}${rest.slice(cut).trimStart()}`;
  }
  return [...lines, rest];
}

/** `1 task`, `2 tasks`. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
