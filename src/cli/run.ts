/** `raingauge run JOB --mode micro-batch|record`: one mode, with the job's own sinks. */

import { defined } from '../core/defined.js';
import { ERRORS, EXIT, StreamError } from '../core/errors.js';
import type { JobResult, RunningJob } from '../executors/executor.js';
import { type RunOptions, start } from '../host/run.js';
import type { Listener, Mode } from '../runtime/events.js';
import type { Graph, Topology } from '../topology/graph.js';
import { none } from '../topology/sink-specs.js';
import { watchActivation } from './activation.js';
import { placedAtEnd } from './end-errors.js';
import { type Ends, readEnds } from './ends.js';
import type { RunFlags } from './flags.js';
import { type Interrupts, watchInterrupts } from './interrupt.js';
import { microBatchOptionsOf, planOptionsOf, recordOptionsOf, recoveryOptionsOf, settingsOf } from './job-options.js';
import { loadJob } from './load-job.js';
import { eventLog } from './log-events.js';
import { checkOutputFolders } from './output-folders.js';
import { printError } from './print-error.js';
import { type ProgressReport, showProgress } from './progress.js';
import { runDocument } from './run-document.js';
import { formatSummary } from './run-summary.js';
import { sinkUnits } from './sink-units.js';
import { isStdoutClosed, onStdoutClosed, printOut } from './stdout.js';
import { tellLosses, tellOrigin, tellReceiver } from './tell-recovery.js';
import { UsageError } from './usage-error.js';

/** Flags of `run`, the mode being known. */
type RunCommandFlags = RunFlags & { readonly mode: Mode };

/** Runs the command: the summary goes to stderr, so that stdout holds what the sinks print, or one JSON document. */
export async function runCommand(job: string, given: RunFlags & { readonly mode?: Mode }): Promise<number> {
  const flags = { ...given, mode: checkMode(given.mode) };
  const topology = await loadJob(job);
  const ends = endsOfRun(topology, flags);
  checkOutputFolders(flags, ends);
  const log = await eventLog(flags.logLevel);
  const running = await start(topology, runOptions(job, flags, ends, log)).catch((error: unknown) => {
    throw placedAtEnd(error, topology.graph, flags, ends);
  });
  if (flags.quiet !== true) tellOrigin(running, Date.now());
  const interrupts = watchInterrupts(() => running.stop(), flags.quiet === true);
  const ignoreActivation = watchActivation(running, flags.quiet === true);
  const progress = showProgress(progressOf(running, topology.graph, flags), {
    quiet: flags.quiet === true,
    terminal: !printsToTerminal(topology.graph, ends),
  });
  onStdoutClosed(() => {
    progress.stop();
    running.stop();
  });
  const result = await running.done.finally(() => {
    progress.stop();
    interrupts.release();
    ignoreActivation();
  });
  return report(topology, flags, result, interrupts, ends, running.goesOnFrom !== undefined);
}

function checkMode(mode: Mode | undefined): Mode {
  if (mode !== undefined) return mode;
  throw new UsageError(
    'RG004',
    '--mode is missing: how should the job be run?',
    'add --mode record, or --mode micro-batch',
    'run',
  );
}

/** With `--json`, sinks that would print on stdout print nothing, unless `--sink` names them. */
function endsOfRun({ graph }: Topology, flags: RunCommandFlags): Ends {
  const ends = readEnds(graph, flags);
  if (flags.json !== true) return ends;
  const silenced = graph.nodes.flatMap((node) =>
    node.kind === 'sink' && node.spec.kind === 'stdout' ? [[node.name, none()] as const] : [],
  );
  return { sources: ends.sources, sinks: { ...Object.fromEntries(silenced), ...ends.sinks } };
}

