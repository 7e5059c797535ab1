/** `topology(name, settings?, build)`: runs the user's build function once and freezes what it made. */
import { defined } from '../core/defined.js';
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import { seconds } from '../core/time.js';
import { type BasicBolt, basicBolt } from './basic-bolt.js';
import { checkCount, checkDurations, checkedKeys, checkFunctions } from './check-arguments.js';
import { BoltDeclarer, type BoltOptions, Component, declareStreams, type SpoutOptions } from './component-streams.js';
import type { Bolt, NoStreams, Spout, Streams, Values } from './components.js';
import { GraphDraft, placeOf } from './draft.js';
import type { BoltNode, Graph, JobSettings, Topology } from './graph.js';
import { inOrder } from './in-order.js';
import { making, withText } from './made-component.js';
import { checkEnd, type SourceSpec } from './specs.js';
import { type StatefulBolt, statefulBolt } from './stateful-bolt.js';
import type { StatefulWindowedBolt, StatefulWindowOptions } from './stateful-windowed-bolt.js';
import { refIn } from './stream-base.js';
import { KeyedStream, type Stream } from './streams.js';
import { type TransformStreams, transformStreams } from './transform-streams.js';
import type { KeptKeys, Ordered, StreamOf } from './types.js';
import { windowRules } from './window-rules.js';
import { WindowRunner } from './window-runner.js';
import type { WindowedBolt, WindowOptions } from './windowed-bolt.js';

/** What a job has when its topology says nothing else. */
const DEFAULT_SETTINGS: JobSettings = {
  batchInterval: seconds(1),
  guarantee: 'at-least-once',
  onError: 'fail',
  attemptsMax: 4,
  maxEmptyIntervals: 10_000,
};

/** Handed to the build function: where streams begin. */
export class TopologyBuilder {
  readonly #draft: GraphDraft;

  constructor(draft: GraphDraft) {
    this.#draft = draft;
  }

  /** Begins a stream at a source, which the command line can replace by its name. */
  source<T>(name: string, source: SourceSpec<T>): StreamOf<T> {
    checkEnd('source', name, source);
    const { kind, options, capabilities, functions = {} } = source;
    const roles = Object.fromEntries(Object.entries(functions).map(([role, value]) => [`spec:${role}`, value]));
    const node = { kind: 'source', name, spec: { kind, options, capabilities } } as const;
    return this.#draft.stream(this.#draft.add(node, roles, this.source, `source:${name}`)) as StreamOf<T>;
  }

