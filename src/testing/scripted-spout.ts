/** A spout that emits given messages in order, and again when they fail. */
import type { MessageId, Spout, SpoutCollector, TaskInfo, Values } from '../topology/components.js';

/** One message. */
export interface ScriptedMessage {
  readonly id: MessageId;
  readonly values: Values;
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
export class ScriptedSpout implements Spout<Values> {
  readonly #script: SpoutScript;
  readonly #acked: (id: MessageId) => void;
  readonly #silence: 'done' | 'idle';
  readonly #replays = new Map<MessageId, number>();
  #messages: ReadonlyMap<MessageId, Values> = new Map();
  #due: ScriptedMessage[] = [];

  constructor(script: SpoutScript, acked: (id: MessageId) => void, silence: 'done' | 'idle' = 'done') {
    this.#script = script;
    this.#acked = acked;
    this.#silence = silence;
  }

  open(_collector: SpoutCollector<Values>, { task, parallelism }: TaskInfo): void {
    this.#due = this.#script.messages.filter((_message, index) => index % parallelism === task);
    this.#messages = new Map(this.#due.map(({ id, values }) => [id, values]));
  }

  nextTuple(collector: SpoutCollector<Values>): 'done' | 'idle' | undefined {
    const next = this.#due.shift();
    if (next === undefined) return this.#silence;
    collector.emit(next.values, next.id);
    return undefined;
  }

  ack(id: MessageId): void {
    this.#acked(id);
  }

  fail(id: MessageId): void {
    const { maxReplays = REPLAYS_MAX } = this.#script;
    const replays = this.#replays.get(id) ?? 0;
    const values = this.#messages.get(id);
    if (replays >= maxReplays || values === undefined) return;
    this.#replays.set(id, replays + 1);
    this.#due.push({ id, values });
  }
}