function runOptions(job: string, flags: RunCommandFlags, ends: Ends, listener: Listener | undefined): RunOptions {
  const { workers, ...recovery } = recoveryOptionsOf(job, flags, 'run', flags.records);
  return {
    mode: flags.mode,
    ...planOptionsOf(flags),
    ...defined({ seed: flags.seed, rate: flags.rate, records: flags.records, duration: flags.for, listener }),
    settings: settingsOf(flags),
    microBatch: microBatchOptionsOf(flags),
    record: recordOptionsOf(flags),
    ...recovery,
    ...(workers === undefined
      ? {}
      : { workers: flags.quiet === true ? workers : { ...workers, onEvent: tellLosses() } }),
    ...(flags.quiet === true ? {} : { onReceiver: tellReceiver }),
    ...ends,
  };
}

function progressOf(running: RunningJob, graph: Graph, flags: RunCommandFlags): () => ProgressReport {
  const sources = graph.nodes.filter((node) => node.kind === 'source').length;
  const total = flags.records === undefined ? undefined : flags.records * Math.max(1, sources);
  let [before, beforeMs] = [running.progress().recordsRead, performance.now()];
  return () => {
    const { recordsRead, resultsWritten, pending } = running.progress();
    const nowMs = performance.now();
    const rate = Math.max(0, (recordsRead - before) / ((nowMs - beforeMs) / 1_000));
    [before, beforeMs] = [recordsRead, nowMs];
    const text = `${count(recordsRead)} records (${count(Math.round(rate))}/s)  ${count(resultsWritten)} results  ${count(pending)} pending`;
    return { fraction: total === undefined ? undefined : recordsRead / total, text };
  };
}

/** Where results scroll over the terminal that a bar would be drawn on, there is no bar. */
function printsToTerminal(graph: Graph, ends: Ends): boolean {
  return (
    process.stdout.isTTY === true &&
    graph.nodes.some((node) => node.kind === 'sink' && (ends.sinks[node.name]?.kind ?? node.spec.kind) === 'stdout')
  );
}

function report(
  topology: Topology,
  flags: RunCommandFlags,
  result: JobResult,
  interrupts: Interrupts,
  ends: Ends,
  goesOn: boolean,
): number {
  const { graph } = topology;
  const units = sinkUnits(topology, flags, ends);
  const error = result.error ?? (goesOn ? undefined : emptyInput(graph, flags, result, interrupts));
  if (flags.json === true) printOut(runDocument(graph.name, flags, result, units, error));
  if (isStdoutClosed() && error === undefined) return EXIT.ok;
  const isNothing = error !== undefined && Object.values(result.recordsRead).every((records) => records === 0);
  if (flags.quiet !== true && !isNothing) process.stderr.write(formatSummary(graph.name, result, units, goesOn));
  if (error !== undefined) printError(placedAtEnd(error, graph, flags, ends));
  return interrupts.exitCode ?? (error === undefined ? EXIT.ok : ERRORS[error.code].exit);
}

/** A job that began, and whose sources all ended without a record, did nothing, which is hardly what was meant. `none:` says that it is. */
function emptyInput(
  graph: Graph,
  flags: RunCommandFlags,
  result: JobResult,
  interrupts: Interrupts,
): StreamError | undefined {
  const sources = graph.nodes.filter((node) => node.kind === 'source');
  const first = sources[0];
  const isOver =
    result.outcome === 'finished' &&
    interrupts.exitCode === undefined &&
    result.duration < (flags.for ?? Number.POSITIVE_INFINITY);
  const isMeant = sources.some(
    ({ name }) => (result.recordsRead[name] ?? 0) > 0 || flags.source?.[name]?.startsWith('none:'),
  );
  if (first === undefined || !isOver || isMeant || graph.nodes.some((node) => node.kind === 'spout')) return undefined;
  const names = sources.map(({ name }) => `'${name}'`).join(', ');
  const what = sources.length === 1 ? `source ${names}` : `the sources ${names}`;
  const uri = flags.source?.[first.name];
  const hint = `check the input, or read another: --source ${first.name}=file:book.txt`;
  const message = `${what} ended without any record, so there was nothing to do`;
  return uri === undefined
    ? new StreamError('RG045', message, hint, { place: first.place })
    : new UsageError('RG045', message, hint, `${first.name}=${uri}`);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
