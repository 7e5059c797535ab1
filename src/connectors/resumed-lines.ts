/** A source of lines that goes on behind the lines that an earlier process has read, from the nearest place that it marked. */
import { skipped } from '../runtime/skipped-source.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import type { Mark } from './line-buffer.js';

/** What reads the lines. */
export interface LineReader {
  readonly lines: { counters(): Readonly<Record<string, number>> };
  run(): Promise<void>;
  stop(): void;
}

/** Starts the reader, which begins at `mark`, and skips what lies between there and the start. `partition` has the number `index`. */
export function resumedLines<Place>(
  reader: LineReader,
  partition: RawPartition,
  start: { readonly name: string; readonly from: number } | undefined,
  mark: Mark<Place> | undefined,
  index = 0,
): RawSource {
  const reading = reader.run();
  const source: RawSource = {
    partitions: [partition],
    counters: () => reader.lines.counters(),
    close: () => {
      reader.stop();
      return reading;
    },
  };
  if (start === undefined) return source;
  const before = mark?.lines ?? 0;
  return skipped(source, [start.from - before], { name: start.name, before: [before], first: index });
}

/** The last mark at or before the line `from`. */
export function nearestMark<Place>(marks: readonly Mark<Place>[], from: number): Mark<Place> | undefined {
  return marks
    .filter(({ lines }) => lines <= from)
    .sort((a, b) => a.lines - b.lines)
    .at(-1);
}
