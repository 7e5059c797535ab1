/** `runTuples`: a job of spouts and bolts on virtual time, its tuple trees one by one. */

import { defined } from '../core/defined.js';
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import type { ComponentMetric } from '../executors/metrics.js';
import type { RunOptions } from '../host/run.js';
import type { Mode } from '../runtime/events.js';
import type { World } from '../runtime/world.js';
import type { MessageId } from '../topology/components.js';
import { functionId, type SpoutNode, type Topology } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { captureSinks } from './captured-sinks.js';
import { ScriptedSpout, type SpoutPace, type SpoutScript } from './scripted-spout.js';
import { FaultyChannels, type TupleFault } from './tuple-faults.js';
import { type EmittedTuple, type FailedTuple, type ReportedError, type TupleBatch, TupleLog } from './tuple-log.js';
import { checkedConsumers } from './tuple-problems.js';
import { startVirtual, type VirtualRun } from './virtual-run.js';
import { type DeliveredTuple, type LifeCall, type WindowActivation, watched } from './watched-components.js';

/** A stretch of virtual time in which a job is inactive. */
export interface InactiveStretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What `runTuples` is given. */
export interface TupleRunOptions {
  /** Default `record`. */
  readonly mode?: Mode;
  /** By spout: what it emits. A spout that is left out emits nothing. */
  readonly spouts: Readonly<Record<string, SpoutScript>>;
  /** Tasks of each keyed stage; spouts and bolts have their own. Default 1. */
  readonly parallelism?: number;
  /** Default 30 s, as Storm. Record mode only: a batch has no timeout. */
  readonly messageTimeout?: Duration;
  /** The most pending messages of a spout task. Default 4096. As micro-batches the most of a batch: with 1 each message has a batch of its own. */
  readonly maxSpoutPending?: number;
  /** Record mode only. */
  readonly faults?: readonly TupleFault[];
  /**
   * Ends the run at that virtual time; as micro-batches with one more batch, of what was emitted by then. Default: when every message was
   * acked or given up.
   */
  readonly until?: { readonly virtualMs: number };
  /**
   * When the job is deactivated, and activated again: what is due at `fromMs` itself comes before, and spouts are asked for nothing until `toMs`.
   * A spout hears of either when it would be asked next: within 1 ms record at a time, at the next block interval or batch as
   * micro-batches. In order, none overlapping. The run lasts at least so long, but never beyond `until`.
   */
  readonly inactive?: readonly InactiveStretch[];
  /** Acker tasks. Default 1. Record mode only. */
  readonly ackers?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** What came of the job; order is kept. As micro-batches what bolts did in attempts that failed is there too, but for outputs and state. */
export interface TupleRun {
  /** By sink. */
  readonly outputs: Record<string, unknown[]>;
  /** Messages that are done, once each. */
  readonly acked: MessageId[];
  /** Every failed attempt at a message; as micro-batches a batch with all its attempts is one. */
  readonly failed: FailedTuple[];
  readonly emitted: EmittedTuple[];
  /** What components gave to `reportError`. */
  readonly errors: ReportedError[];
  /** By component: the tuples that each of its tasks executed, ticks not counted. */
  readonly executed: Record<string, number[]>;
  /** Every tuple that a bolt executed, ticks among them: which task got it, and from where. */
  readonly delivered: DeliveredTuple[];
  /** Every window that a windowed bolt got. */
  readonly activations: WindowActivation[];
  /** By name of a stateful bolt: the state of all its tasks. */
  readonly state: Record<string, [Key, unknown][]>;
  /** What spouts and bolts counted about themselves, by component and task. */
  readonly metrics: readonly ComponentMetric[];
  /** What spouts and bolts were called beside their tuples, in order. */
  readonly lifeCalls: LifeCall[];
  /** As micro-batches: what was delivered and answered batch by batch, but for batches with nothing of it. */
  readonly batches: TupleBatch[];
}

/**
 * Runs a job on virtual time, record at a time or as micro-batches.
 *
 * 1. Each spout is replaced by one that emits its messages once, in order, and a failed one again up to `maxReplays` times.
 * 2. Sinks are captured; nothing is written. Faults lose single tuples and acks.
 * 3. The job is deactivated and activated as `inactive` says; a message with a `virtualMs` comes no sooner.
 * 4. The run ends when every message was acked or given up, or at `until`.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { memory } from 'raingauge/sinks';
 * import { runTuples } from 'raingauge/testing';
 *
 * const job = topology('shout', (t) => {
 *   const words = t.setSpout<{ word: string }>('words', () => ({ nextTuple: () => 'done' }));
 *   t.setBolt<{ word: string }, { word: string }>('shout', () => ({
 *     execute(tuple, out) {
 *       out.emit({ word: tuple.values.word.toUpperCase() }, tuple);
 *       out.ack(tuple);
 *     },
 *   }))
 *     .shuffleGrouping(words)
 *     .to('out', memory());
 * });
 * const { outputs, acked } = await runTuples(job, { spouts: { words: { messages: [{ id: 1, values: { word: 'rain' } }] } } });
 * console.log(outputs['out'], acked); // [{ word: 'RAIN' }] [1]
 * ```
 *
 * @throws StreamErrors for an unknown spout or component, `RG019` for what micro-batches do not have, and whatever does not compile;
 * StreamError that failed the job, and `RG061` when it does not come to rest.
 */
export async function runTuples(topology: Topology, options: TupleRunOptions): Promise<TupleRun> {
  const { mode = 'record', spouts, faults = [], until, inactive = [], seed, parallelism = 1 } = options;
  const components = checkedConsumers(topology, { ...options, mode });
  const log = new TupleLog(components, topology.graph.settings.guarantee === 'at-most-once');
  const channels = new FaultyChannels(faults);
  const sinks = captureSinks(topology, { mode, parallelism });
  const { maxSpoutPending, messageTimeout, ackers } = options;
  const settings: RunOptions = {
    mode,
    parallelism,
    writers: sinks,
    listener: log.listener,
    ...(mode === 'record'
      ? { channels, record: defined({ messageTimeout, maxSpoutPending, ackers }) }
      : { microBatch: defined({ maxSpoutPending }) }),
  };
  const lasting = until !== undefined || inactive.length > 0;
  const pace = { now: () => 0, silence: lasting ? ('idle' as const) : ('done' as const) };
  const withClock = ({ clock }: World): RunOptions => {
    pace.now = () => clock.now();
    return settings;
  };
  const run = await startVirtual(withSpouts(topology, spouts, log, pace), withClock, { seed });
  await deactivateIn(run, inactive, until?.virtualMs);
  let counts: number[] | undefined;
  if (until !== undefined) {
    await run.until(until.virtualMs * 1_000);
    if (mode === 'record') {
      log.isFrozen = true;
      channels.isFrozen = true;
      counts = [...sinks.values()].map((sink) => sink.results.length);
    }
    run.job.stop();
  } else pace.silence = 'done';
  const result = await run.end();
  if (result.error !== undefined && counts === undefined) throw result.error;
  const executed = result.components.filter(({ component }) => components.includes(component));
  const stateful = topology.graph.nodes.filter((node) => nodeTraits(node).keeps === 'keyed state');
  const { acked, failed, emitted, errors, deliveries: delivered, lifeCalls, activations, batches } = log;
  return {
    outputs: Object.fromEntries(
      [...sinks].map(([name, sink], index) => [name, sink.results.slice(0, counts?.[index]).map(({ value }) => value)]),
    ),
    acked,
    failed,
    emitted,
    errors,
    delivered,
    lifeCalls,
    activations,
    batches,
    metrics: result.metrics,
    state: Object.fromEntries(
      stateful.map(({ uid }) => [uid, Array.from(result.state(uid), ([key, value]) => [key, value])]),
    ),
    executed: Object.fromEntries(executed.map(({ component, executedByTask }) => [component, [...executedByTask]])),
  };
}

async function deactivateIn(
  run: VirtualRun,
  stretches: readonly InactiveStretch[],
  endMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (const { fromMs, toMs } of stretches) {
    if (fromMs >= endMs) return;
    await run.until(fromMs * 1_000);
    run.job.deactivate();
    if (toMs >= endMs) return;
    await run.until(toMs * 1_000);
    run.job.activate();
  }
}

function withSpouts(
  { graph, functions }: Topology,
  scripts: Readonly<Record<string, SpoutScript>>,
  log: TupleLog,
  pace: SpoutPace,
): Topology {
  const spouts = graph.nodes.filter((node): node is SpoutNode => node.kind === 'spout');
  const replaced = spouts.map(({ id, name }) => {
    const script = Object.hasOwn(scripts, name) ? scripts[name]! : { messages: [] };
    return [functionId(id, 'create'), () => new ScriptedSpout(script, log.ack, pace)] as const;
  });
  return { graph, functions: watched(graph, new Map([...functions, ...replaced]), log) };
}
