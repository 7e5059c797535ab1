/** `raingauge compare JOB`: both modes on the same input, judged first and measured then. */
import { styleText } from 'node:util';
import { compare } from '../compare/compare.js';
import type { CompareOptions, CompareProgress } from '../compare/options.js';
import { type Paint, report } from '../compare/report.js';
import type { CompareResult } from '../compare/result.js';
import { defined } from '../core/defined.js';
import { EXIT } from '../core/errors.js';
import { withoutSecrets } from '../core/secrets.js';
import { locateJob } from '../host/load-job.js';
import { placedAtEnd } from './end-errors.js';
import { readEnds } from './ends.js';
import type { RunFlags } from './flags.js';
import { watchInterrupts } from './interrupt.js';
import { planOptionsOf, recoveryOptionsOf, settingsOf } from './job-options.js';
import { loadJob } from './load-job.js';
import { checkOutputFolders } from './output-folders.js';
import { type ProgressReport, showProgress } from './progress.js';
import { printOut } from './stdout.js';
import { UsageError } from './usage-error.js';

/** Flags of `compare`. */
export type CompareFlags = RunFlags & { readonly realSinks?: boolean; readonly crash?: boolean };

/** Runs the command and prints the report, or the result as JSON, on stdout. */
export async function compareCommand(job: string, flags: CompareFlags): Promise<number> {
  const topology = await loadJob(job);
  const quiet = flags.quiet === true;
  const cancel = new AbortController();
  let latest: CompareProgress | undefined;
  const onProgress = (progress: CompareProgress): void => {
    latest = progress;
  };
  const ends = readEnds(topology.graph, flags);
  if (flags.realSinks === true) checkOutputFolders(flags, ends);
  const options: CompareOptions = {
    ...optionsOf(job, flags),
    ...ends,
    command: commandText(),
    onProgress,
    signal: cancel.signal,
  };
  const interrupts = watchInterrupts(() => cancel.abort(), quiet);
  const progress = showProgress(() => reportOf(latest), { quiet });
  const result = await compare(topology, options)
    .catch((error: unknown) => {
      throw placedAtEnd(error, topology.graph, flags, ends);
    })
    .finally(() => {
      progress.stop();
      interrupts.release();
    });
  printOut(flags.json === true ? JSON.stringify(result, null, 2) : report(result, paint));
  return interrupts.exitCode ?? exitCode(result);
}

function optionsOf(job: string, flags: CompareFlags): CompareOptions {
  return {
    ...planOptionsOf(flags),
    ...defined({
      rate: flags.rate,
      records: flags.records,
      duration: flags.for,
      seed: flags.seed,
      realSinks: flags.realSinks,
    }),
    ...(flags.acking ? {} : { acking: false }),
    settings: settingsOf(flags),
    ...faultOptionsOf(job, flags),
    ...(flags.crash === true ? { crash: { count: 2, isolation: 'process', job: locateJob(job) } } : {}),
  };
}

/** Where state is, what is broken, and the workers that it happens to. */
function faultOptionsOf(job: string, flags: CompareFlags): Pick<CompareOptions, 'state' | 'workers' | 'faults'> {
  const { workers, faults } = recoveryOptionsOf(job, flags, 'compare');
  if (faults !== undefined && flags.crash === true)
    throw new UsageError(
      'RG004',
      '--crash brings a fault of its own, beside runs without any',
      'leave it out, or leave out --fault',
      '--crash',
    );
  return { ...defined({ state: flags.state, workers }), ...(faults === undefined ? {} : { faults: faults.plan }) };
}

function reportOf(progress: CompareProgress | undefined): ProgressReport {
  if (progress === undefined) return { fraction: 0, text: 'starting' };
  const { phase, fraction, recordsPerSecond } = progress;
  const rate = recordsPerSecond > 0 ? `  ${Math.round(recordsPerSecond).toLocaleString('en-US')} records/s` : '';
  return { fraction, text: `${phase}${rate}` };
}

/** A wrong answer counts more than a measurement that is not worth quoting. */
function exitCode(result: CompareResult): number {
  const { same, oracle, guarantee } = result.verdict;
  if (same === false || oracle === 'fail' || guarantee === 'broken' || result.crash?.guarantee === 'broken')
    return EXIT.verdict;
  if (result.interrupted) return EXIT.interrupted;
  return result.valid ? EXIT.ok : EXIT.job;
}

function commandText(): string {
  return ['raingauge', ...process.argv.slice(2)]
    .map(withoutSecrets)
    .map((word) => (/^[\w@%+=:,./#-]+$/.test(word) ? word : `'${word}'`))
    .join(' ');
}

const paint: Paint = (style, text) => styleText(STYLES[style], text, { stream: process.stdout });

const STYLES = {
  heading: 'bold',
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  dim: 'dim',
  'micro-batch': 'blue',
  record: 'magenta',
} as const;
