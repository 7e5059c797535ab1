/** Handles on spouts and bolts: their streams, and the groupings by which a bolt reads others. */
import type { Duration } from '../core/time.js';
import { checkFields, checkFunctions } from './check-arguments.js';
import type { CustomGrouping, NoStreams, Streams, Values } from './components.js';
import type { BoltNode, DeclaredStream, Grouping, StreamRef } from './graph.js';
import { making } from './made-component.js';
import { Stream } from './streams.js';

/** Options of a spout or bolt. */
export interface ComponentOptions<S extends Streams> {
  /** Number of tasks. Default 1. */
  readonly parallelism?: number;
  /** Its default stream is a direct one too: written by `emitDirect(task, 'default', …)` only. Storm: `declare(true, fields)`. */
  readonly direct?: boolean;
  /** The further streams of the component's type; a `direct` one is written by `emitDirect` only. */
  readonly streams?: { readonly [N in keyof S]: 'grouped' | 'direct' };
}

/** Options of a spout. */
export interface SpoutOptions<S extends Streams> extends ComponentOptions<S> {
  /** The most pending messages of each of its tasks. Default: the job's. Storm: `setMaxSpoutPending`. */
  readonly maxSpoutPending?: number;
  /** How long its messages may take. Default: the job's. Storm: `topology.message.timeout.secs` in its configuration. */
  readonly messageTimeout?: Duration;
  /**
   * Each of its tasks, made anew, emits the same messages, whatever the clock says and whatever other tasks do. `compare` demands it, since
   * it runs the spout once in each mode, and finds out whether it is so.
   */
  readonly repeatable?: boolean;
}

/** Options of a bolt. */
export interface BoltOptions<S extends Streams> extends ComponentOptions<S> {
  /** Brings a tick tuple at each multiple of this much stream time, after all tuples before it. */
  readonly tick?: Duration;
  /** The bolt acks tuples later than in the call that brought them, so stream time does not wait for them. */
  readonly holdsTuples?: boolean;
  /** What the bolt makes of a tuple depends on that tuple alone: neither their order nor which task has them matters to `compare`. */
  readonly stateless?: boolean;
}

/** The declared streams of a component, its default one first. */
export function declareStreams(options: {
  readonly direct?: boolean;
  readonly streams?: Readonly<Record<string, 'grouped' | 'direct'>>;
}): readonly DeclaredStream[] {
  const further = Object.entries(options.streams ?? {}).map(([name, kind]) => ({ name, direct: kind === 'direct' }));
  return [{ name: 'default', direct: options.direct === true }, ...further];
}

/** A spout or bolt. It is its own default stream. */
export class Component<V extends Values, S extends Streams = NoStreams> extends Stream<V> {
  /** One of its further streams. */
  stream<N extends keyof S & string>(name: N): Stream<S[N]> {
    return new Stream<S[N]>(this.draft, { node: this.ref.node, output: name });
  }
}

/** A bolt: groupings say which streams it reads and how their tuples spread over its tasks. */
export class BoltDeclarer<In extends Values, V extends Values, S extends Streams = NoStreams> extends Component<V, S> {
  /** For types only. */
  declare readonly takes: (values: In) => void;

  /**
   * In turn, so that each task gets the same number. With `loadAware` tasks on a worker that is behind are passed over, as far as the driver
   * of record mode knows: as micro-batches, and where the writer is on a worker itself, it goes in turn.
   *
   * Source: Storm `ShuffleGrouping`, and `LoadAwareShuffleGrouping`, which is Storm's default.
   */
  shuffleGrouping(from: Stream<In>, { loadAware = false }: { readonly loadAware?: boolean } = {}): this {
    return this.#read(from, loadAware ? { kind: 'shuffle', loadAware } : { kind: 'shuffle' }, this.shuffleGrouping);
  }

  /** As shuffle, but only to tasks on the same worker where there are some. Source: Storm `localOrShuffleGrouping`. */
  localOrShuffleGrouping(from: Stream<In>): this {
    return this.#read(from, { kind: 'localOrShuffle' }, this.localOrShuffleGrouping);
  }

  /** Tuples with equal values in these fields go to the same task. Source: Storm `fieldsGrouping`. */
  fieldsGrouping<T extends In>(from: Stream<T>, ...fields: readonly (keyof T & string)[]): this {
    checkFields(fields, this.fieldsGrouping);
    return this.#read(from, { kind: 'fields', fields }, this.fieldsGrouping);
  }

  /**
   * Each key of these fields has two tasks, and its tuples go to the one that got less so far: a hot key loads two tasks, not one.
   * A count by key is then in two parts, which a further bolt with a fields grouping adds up.
   *
   * Source: Storm `PartialKeyGrouping`; Nasir et al., "The power of both choices" (2015). The two tasks are not Storm's.
   */
  partialKeyGrouping<T extends In>(from: Stream<T>, ...fields: readonly (keyof T & string)[]): this {
    checkFields(fields, this.partialKeyGrouping);
    return this.#read(from, { kind: 'partialKey', fields }, this.partialKeyGrouping);
  }

  /** The user does not care: each tuple goes to a task drawn at random. Source: Storm `noneGrouping`. */
  noneGrouping(from: Stream<In>): this {
    return this.#read(from, { kind: 'none' }, this.noneGrouping);
  }

  /**
   * The user's own function chooses, for each tuple, one task or several; `create` is called once for each task that writes. An empty
   * list drops the tuple.
   *
   * @throws StreamError `RG039` at run time for a task that is not there.
   * Source: Storm `CustomStreamGrouping`.
   */
  customGrouping<T extends In>(from: Stream<T>, create: () => CustomGrouping<T & Values>): this {
    checkFunctions({ create }, this.customGrouping);
    const role = `grouping:${(this.draft.nodes[this.ref.node] as BoltNode).inputs.length}`;
    const made = making(create, { what: 'grouping', method: 'chooseTasks' });
    this.draft.addFunction(this.ref.node, role, made, this.customGrouping);
    return this.#read(from, { kind: 'custom', role }, this.customGrouping);
  }

  /** Every task gets every tuple. Source: Storm `allGrouping`. */
  allGrouping(from: Stream<In>): this {
    return this.#read(from, { kind: 'all' }, this.allGrouping);
  }

  /** The first task gets all tuples. Source: Storm `globalGrouping`. */
  globalGrouping(from: Stream<In>): this {
    return this.#read(from, { kind: 'global' }, this.globalGrouping);
  }

  /** The producer chooses the task, by `emitDirect` on a direct stream. Source: Storm `directGrouping`. */
  directGrouping(from: Stream<In>): this {
    return this.#read(from, { kind: 'direct' }, this.directGrouping);
  }

  #read(from: { readonly ref: StreamRef }, grouping: Grouping, caller: (...args: never[]) => unknown): this {
    const node = this.draft.nodes[this.ref.node] as BoltNode;
    this.draft.replace({ ...node, inputs: [...node.inputs, { stream: this.refOf(from), grouping }] }, caller);
    return this;
  }
}
