/** `raingauge simulate JOB`: seeds of faults in virtual time, and the shortest way to repeat the first that breaks a promise. */

import { wrap } from '../compare/report/format.js';
import { repeatFlags, type SimulateResult, simulate } from '../compare/simulate/simulate.js';
import { defined } from '../core/defined.js';
import { EXIT } from '../core/errors.js';
import type { RecordOptions } from '../executors/executor.js';
import type { StateKind } from '../host/open-state.js';
import type { Mode } from '../runtime/events.js';
import { showFault } from '../runtime/faults/fault-plan.js';
import { GUARANTEES } from '../topology/specs.js';
import { readEnds } from './ends.js';
import { type FaultFlags, faultsOf } from './fault-flags.js';
import type { JobFlags, OutputFlags } from './flags.js';
import { watchInterrupts } from './interrupt.js';
import { loadJob } from './load-job.js';
import { showProgress } from './progress.js';
import { printOut } from './stdout.js';

/** Flags of `simulate`. */
export interface SimulateFlags extends JobFlags, OutputFlags, FaultFlags {
  readonly seeds?: number;
  readonly seed?: number;
  readonly mode?: Mode;
  readonly workers?: number;
  readonly records?: number;
  readonly state?: StateKind;
  readonly ackOn?: NonNullable<RecordOptions['ackOn']>;
  readonly faults: boolean;
}

/** Runs the command. Exit code 3 when a seed broke a promise. */
export async function simulateCommand(job: string, flags: SimulateFlags): Promise<number> {
  const topology = await loadJob(job);
  const quiet = flags.quiet === true;
  const cancel = new AbortController();
  let [done, of] = [0, flags.seeds ?? SEEDS_DEFAULT];
  const interrupts = watchInterrupts(() => cancel.abort(), quiet);
  const progress = showProgress(() => ({ fraction: done / of, text: `${done} of ${of} seeds` }), { quiet });
  const faults = faultsOf(flags, 'simulate');
  const result = await simulate(topology, {
    seeds: of,
    ...defined({
      seed: flags.seed,
      mode: flags.mode,
      guarantee: flags.guarantee,
      workers: flags.workers,
      parallelism: flags.parallelism,
      records: flags.records,
      ackOn: flags.ackOn,
      state: flags.state,
      batchInterval: flags.batchInterval,
      faults: flags.faults ? faults : [],
    }),
    sources: readEnds(topology.graph, flags).sources,
    signal: cancel.signal,
    onSeed: (count, total) => {
      [done, of] = [count, total];
    },
  }).finally(() => {
    progress.stop();
    interrupts.release();
  });
  printOut(flags.json === true ? JSON.stringify(documentOf(job, result), null, 2) : report(job, result, of));
  if (result.failure !== null) return EXIT.verdict;
  return interrupts.exitCode ?? EXIT.ok;
}

const SEEDS_DEFAULT = 100;

function documentOf(job: string, result: SimulateResult): object {
  const { failure } = result;
  return {
    schema: 'raingauge/simulate@1',
    ...result,
    failure:
      failure === null
        ? null
        : { ...failure, faults: failure.shortest.faults.map(showFault), command: commandOf(job, result) },
  };
}

function commandOf(job: string, { failure }: SimulateResult): string {
  return ['raingauge simulate', job, ...repeatFlags(failure!)].join(' ');
}

function report(job: string, result: SimulateResult, asked: number): string {
  const { failure, seeds, crashes, repeated, overlapping, twins } = result;
  const ran = seeds < asked && failure === null ? `${seeds} of ${plural(asked, 'seed')}` : plural(seeds, 'seed');
  const lines = [
    `${result.job}: ${ran}, ${failure === null ? 'every promise held' : 'one promise broken'}`,
    ...coverageLines(result),
    `  survived    ${plural(crashes, 'crash', 'crashes')} of the driver`,
    ...(overlapping === 0
      ? []
      : [`  overlapped  batches of ${plural(overlapping, 'run')}; ${plural(twins, 'slow task')} had a twin`]),
    ...(repeated === 0 ? [] : [`  repeated    ${plural(repeated, 'run')}, with equal traces`]),
  ];
  if (failure === null) return `${lines.join('\n')}\n`;
  const { mode, guarantee, faults } = failure.shortest;
  return `${[
    ...lines,
    '',
    `seed ${failure.seed} breaks ${guarantee} in ${mode} mode:`,
    ...failure.violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `  ${violation}`),
    ...(failure.violations.length > VIOLATIONS_SHOWN
      ? [`  and ${failure.violations.length - VIOLATIONS_SHOWN} more`]
      : []),
    `  faults      ${faults.length === 0 ? 'none' : faults.map(showFault).join('  ')}`,
    `  again with  ${commandOf(job, result)}`,
  ].join('\n')}\n`;
}

const VIOLATIONS_SHOWN = 5;

/** In how many seeds each mode, guarantee and kind of fault came up; what came up most often first. */
function coverageLines({ coverage }: SimulateResult): readonly string[] {
  const groups = [
    ['modes', MODES],
    ['guarantees', GUARANTEES],
    ['faults', Object.keys(coverage).filter((what) => ![...MODES, ...GUARANTEES].includes(what as never))],
  ] as const;
  return groups.flatMap(([name, members]) => {
    const counted = members
      .filter((what) => coverage[what] !== undefined)
      .toSorted((a, b) => coverage[b]! - coverage[a]!)
      .map((what) => `${what} ${coverage[what]}`);
    return lined(counted).map((line, i) => `  ${(i === 0 ? name : '').padEnd(11)} ${line}`);
  });
}

/** Words with their counts on as many lines as it takes; a count stays with its word. */
function lined(counted: readonly string[]): readonly string[] {
  if (counted.length === 0) return [];
  const text = counted.map((each) => each.replace(' ', '\u00a0')).join(', ');
  return wrap(text, WIDTH - 14, '').map((line) => line.replaceAll('\u00a0', ' '));
}

/** Columns of the report. */
const WIDTH = 80;

const MODES: readonly string[] = ['micro-batch', 'record'];

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
