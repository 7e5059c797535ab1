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
  /** It is not emitted before that virtual time; those behind it do not wait for it. Default 0. */
  readonly virtualMs?: number;
}

/** What a spout does in a test. */
export interface SpoutScript {
  /** Emitted once each, in order. With several tasks, message i is emitted by task i mod tasks. */
  readonly messages: readonly ScriptedMessage[];
  /** How often a message that failed is emitted again. Default 3. */
  readonly maxReplays?: number;
}

/** What such a spout goes by: the clock, and what it says without further messages. */
export interface SpoutPace {
  /** Virtual time (us). */
  now(): number;
  /** `idle`: stream time and ticks go on. */
  readonly silence: 'done' | 'idle';
}

const REPLAYS_MAX = 3;
const TIMELESS: SpoutPace = { now: () => Number.POSITIVE_INFINITY, silence: 'done' };

/** One task of such a spout. `acked` hears of each id that the spout's `ack` was told. */
export class ScriptedSpout implements Spout<Values, Streams> {
  readonly #script: SpoutScript;
  readonly #acked: (id: MessageId) => void;
  readonly #pace: SpoutPace;
  readonly #replays = new Map<MessageId, number>();
  #messages: ReadonlyMap<MessageId, ScriptedMessage> = new Map();
  #due: ScriptedMessage[] = [];

  constructor(script: SpoutScript, acked: (id: MessageId) => void, pace = TIMELESS) {
    this.#script = script;
    this.#acked = acked;
    this.#pace = pace;
  }

  open(_collector: SpoutCollector<Values, Streams>, { task, parallelism }: TaskInfo): void {
    this.#due = this.#script.messages.filter((_message, index) => index % parallelism === task);
    this.#messages = new Map(this.#due.map((message) => [message.id, message]));
  }

  nextTuple(collector: SpoutCollector<Values, Streams>): 'done' | 'idle' | undefined {
    if (this.#due.length === 0) return this.#pace.silence;
    const nowMs = this.#pace.now() / 1_000;
    const next = this.#due.findIndex(({ virtualMs = 0 }) => virtualMs <= nowMs);
    if (next < 0) return 'idle';
    emit(this.#due.splice(next, 1)[0]!, collector);
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
