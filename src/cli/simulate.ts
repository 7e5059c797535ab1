/** `raingauge simulate JOB`: seeds of faults in virtual time, and the shortest way to repeat the first that breaks a promise. */
import { repeatFlags, type SimulateResult, simulate } from '../compare/simulate/simulate.js';
import { EXIT } from '../core/errors.js';
import type { Mode } from '../runtime/events.js';
import { showFault } from '../runtime/faults/fault-plan.js';
import { readEnds } from './ends.js';
import { type FaultFlags, faultsOf } from './fault-flags.js';
import type { JobFlags, OutputFlags } from './flags.js';
import { watchInterrupts } from './interrupt.js';
import { defined } from './job-options.js';
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
  printOut(flags.json === true ? JSON.stringify(documentOf(job, result), null, 2) : report(job, result));
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

function report(job: string, result: SimulateResult): string {
  const { failure, seeds, coverage, crashes, repeated } = result;
  const counted = Object.entries(coverage).map(([what, count]) => `${what} ${count}`);
  const lines = [
    `${result.job}: ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}, ${failure === null ? 'every promise held' : 'one promise broken'}`,
    `  runs        ${counted.join(', ')}`,
    `  survived    ${crashes} ${crashes === 1 ? 'crash' : 'crashes'} of the driver; ${repeated} ${repeated === 1 ? 'run' : 'runs'} repeated with equal traces`,
  ];
  if (failure === null) return `${lines.join('\n')}\n`;
  const { mode, guarantee, faults } = failure.shortest;
  return `${[
    ...lines,
    '',
    `seed ${failure.seed} breaks ${guarantee} in ${mode} mode:`,
    ...failure.violations.slice(0, 5).map((violation) => `  ${violation}`),
    ...(failure.violations.length > 5 ? [`  and ${failure.violations.length - 5} more`] : []),
    `  faults      ${faults.length === 0 ? 'none' : faults.map(showFault).join('  ')}`,
    `  again with  ${commandOf(job, result)}`,
  ].join('\n')}\n`;
}
