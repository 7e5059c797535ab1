/** Shows a line of the user's file with a caret, in the manner of rustc. */
import { readFileSync } from 'node:fs';
import type { Place } from '../core/errors.js';
import { shortPath } from '../host/short-path.js';

/** The longest line that is shown; a longer one is cut around the caret. */
const WIDTH_MAX = 110;

/** `  --> file:line:column` and, when the file can be read, the line itself with a caret. */
export function sourceFrame(place: Place): readonly string[] {
  const arrow = `  --> ${shortPath(place.file)}:${place.line}:${place.column}`;
  const line = lineOf(place);
  return line === undefined || line.trim() === '' ? [arrow] : [arrow, ...underlined(line, place.line, place.column)];
}

/** A line with its number and a caret below a column, `length` wide. */
export function underlined(line: string, number: number | undefined, column: number, length = 1): readonly string[] {
  const label = number === undefined ? '' : String(number);
  const gutter = ' '.repeat(Math.max(3, label.length + 1));
  const cut = Math.max(0, Math.min(column - WIDTH_MAX / 2, line.length - WIDTH_MAX));
  const end = Math.min(line.length, cut + WIDTH_MAX);
  const [before, after] = [cut > 0 ? '…' : '', end < line.length ? '…' : ''];
  const shown = line.slice(cut + before.length, end - after.length).replaceAll('\t', ' ');
  const at = Math.max(0, column - 1 - cut);
  return [
    `${gutter}|`,
    `${label.padEnd(gutter.length)}| ${before}${shown}${after}`,
    `${gutter}| ${' '.repeat(at)}${'^'.repeat(Math.max(1, Math.min(length, end - cut - at)))}`,
  ];
}

function lineOf(place: Place): string | undefined {
  try {
    return readFileSync(place.file, 'utf8').split('\n')[place.line - 1]?.trimEnd();
  } catch {
    return undefined;
  }
}
