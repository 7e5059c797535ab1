/** What the `state` commands print for people: tables with a line above that says what they show. */
import type { Manifest } from '../runtime/checkpoint-manifest.js';
import type { ListedCheckpoint, StateCell } from './state-folder.js';
import { type ChangedCell, shownValue } from './state-values.js';

/** The most cells that are printed for people. */
const CELLS_SHOWN = 100;

export function listText(folder: string, job: string, mode: string, listed: readonly ListedCheckpoint[]): string {
  const head = `${job} in '${folder}', ${mode} mode: ${counted(listed.length, 'checkpoint')}`;
  if (listed.length === 0) return `${head} yet\n`;
  const rows = listed.map((checkpoint) =>
    'error' in checkpoint
      ? [String(checkpoint.epoch), 'damaged', '', '', '', '']
      : [
          String(checkpoint.epoch),
          contentOf(checkpoint.manifest),
          shownTime(checkpoint.manifest.meta.time),
          ...[recordsOf(checkpoint.manifest), rowsOf(checkpoint.manifest), bytesOf(checkpoint.manifest)].map(
            shownNumber,
          ),
        ],
  );
  const broken = listed.flatMap((checkpoint) => ('error' in checkpoint ? [`  ${checkpoint.error.message}`] : []));
  return lines(
    head,
    ...table(['epoch', 'content', 'stream time', 'records read', 'rows', 'bytes'], rows, 'rllrrr'),
    ...(broken.length === 0 ? [] : ['', ...broken]),
  );
}

/** All of the state, or what it adds to. */
function contentOf({ addsTo }: Manifest): string {
  return addsTo === undefined ? 'whole' : `adds to ${addsTo.epoch}`;
}

/** Everything but the state itself. `cells`: how many an operator has. */
export function checkpointText(manifest: Manifest, cells: (uid: string) => number): string {
  const { meta, operators } = manifest;
  const operatorRows = operators.map(({ uid, kind, tasks }) => [uid, kind, String(tasks), shownNumber(cells(uid))]);
  const sourceRows = meta.sources.map(({ source, partition, offset, hasEnded, times }) => [
    `${source}:${partition}`,
    shownNumber(offset),
    hasEnded ? 'ended' : shownTime(times.watermark),
  ]);
  const counters = Object.entries(meta.counters).map(([name, count]) => [name, shownNumber(count)]);
  return lines(
    `${headOf(manifest)}; ${contentOf(manifest)}: ${shownNumber(rowsOf(manifest))} rows in ${shownNumber(bytesOf(manifest))} bytes`,
    ...section(['operator', 'kind', 'tasks', 'cells'], operatorRows, 'llrr'),
    ...section(['source', 'next record', 'watermark'], sourceRows, 'lrl'),
    ...section(['counter', ''], counters, 'lr'),
  );
}

/** The cells of one operator. */
export function cellsText(manifest: Manifest, uid: string, cells: readonly StateCell[], count: number): string {
  const rows = cells.map(({ task, space, key, value, count }) => [
    String(task),
    String(space),
    shownValue(key),
    shownValue(value),
    shownNumber(count),
  ]);
  return lines(
    `${headOf(manifest)}: ${counted(count, 'cell')} of '${uid}'`,
    ...section(['task', 'space', 'key', 'value', 'count'], rows, 'rlllr'),
    ...rest(count - cells.length, '--key KEY shows those of one key, --json all'),
  );
}

/** So many cells are printed for people. */
export function firstCells<T>(cells: Iterable<T>): { readonly first: readonly T[]; readonly count: number } {
  const first: T[] = [];
  let count = 0;
  for (const cell of cells) {
    if (count < CELLS_SHOWN) first.push(cell);
    count += 1;
  }
  return { first, count };
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

export function changesText(before: Manifest, after: Manifest, changes: readonly ChangedCell[]): string {
  const of = (kind: ChangedCell['kind']): number => changes.filter((change) => change.kind === kind).length;
  const sources = after.meta.sources.map(({ source, partition, offset }) => {
    const old = before.meta.sources.find((other) => other.source === source && other.partition === partition);
    return [
      `${source}:${partition}`,
      shownNumber(old?.offset ?? 0),
      shownNumber(offset),
      shownNumber(offset - (old?.offset ?? 0)),
    ];
  });
  const { first, count } = firstCells(changes);
  const rows = first.map((change) => {
    const { uid, space, key } = (change.after ?? change.before)!;
    return [MARKS[change.kind], uid, String(space), shownValue(key), shownChange(change)];
  });
  return lines(
    `${after.job}, epoch ${before.meta.epoch} → ${after.meta.epoch}: ${of('added')} added, ${of('removed')} removed, ${of('changed')} changed`,
    ...section(['source', 'from', 'to', 'records'], sources, 'lrrr'),
    ...section(['', 'operator', 'space', 'key', 'value'], rows, 'lllll'),
    ...rest(count - first.length, '--json has all'),
  );
}

function shownChange({ before, after }: ChangedCell): string {
  const [old, now] = [before, after].map((cell) => (cell === undefined ? '' : shownValue(cell.value)));
  if (before === undefined) return now!;
  if (after === undefined) return old!;
  return old === now ? `${now} (count ${before.count} → ${after.count})` : `${old} → ${now}`;
}

function headOf({ job, meta }: Manifest): string {
  return `${job}, epoch ${meta.epoch}, ${meta.mode} mode, stream time ${shownTime(meta.time)}`;
}

function recordsOf({ meta }: Manifest): number {
  return sum(meta.sources.map(({ offset }) => offset));
}

export function rowsOf({ stores }: Manifest): number {
  return sum(stores.map(({ rows }) => rows));
}

export function bytesOf({ files }: Manifest): number {
  return sum(files.map(({ bytes }) => bytes));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Stream time as a date; microseconds where it is none. */
function shownTime(time: number): string {
  const date = new Date(time / 1_000);
  if (Number.isNaN(date.getTime())) return time === Number.NEGATIVE_INFINITY ? '-' : String(time);
  return date.toISOString();
}

function shownNumber(value: number): string {
  return value.toLocaleString('en-US');
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : shownNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function rest(count: number, how: string): readonly string[] {
  return count === 0 ? [] : ['', `and ${shownNumber(count)} more: ${how}`];
}

function section(head: readonly string[], rows: readonly (readonly string[])[], alignments: string): readonly string[] {
  return rows.length === 0 ? [] : ['', ...table(head, rows, alignments)];
}

/** `alignments` has `l` or `r` for each column. */
function table(head: readonly string[], rows: readonly (readonly string[])[], alignments: string): readonly string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    `  ${row.map((cell, column) => (alignments[column] === 'r' ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ')}`.trimEnd(),
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