  /**
   * Calls a function once per interval with the elements of each of several streams and its end (us), also for an empty interval from the
   * first element on, and emits what it gives. As `transform` of a stream, which says more; the streams must have one slide.
   *
   * @throws StreamError `RG004` for no streams or no function, `RG021` for different slides. Source: Spark `StreamingContext.transform`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   words: [['a'], ['b', 'c']]
   *   t.transform([numbers, words], ([all, names]) => names.map((name) => `${name}${all.length}`))
   */
  transform<const S extends readonly Stream<unknown>[], U>(
    streams: S,
    transform: TransformStreams<S, U>,
    options: Ordered = {},
  ): StreamOf<U> {
    checkFunctions({ transform }, this.transform);
    const inputs = streams.map((stream) => refIn(this.#draft, stream));
    return this.#draft.stream(transformStreams(this.#draft, inputs, transform, options, this.transform)) as StreamOf<U>;
  }

  /** Declares a spout; `create` is called once per task. Source: Storm `TopologyBuilder.setSpout`. */
  setSpout<V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => Spout<V, S>,
    options: SpoutOptions<S> = {},
  ): Component<V, S> {
    const { setSpout: caller } = this;
    checkFunctions({ create }, caller);
    const { parallelism = 1, maxSpoutPending, messageTimeout, repeatable } = options;
    if (maxSpoutPending !== undefined) checkCount('maxSpoutPending', maxSpoutPending, caller);
    checkDurations({ messageTimeout }, caller, [], 1);
    const more = defined({ maxSpoutPending, messageTimeout, repeatable });
    const node = { kind: 'spout', name, parallelism, streams: declareStreams(options), ...more } as const;
    const checked = making(create, { what: 'spout', method: 'nextTuple' });
    return new Component<V, S>(this.#draft, this.#draft.add(node, { create: checked }, caller, name));
  }

  /** Declares a bolt; `create` is called once per task. Source: Storm `TopologyBuilder.setBolt`. */
  setBolt<In extends Values, V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => Bolt<In, V, S>,
    options: BoltOptions<S> = {},
  ): BoltDeclarer<In, V, S> {
    checkFunctions({ create }, this.setBolt);
    return this.#addBolt(name, making(create, { what: 'bolt', method: 'execute' }), options, this.setBolt);
  }

  /** Declares a bolt that acks by itself; `create` is called once per task. Source: Storm `setBolt` with an `IBasicBolt`. */
  setBasicBolt<In extends Values, V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => BasicBolt<In, V, S>,
    options: Omit<BoltOptions<S>, 'holdsTuples'> = {},
  ): BoltDeclarer<In, V, S> {
    checkFunctions({ create }, this.setBasicBolt);
    const checked = making(create, { what: 'bolt', method: 'execute' });
    return this.#addBolt(
      name,
      withText(() => basicBolt(checked()), create),
      options,
      this.setBasicBolt,
    );
  }

  /**
   * Declares a bolt whose state is in the job's checkpoints; `create` is called once per task. Behind sources that can be read again it
   * can be exactly-once. Source: Storm `setBolt` with an `IStatefulBolt`.
   */
  setStatefulBolt<In extends Values, K extends Key, State, V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => StatefulBolt<In, K, State, V, S>,
    options: BoltOptions<S> & KeptKeys = {},
  ): BoltDeclarer<In, V, S> {
    const { setStatefulBolt: caller } = this;
    checkFunctions({ create }, caller);
    const checked = making(create, { what: 'bolt', method: 'execute' });
    return this.#addBolt(
      name,
      withText(() => statefulBolt(checked()), create),
      options,
      caller,
      { keepsState: true, ...checkedKeys(options.maxKeys, caller) },
    );
  }

  /**
   * Declares a bolt on windows of tuples; `create` is called once per task. Record at a time its tuples are acked when they are in no window
   * any more, so their messages must be allowed to live that long; as micro-batches its windows are in a state, and they are acked there.
   * Source: Storm `BaseWindowedBolt`.
   *
   * @throws StreamError `RG004`, `RG010`, `RG011`, `RG018` for options that cannot be; `RG019` in record mode when windows are longer than
   * the message timeout, or have more tuples than `maxSpoutPending`.
   */
  setWindowedBolt<In extends Values, V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => WindowedBolt<In, V, S>,
    options: WindowOptions<In, S>,
  ): BoltDeclarer<In, V, S> {
    const { setWindowedBolt: caller } = this;
    checkFunctions({ create }, caller);
    return this.#addWindows(name, create, options, caller);
  }

  /**
   * Declares a bolt on windows of tuples, whose windows and state are in the job's checkpoints; `create` is called once per task. Behind
   * sources that can be read again it can be exactly-once.
   *
   * @throws StreamError `RG004`, `RG010`, `RG011`, `RG018` for options that cannot be. Source: Storm `BaseStatefulWindowedBolt`.
   */
  setStatefulWindowedBolt<In extends Values, K extends Key, State, V extends Values, S extends Streams = NoStreams>(
    name: string,
    create: () => StatefulWindowedBolt<In, K, State, V, S>,
    options: StatefulWindowOptions<In, S>,
  ): BoltDeclarer<In, V, S> {
    const { setStatefulWindowedBolt: caller } = this;
    const { messageId } = options ?? {};
    checkFunctions({ create, ...defined({ messageId }) }, caller);
    return this.#addWindows(name, create, options as WindowOptions<In, S>, caller, { messageId });
  }

  #addWindows<In extends Values, V extends Values, S extends Streams>(
    name: string,
    create: () => WindowedBolt<In, V, S>,
    options: WindowOptions<In, S>,
    caller: (...args: never[]) => unknown,
    stateful?: { readonly messageId: ((values: In) => Key) | undefined },
  ): BoltDeclarer<In, V, S> {
    const keepsState = stateful !== undefined;
    const { windows, tick, rules } = windowRules((options ?? {}) as never, caller, keepsState);
    const all: BoltOptions<S> = { ...options, holdsTuples: !keepsState, ...defined({ tick }) };
    const whole = { ...rules, inputs: () => inputs(), messageId: stateful?.messageId as never };
    const checked = making(create, { what: 'bolt', method: 'execute' });
    const run = () => new WindowRunner(checked() as never, whole) as unknown as Bolt<In, V, S>;
    const bolt = this.#addBolt(name, withText(run, create), all, caller, {
      windows,
      ...(keepsState ? { keepsState } : {}),
    });
    const inputs = (): number => (this.#draft.nodes[bolt.ref.node] as BoltNode).inputs.length;
    return bolt;
  }

  #addBolt<In extends Values, V extends Values, S extends Streams>(
    name: string,
    create: () => Bolt<In, V, S>,
    options: BoltOptions<S>,
    caller: (...args: never[]) => unknown,
    more: Partial<BoltNode> = {},
  ): BoltDeclarer<In, V, S> {
    const { parallelism = 1, tick, holdsTuples = false, stateless } = options;
    checkDurations({ tick }, caller);
    const streams = declareStreams(options);
    const own = { kind: 'bolt', name, parallelism, streams, inputs: [], tickEvery: tick, holdsTuples } as const;
    const node = { ...own, ...defined({ stateless }), ...more };
    return new BoltDeclarer<In, V, S>(this.#draft, this.#draft.add(node, { create }, caller, name));
  }
}

