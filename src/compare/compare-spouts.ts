/** A comparison of a job with spouts: nothing records them, so each mode runs them once, and the ledger of messages judges. */
import type { Mode } from '../runtime/events.js';
import type { SpoutNode } from '../topology/graph.js';
import { documentOf } from './document.js';
import { NO_RUNS } from './drains.js';
import { describeEnvironment } from './environment.js';
import { demandsOn, judge, noVerdict } from './judge.js';
import { RATE_DEFAULT } from './options.js';
import { oracleAbsence } from './oracle/evaluate.js';
import type { ExpectedPhase, Progress } from './progress.js';
import type { CompareResult, MessageVerdict, Verdict } from './result.js';
import type { Demand } from './rules.js';
import { type PacedRun, runPaced } from './runs.js';
import type { Setup } from './setup.js';
import { demandSame, MessageLog } from './spouts/message-log.js';
import type { SpoutPace } from './spouts/spout-allowance.js';
import { SpoutLedger, withLedger } from './spouts/spout-ledger.js';
import { recordCount, type TimedTrace } from './trace.js';

/** The phases of a comparison with spouts, for its progress. */
export interface SpoutPhases {
  readonly microBatch: ExpectedPhase;
  readonly record: ExpectedPhase;
  readonly judging: ExpectedPhase;
}

/** One mode's run with what its spouts emitted and heard. */
interface SpoutRun {
  readonly run: PacedRun;
  readonly messages: MessageVerdict;
  readonly log: MessageLog;
  /** From the start of the spouts to the last result (us). */
  readonly took: number;
}

/** The spouts of a job; none: it is compared by its recorded input. */
export function spoutsOf({ job }: Setup): readonly SpoutNode[] {
  return job.graph.nodes.filter((node): node is SpoutNode => node.kind === 'spout');
}

/** How a spout is given its turns, in all its tasks. */
function spoutPace({ options, duration }: Setup): SpoutPace {
  const { rate = RATE_DEFAULT, records = Number.POSITIVE_INFINITY } = options;
  return { calls: Math.min(records, Math.ceil((rate * duration) / 1e6)), every: 1e6 / rate };
}

/** Runs both modes, and judges them. @throws StreamError `RG019` for spouts that emit something else each time, or a job that failed. */
export async function compareSpouts(
  setup: Setup,
  trace: TimedTrace,
  phases: SpoutPhases,
  progress: Progress,
): Promise<CompareResult> {
  const { signal } = setup.options;
  const environment = describeEnvironment();
  const spouts = spoutsOf(setup);
  const expected = recordCount(trace) + spouts.length * spoutPace(setup).calls;
  const inMode = async (phase: ExpectedPhase, mode: Mode): Promise<SpoutRun | undefined> => {
    if (signal?.aborted === true) return undefined;
    progress.begin(phase);
    return runWithLedger(setup, trace, mode, (read) => progress.at(read / expected, read));
  };
  const microBatch = await inMode(phases.microBatch, 'micro-batch');
  const record = await inMode(phases.record, 'record');
  progress.begin(phases.judging);
  const isWhole = microBatch?.run.isComplete === true && record?.run.isComplete === true;
  if (isWhole) demandSame(spouts, microBatch.log, record.log);
  const verdict = isWhole
    ? verdictOf(setup, trace, microBatch, record)
    : noVerdict(setup, recordCount(trace), 'the runs were interrupted before both had finished');
  const drains = { telling: NO_RUNS, unprepared: new Map(), withheld: NOT_MEASURED, differ: false };
  const rate = 1e6 / spoutPace(setup).every;
  const runs = { trace, microBatch: microBatch?.run, record: record?.run, drains, prepared: new Map(), setup, rate };
  const document = documentOf(runs, verdict, environment);
  progress.at(1, 0);
  return isWhole ? { ...document, input: inputOf(document.input, spouts, record) } : document;
}

const NOT_MEASURED = 'a spout sets its own pace, and cannot be given an input at once';

