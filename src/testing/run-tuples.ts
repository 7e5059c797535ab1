/** `runTuples`: a job of spouts and bolts on virtual time, its tuple trees one by one. */
import { StreamError, StreamErrors } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import type { RecordOptions } from '../executors/executor.js';
import type { ComponentMetric } from '../executors/metrics.js';
import type { RunOptions } from '../host/run.js';
import { compile } from '../plan/compile.js';
import type { MessageId } from '../topology/components.js';
import { functionId, type SpoutNode, type Topology } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { captureSinks } from './captured-sinks.js';
import { notOneOf, notWhole, unknownNames } from './names.js';
import { ScriptedSpout, type SpoutScript } from './scripted-spout.js';
import { FaultyChannels, type TupleFault } from './tuple-faults.js';
import { type EmittedTuple, type FailedTuple, TupleLog } from './tuple-log.js';
import { startVirtual } from './virtual-run.js';
import { type DeliveredTuple, type LifeCall, type WindowActivation, watched } from './watched-components.js';

/** What `runTuples` is given. */
export interface TupleRunOptions {
  /** By spout: what it emits. A spout that is left out emits nothing. */
  readonly spouts: Readonly<Record<string, SpoutScript>>;
  /** Tasks of each keyed stage; spouts and bolts have their own. Default 1. */
  readonly parallelism?: number;
  /** Default 30 s, as Storm. */
  readonly messageTimeout?: Duration;
  /** The most pending messages of a spout task. Default 4096. */
  readonly maxSpoutPending?: number;
  readonly faults?: readonly TupleFault[];
  /** Ends the run at that virtual time. Default: when every message was acked or given up. */
  readonly until?: { readonly virtualMs: number };
  /** Acker tasks. Default 1. */
  readonly ackers?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** What came of the job; order is kept. */
export interface TupleRun {
  /** By sink. */
  readonly outputs: Record<string, unknown[]>;
  /** Messages that are done, once each. */
  readonly acked: MessageId[];
  /** Every failed attempt. */
  readonly failed: FailedTuple[];
  readonly emitted: EmittedTuple[];
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
}

/**
 * Runs a job in record mode on virtual time.
 *
 * 1. Each spout is replaced by one that emits its messages once, in order, and a failed one again up to `maxReplays` times.
 * 2. Sinks are captured; nothing is written. Faults lose single tuples and acks.
 * 3. The run ends when every message was acked or given up, or at `until`.
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
 * @throws StreamErrors for an unknown spout or component and whatever does not compile; StreamError that failed the job,
 * and `RG061` when it does not come to rest.
 */
export async function runTuples(topology: Topology, options: TupleRunOptions): Promise<TupleRun> {
  const { spouts, faults = [], until, seed, parallelism = 1 } = options;
  const names = spoutNames(topology);
  const problems = problemsOf(names, options);
  if (problems.length > 0) throw new StreamErrors(problems);
  const components = consumersOf(topology, parallelism);
  const unknown = unknownComponents(topology, faults, components);
  if (unknown.length > 0) throw new StreamErrors(unknown);

  const log = new TupleLog(components);
  const channels = new FaultyChannels(faults);
  const sinks = captureSinks(topology, { mode: 'record', parallelism });
  const settings: RunOptions = {
    mode: 'record',
    parallelism,
    writers: sinks,
    listener: log.listener,
    channels,
    record: recordOptions(options),
  };
  const run = await startVirtual(
    withSpouts(topology, spouts, log, until === undefined ? 'done' : 'idle'),
    () => settings,
    { seed },
  );
  let counts: number[] | undefined;
  if (until !== undefined) {
    await run.until(until.virtualMs * 1_000);
    log.isFrozen = true;
    channels.isFrozen = true;
    counts = [...sinks.values()].map((sink) => sink.results.length);
    run.job.stop();
  }
  const result = await run.end();
  if (result.error !== undefined && until === undefined) throw result.error;
  const executed = result.components.filter(({ component }) => components.includes(component));
  const stateful = topology.graph.nodes.filter((node) => nodeTraits(node).keeps === 'keyed state');
  const { acked, failed, emitted, deliveries: delivered, lifeCalls, activations } = log;
  return {
    outputs: Object.fromEntries(
      [...sinks].map(([name, sink], index) => [name, sink.results.slice(0, counts?.[index]).map(({ value }) => value)]),
    ),
    acked,
    failed,
    emitted,
    delivered,
    lifeCalls,
    activations,
    metrics: result.metrics,
    state: Object.fromEntries(
      stateful.map(({ uid }) => [uid, Array.from(result.state(uid), ([key, value]) => [key, value])]),
    ),
    executed: Object.fromEntries(executed.map(({ component, executedByTask }) => [component, [...executedByTask]])),
  };
}

function spoutNames(topology: Topology): readonly string[] {
  return topology.graph.nodes.flatMap((node) => (node.kind === 'spout' ? [node.name] : []));
}

function problemsOf(names: readonly string[], options: TupleRunOptions): readonly StreamError[] {
  const { spouts, faults = [], until, messageTimeout, maxSpoutPending, ackers } = options;
  const isNoTimeout = messageTimeout !== undefined && !(messageTimeout > 0);
  return [
    ...unknownNames('spout', Object.keys(spouts), names),
    ...faults.flatMap((fault) => [...notOneOf('drop', fault.drop, ['tuple', 'ack']), ...notWhole('nth', fault.nth, 1)]),
    ...Object.entries(spouts).flatMap(([name, { messages }]) => duplicateIds(name, messages)),
    ...Object.values(spouts).flatMap((script) => notWhole('maxReplays', script.maxReplays, 0)),
    ...notWhole('maxSpoutPending', maxSpoutPending, 1),
    ...notWhole('ackers', ackers, 1),
    ...(isNoTimeout
      ? [
          new StreamError(
            'RG010',
            `the message timeout is ${messageTimeout}; it must be more than 0`,
            'use for example millis(500)',
          ),
        ]
      : []),
    ...(until === undefined || until.virtualMs >= 0 ? [] : notWhole('until.virtualMs', until.virtualMs, 0)),
  ];
}

function duplicateIds(spout: string, messages: SpoutScript['messages']): readonly StreamError[] {
  const seen = new Set<MessageId>();
  const twice = new Set<MessageId>();
  for (const { id } of messages) (seen.has(id) ? twice : seen).add(id);
  return Array.from(twice, (id) => {
    const message = `spout '${spout}' has the message id ${JSON.stringify(id)} more than once; an id names one message`;
    return new StreamError('RG014', message, 'give each message an id of its own');
  });
}

/** An operator that has no edge since it is chained is there all the same: its problem is another one. */
function unknownComponents(
  topology: Topology,
  faults: readonly TupleFault[],
  components: readonly string[],
): readonly StreamError[] {
  const names = faults.map((fault) => fault.component);
  if (names.every((name) => components.includes(name))) return [];
  const chained = consumersOf(topology, 2).filter((name) => !components.includes(name));
  return [
    ...names
      .filter((name) => chained.includes(name))
      .map((name) => {
        const message = `component '${name}' is chained to what feeds it at parallelism 1, so no tuple is on its way to it`;
        return new StreamError('RG005', message, 'use parallelism: 2, which gives it edges');
      }),
    ...unknownNames(
      'component',
      names.filter((name) => !chained.includes(name)),
      components,
    ),
  ];
}

/** Everything that tuples are delivered to: bolts by name, and keyed operators behind an exchange by uid. */
function consumersOf(topology: Topology, parallelism: number): readonly string[] {
  const { operators, stages } = compile(topology, { mode: 'record', parallelism });
  return stages.flatMap(({ head }) => {
    const operator = operators[head]!;
    if (operator.kind === 'source' || operator.kind === 'spout') return [];
    return [operator.kind === 'bolt' ? operator.name : operator.uid];
  });
}

function withSpouts(
  { graph, functions }: Topology,
  scripts: Readonly<Record<string, SpoutScript>>,
  log: TupleLog,
  silence: 'done' | 'idle',
): Topology {
  const spouts = graph.nodes.filter((node): node is SpoutNode => node.kind === 'spout');
  const replaced = spouts.map(({ id, name }) => {
    const script = Object.hasOwn(scripts, name) ? scripts[name]! : { messages: [] };
    return [functionId(id, 'create'), () => new ScriptedSpout(script, log.ack, silence)] as const;
  });
  return { graph, functions: watched(graph, new Map([...functions, ...replaced]), log) };
}

function recordOptions({ messageTimeout, maxSpoutPending, ackers }: TupleRunOptions): Partial<RecordOptions> {
  return {
    ...(messageTimeout === undefined ? {} : { messageTimeout }),
    ...(maxSpoutPending === undefined ? {} : { maxSpoutPending }),
    ...(ackers === undefined ? {} : { ackers }),
  };
}
