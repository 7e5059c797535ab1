/** Basic bolts: each tuple is acked when `execute` returns, and anchors all that was emitted meanwhile. */
import { StreamError } from '../core/errors.js';
import {
  type Bolt,
  isTick,
  type NoStreams,
  type OutputCollector,
  type SpoutMessageId,
  type StreamName,
  type Streams,
  type TaskInfo,
  type Tuple,
  type Values,
  type ValuesOn,
} from './components.js';

/** A basic bolt's way out: every emit is anchored to the tuple at hand. Source: Storm `BasicOutputCollector`. */
export interface BasicOutputCollector<V extends Values, S extends Streams = NoStreams> {
  emit(values: V): void;
  emitTo<N extends keyof S & string>(stream: N, values: S[N]): void;
  emitDirect<N extends StreamName<S>>(task: number, stream: N, values: ValuesOn<V, S, N>): void;
  /** Starts the message timeout of the tuple's trees anew. */
  resetTimeout(tuple: Tuple): void;
  /** The messages of spouts that the tuple came of, as those of `OutputCollector`. */
  messageIds(tuple: Tuple): readonly SpoutMessageId[];
  /** Tells of an error that fails nothing, as that of `OutputCollector`: the tuple is acked. */
  reportError(error: unknown): void;
}

/**
 * A bolt that has nothing to say about tuples: what `execute` emits is anchored, and the tuple is acked when it returns. If it throws,
 * the tuple fails, and is delivered again if its spout wants it.
 *
 * Source: Storm `IBasicBolt`, `BasicBoltExecutor`. There any exception but `FailedException` ends the worker.
 */
export interface BasicBolt<In extends Values, V extends Values = Values, S extends Streams = NoStreams> {
  prepare?(info: TaskInfo): void;
  execute(tuple: Tuple<In>, collector: BasicOutputCollector<V, S>): void;
  cleanup?(): void;
}

/** The bolt that runs a basic one. */
export function basicBolt<In extends Values, V extends Values, S extends Streams>(
  basic: BasicBolt<In, V, S>,
): Bolt<In, V, S> {
  let name = '';
  let out: BasicCollector<V, S> | undefined;
  return {
    prepare: (collector, info) => {
      name = info.component;
      out = new BasicCollector(collector, name);
      basic.prepare?.(info);
    },
    execute: (tuple, collector) => {
      out!.tuple = tuple;
      try {
        const returned: unknown = basic.execute(tuple, out!);
        // What is asynchronous is refused by the engine, which looks at what comes back.
        if (returned instanceof Promise) return returned as never;
      } finally {
        out!.tuple = undefined;
      }
      if (!isTick(tuple)) collector.ack(tuple);
    },
    cleanup: () => basic.cleanup?.(),
  };
}

class BasicCollector<V extends Values, S extends Streams> implements BasicOutputCollector<V, S> {
  /** Undefined between calls of `execute`. */
  tuple: Tuple | undefined;
  readonly #out: OutputCollector<V, S>;
  readonly #name: string;

  constructor(out: OutputCollector<V, S>, name: string) {
    this.#out = out;
    this.#name = name;
  }

  emit(values: V): void {
    this.#out.emit(values, this.#anchor());
  }

  emitTo<N extends keyof S & string>(stream: N, values: S[N]): void {
    this.#out.emitTo(stream, values, this.#anchor());
  }

  emitDirect<N extends StreamName<S>>(task: number, stream: N, values: ValuesOn<V, S, N>): void {
    this.#out.emitDirect(task, stream, values, this.#anchor());
  }

  resetTimeout(tuple: Tuple): void {
    this.#out.resetTimeout(tuple);
  }

  messageIds(tuple: Tuple): readonly SpoutMessageId[] {
    return this.#out.messageIds(tuple);
  }

  reportError(error: unknown): void {
    this.#out.reportError(error);
  }

  #anchor(): Tuple {
    if (this.tuple !== undefined) return this.tuple;
    throw new StreamError(
      'RG036',
      `the basic bolt '${this.#name}' emitted when execute had returned: its tuple is acked`,
      'emit within execute, or write a bolt that acks by itself: setBolt',
      { operator: this.#name },
    );
  }
}