async function runWithLedger(
  setup: Setup,
  trace: TimedTrace,
  mode: Mode,
  onProgress: (recordsRead: number) => void,
): Promise<SpoutRun> {
  const log = new MessageLog();
  const violations: string[] = [];
  let began = trace.start;
  const ledger = new SpoutLedger(spoutPace(setup), log.add);
  const { signal } = setup.options;
  const job = withLedger(setup.job, ledger);
  const run = await runPaced(
    { ...setup, job },
    trace,
    mode,
    { signal, onProgress },
    {
      extrasOf: (clock) => {
        began = clock.now();
        ledger.begin({ now: () => clock.now(), isAlive: true }, (what) => violations.push(what));
        return { series: undefined, isTransactional: false, options: {} };
      },
    },
  );
  if (run.isComplete) ledger.finished();
  const took = Math.max(0, (Number.isFinite(run.finishedAt) ? run.finishedAt : trace.end) - began);
  return { run, log, took, messages: { ...ledger.counts, violations } };
}

function verdictOf(setup: Setup, trace: TimedTrace, microBatch: SpoutRun, record: SpoutRun): Verdict {
  const messages = { 'micro-batch': microBatch.messages, record: record.messages };
  const all = Object.values(messages);
  const demands = demandsOn(setup, trace);
  const isGivenUp = all.some(({ givenUp }) => givenUp > 0);
  const isRepeated = all.some(({ failed }) => failed > 0);
  const weakened = isGivenUp ? ofGivenUp : isRepeated ? ofRepeated : (demand: Demand) => demand;
  const asked = { sinks: mapped(demands.sinks, weakened), states: mapped(demands.states, weakened) };
  const verdict = judge(setup, trace, microBatch.run, record.run, { absence: oracleAbsence(setup.job)! }, asked);
  const isBroken = !verdict.same || all.some(({ violations }) => violations.length > 0);
  // Nothing is promised of a message without an id, nor of one that its spout gave up.
  const isOpen =
    isGivenUp ||
    all.some(({ acked }) => acked === 0) ||
    [microBatch, record].some(({ run }) => run.job.deadLetterCount > 0);
  const records = verdict.compared.records + distinctOf(spoutsOf(setup), record);
  return {
    ...verdict,
    guarantee: isBroken ? 'broken' : isOpen ? 'not checked' : 'held',
    compared: { ...verdict.compared, records },
    messages,
  };
}

/** A message that failed is emitted again, by the spout's own choice: what of it was out by then comes again, in that mode only. */
function ofRepeated(demand: Demand): Demand {
  const note = 'messages failed and were emitted again, so results of one mode may be there more often';
  const isSet = demand.rule === 'equal sequence' || demand.rule === 'equal multiset';
  if (demand.rule === 'not demanded') return demand;
  return isSet ? { ...demand, rule: 'equal set', note } : { ...demand, rule: 'not demanded', note };
}

/** Results that were out when it failed stay in record mode; as micro-batches they are taken back. Nor need both modes give up the same. */
function ofGivenUp(demand: Demand): Demand {
  if (demand.rule === 'not demanded') return demand;
  const note = 'the spout gave up messages that had failed, so results of one mode may not be there in the other';
  return { ...demand, rule: 'not demanded', note };
}

function mapped(demands: ReadonlyMap<string, Demand>, to: (demand: Demand) => Demand): ReadonlyMap<string, Demand> {
  return new Map(Array.from(demands, ([name, demand]) => [name, to(demand)]));
}

function inputOf(
  input: CompareResult['input'],
  spouts: readonly SpoutNode[],
  { log, took }: SpoutRun,
): CompareResult['input'] {
  const own = spouts.map(({ name, parallelism }) => ({ name, partitions: parallelism, records: log.countOf(name) }));
  return {
    ...input,
    sources: [...input.sources, ...own],
    records: own.reduce((sum, { records }) => sum + records, input.records),
    spanSeconds: took / 1e6,
  };
}

function distinctOf(spouts: readonly SpoutNode[], { log }: SpoutRun): number {
  return spouts.reduce((sum, { name }) => sum + log.countOf(name), 0);
}
