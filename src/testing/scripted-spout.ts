/** A spout that emits given messages in order, and again when they fail. */
import type { MessageId, Spout, SpoutCollector, Streams, TaskInfo, Values } from '../topology/components.js';

/** One message. */
export interface ScriptedMessage {
  readonly id: MessageId;
  readonly values: Values;
  /** Default: the spout's default stream. */
  readonly stream?: string;
  /** The task that gets it, where the stream is a direct one. */
  readonly task?: number;
}

/** What a spout does in a test. */
export interface SpoutScript {
  /** Emitted once each, in order. With several tasks, message i is emitted by task i mod tasks. */
  readonly messages: readonly ScriptedMessage[];
  /** How often a message that failed is emitted again. Default 3. */
  readonly maxReplays?: number;
}

const REPLAYS_MAX = 3;

/**
 * One task of such a spout. `acked` hears of each id that the spout's `ack` was told. Without further messages it is
 * `done`, or, in a run with an end of its own, `idle`: then stream time and ticks go on.
 */
export class ScriptedSpout implements Spout<Values, Streams> {
  readonly #script: SpoutScript;
  readonly #acked: (id: MessageId) => void;
  readonly #silence: 'done' | 'idle';
  readonly #replays = new Map<MessageId, number>();
  #messages: ReadonlyMap<MessageId, ScriptedMessage> = new Map();
  #due: ScriptedMessage[] = [];

  constructor(script: SpoutScript, acked: (id: MessageId) => void, silence: 'done' | 'idle' = 'done') {
    this.#script = script;
    this.#acked = acked;
    this.#silence = silence;
  }

  open(_collector: SpoutCollector<Values, Streams>, { task, parallelism }: TaskInfo): void {
    this.#due = this.#script.messages.filter((_message, index) => index % parallelism === task);
    this.#messages = new Map(this.#due.map((message) => [message.id, message]));
  }

  nextTuple(collector: SpoutCollector<Values, Streams>): 'done' | 'idle' | undefined {
    const next = this.#due.shift();
    if (next === undefined) return this.#silence;
    emit(next, collector);
    return undefined;
  }

  ack(id: MessageId): void {
    this.#acked(id);
  }

  fail(id: MessageId): void {
    const { maxReplays = REPLAYS_MAX } = this.#script;
    const replays = this.#replays.get(id) ?? 0;
    const message = this.#messages.get(id);
    if (replays >= maxReplays || message === undefined) return;
    this.#replays.set(id, replays + 1);
    this.#due.push(message);
  }
}

function emit({ id, values, stream, task }: ScriptedMessage, collector: SpoutCollector<Values, Streams>): void {
  if (stream === undefined) collector.emit(values, id);
  else if (task === undefined) collector.emitTo(stream, values, id);
  else collector.emitDirect(task, stream, values, id);
}
