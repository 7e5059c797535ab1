/** Writes what was measured: as Markdown tables, which is what `bench/README.md` shows, or as JSON. */
import type { Environment } from './environment.js';
import type { Goal, Judged, TimeOf } from './goals.js';
import type { Rounds } from './rounds.js';
import { spreadOf } from './statistics.js';
import type { Group } from './variants.js';

/** Everything that a run of the bench found out. */
export interface Report {
  readonly command: string;
  readonly seed: number;
  readonly rounds: number;
  readonly lines: number;
  /** What ratios are made of: the clock's time, or the time that the main thread had a core. */
  readonly time: 'wall' | 'on-core';
  readonly environment: Environment;
  readonly checksumsAgree: boolean;
  readonly goals: readonly Judged[];
  readonly ratios: readonly Judged[];
  readonly measured: Rounds;
}

/** One JSON document: the report, with every measurement of every round. */
export function jsonOf({ goals, ratios, measured, ...rest }: Report): string {
  const document = {
    schema: 'raingauge/bench@1',
    ...rest,
    goals: goals.map(({ goal: { what, unit, atLeast, aim }, measured: spread, isMet, isAimMet }) => {
      return { what, unit, atLeast, aim, ...spread, isMet, isAimMet };
    }),
    ratios: ratios.map(({ goal: { what, unit }, measured: spread }) => ({ what, unit, ...spread })),
    variants: Object.fromEntries(measured),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The tables, under a line that says where and how. */
export function textOf(report: Report, groups: readonly Group[], time: TimeOf): string {
  const { rounds, lines, seed, goals, ratios, measured, environment } = report;
  const { date, commit, node, cores, cpu, loadAverage } = environment;
  const where = `${date}, ${commit ?? 'no commit'}, Node ${node}, ${cores} cores of ${cpu}, load ${loadAverage}`;
  const how = `${rounds} rounds, ${lines} lines, seed ${seed}, ${report.time} time`;
  const tables = [goalTable(goals), ratioTable(ratios), ...groups.map((group) => variantTable(group, measured, time))];
  return `${where}; ${how}\n\n${tables.join('\n\n')}\n`;
}

/** The goals, with what was measured. */
function goalTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ goal, measured, isMet, isAimMet }) => [
    goal.what,
    bound(goal, goal.atLeast),
    bound(goal, goal.aim),
    `${shown(goal, measured.median)} [${shown(goal, measured.min)} – ${shown(goal, measured.max)}]`,
    isMet ? (isAimMet && goal.aim !== undefined ? 'aim met' : 'met') : 'missed',
  ]);
  return table(['what', 'at least', 'aim', 'measured, median [min – max]', ''], rows);
}

/** Ratios without a goal. */
function ratioTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ goal, measured }) => [
    goal.what,
    `${shown(goal, measured.median)} [${shown(goal, measured.min)} – ${shown(goal, measured.max)}]`,
  ]);
  return table(['what', 'median [min – max]'], rows);
}

/** What each variant of a group did. The rates hold for this machine and hour only. */
function variantTable(group: Group, rounds: Rounds, time: TimeOf): string {
  const rows = Object.keys(group.variants).flatMap((variant) => {
    const measured = rounds.get(variant);
    if (measured === undefined) return [];
    const { median, min, max } = spreadOf(measured.map((measurement) => (time(measurement) / measurement.count) * 1e6));
    const numbers = Object.keys(measured[0]!.numbers ?? {}).map(
      (name) => `${name} ${round(spreadOf(measured.map((measurement) => measurement.numbers![name]!)).median)}`,
    );
    return [
      [
        variant,
        `${round(median)} [${round(min)} – ${round(max)}]`,
        Math.round(1e9 / median).toLocaleString('en-US'),
        numbers.join(', '),
      ],
    ];
  });
  return table([group.name, `ns per ${group.unit}`, `${group.unit}s per second`, ''], rows);
}

function bound(goal: Goal, value: number | undefined): string {
  if (value === undefined) return '';
  return `${goal.better === 'higher' ? '≥' : '≤'} ${value} ${goal.unit}`;
}

function shown({ unit }: Goal, value: number): string {
  return unit === '×' ? `${value.toFixed(2)} ×` : `${round(value)} ${unit}`;
}

function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
