/** Numbers for people: as many digits as mean something, and always with their unit. */

/** `21,843`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A duration in the unit that suits it: `0.21 ms`, `512 ms`, `1.02 s`. `-` for none. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  if (ms >= 1_000) return `${digits(ms / 1_000, 3)} s`;
  return ms >= 0.995 ? `${digits(ms, 3)} ms` : `${digits(ms, 2)} ms`;
}

/** Three digits with separators: `152,000`. */
export function formatRate(perSecond: number | null): string {
  return perSecond === null ? '-' : formatCount(Number(perSecond.toPrecision(3)));
}

/** `1,250x`, `12.4x`, `0.944x`. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return '-';
  return `${ratio >= 100 ? formatCount(Number(ratio.toPrecision(3))) : digits(ratio, 3)}x`;
}

/** A share as whole percent. */
export function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A noun with its count: `1 key`, `17 windows`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Breaks text into lines of at most `width`, the later ones indented. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - (lines.length === 0 ? 0 : indent.length)) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, i) => (i === 0 ? each : indent + each));
}

function digits(value: number, significant: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 3));
}
