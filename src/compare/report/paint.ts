/** What a piece of the report means, so that a terminal can colour it; without colour it reads the same. */
export type Style = 'heading' | 'good' | 'bad' | 'warning' | 'dim' | 'micro-batch' | 'record';

/** Colours text, or gives it back as it is. */
export type Paint = (style: Style, text: string) => string;

/** No colour. */
export const plain: Paint = (_style, text) => text;

/** Columns of the report. */
const WIDTH = 96;

/** A heading in the margin, and text beside it: how every block of the report is set. */
export function block(paint: Paint, style: Style, heading: string, lines: readonly string[]): readonly string[] {
  const margin = ' '.repeat(MARGIN);
  const beside = lines.map((line, i) => (i === 0 ? paint(style, heading.padEnd(MARGIN)) : margin) + line);
  return heading.length < MARGIN ? beside : [paint(style, heading), ...lines.map((line) => margin + line)];
}

/** Columns of the margin, and what is left beside it. */
const MARGIN = 12;
export const BESIDE = WIDTH - MARGIN;
