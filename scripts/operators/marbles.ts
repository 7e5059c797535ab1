/** Draws what went in and what came out as marbles on a line, an interval to a cell. */

/** Elements of each interval. */
export type Row = readonly (readonly unknown[])[];

/** What is drawn. */
export interface Picture {
  readonly inputs: Readonly<Record<string, Row>>;
  readonly outputs: Row;
  readonly emits: 'per record' | 'per interval';
}

/**
 * One line for each input, and one for each mode: a result stands where it comes out. Record mode tells a result per record at once; a
 * micro-batch tells it at its tick, which is the end of the interval; both tell a result per interval at its end.
 */
export function drawn({ inputs, outputs, emits }: Picture): string {
  const intervals = Math.max(outputs.length, ...Object.values(inputs).map((row) => row.length));
  const late: Row = [[], ...outputs];
  const rows: (readonly [string, Row])[] = [
    ...Object.entries(inputs),
    ['micro-batch', late],
    ['record', emits === 'per record' ? outputs : late],
  ];
  const cells = rows.map(([name, row]) => {
    return { name, texts: Array.from({ length: intervals + 1 }, (_, i) => (row[i] ?? []).map(textOf).join('-')) };
  });
  const widths = Array.from({ length: intervals + 1 }, (_, i) =>
    Math.max(6, ...cells.map(({ texts }) => texts[i]!.length + 2)),
  );
  const name = Math.max(...rows.map(([each]) => each.length));
  const scale = widths.map((width, i) => `${i} s`.padEnd(width + 1)).join('');
  const lines = cells.map(({ name: each, texts }) => {
    const line = texts.map((text, i) => `-${text}`.padEnd(widths[i]!, '-')).join('|');
    return `${each.padEnd(name)}  |${line}`;
  });
  return [`${' '.repeat(name)}  ${scale}`.trimEnd(), ...lines].join('\n');
}

/** A pair as Spark prints it, a list in brackets, and `·` for undefined. */
function textOf(value: unknown): string {
  if (value === undefined) return '·';
  if (!Array.isArray(value)) return String(value).replaceAll(' ', '_');
  const parts = value.map(textOf).join(',');
  return value.length === 2 && !value.every((part) => typeof part === 'number') ? `(${parts})` : `[${parts}]`;
}