/**
 * Describes a job. Nothing runs, opens or validates yet: `run`, `compare` and `explain` take what it returns.
 *
 * ```ts
 * import { topology, seconds } from 'raingauge';
 * import { memory } from 'raingauge/sources';
 * import { stdout } from 'raingauge/sinks';
 *
 * export default topology('lengths', { batchInterval: seconds(0.5) }, (t) => {
 *   t.source('words', memory(['rain', 'gauge'])).map((word) => word.length).to('lengths', stdout());
 * });
 * ```
 */
export function topology(name: string, settings: Partial<JobSettings>, build: (t: TopologyBuilder) => void): Topology;
export function topology(name: string, build: (t: TopologyBuilder) => void): Topology;
export function topology(
  name: string,
  settings: Partial<JobSettings> | ((t: TopologyBuilder) => void),
  build?: (t: TopologyBuilder) => void,
): Topology {
  const draft = new GraphDraft((each, ref) => new KeyedStream(each, ref));
  const [own, making] = typeof settings === 'function' ? [{}, settings] : [settings, build];
  checkFunctions({ build: making }, topology);
  const returned: unknown = making!(new TopologyBuilder(draft));
  draft.seal();
  if (isLater(returned)) throw notAtOnce(name, returned);
  const { nodes, functions } = inOrder(draft);
  const graph: Graph = { name, settings: { ...DEFAULT_SETTINGS, ...own }, nodes };
  return Object.freeze({ graph: deepFreeze(graph), functions });
}

/** What an `async` function or a generator gives: it has not run to its end. */
function isLater(returned: unknown): returned is object {
  const tag = Object.prototype.toString.call(returned);
  return (typeof returned === 'object' && returned !== null && 'then' in returned) || /Generator\]$/.test(tag);
}

function notAtOnce(name: string, returned: object): StreamError {
  // What it goes on with is refused too, and nobody waits for it.
  if (returned instanceof Promise) returned.catch(() => undefined);
  return new StreamError(
    'RG023',
    `the function that builds topology '${name}' returned ${'then' in returned ? 'a promise' : 'a generator'}`,
    'await what you need before topology(…), and remove async, or the star of function*',
    { place: placeOf(topology) },
  );
}

/** The same job with other settings: what flags of the command line do. */
export function withSettings(job: Topology, settings: Partial<JobSettings>): Topology {
  return {
    graph: deepFreeze({ ...job.graph, settings: { ...job.graph.settings, ...settings } }),
    functions: job.functions,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
