/** A tuple of a user-written spout, on its way through one batch. It knows neither the spout nor the batch. */
import type { MessageId, Values } from '../../topology/components.js';
import type { Emitted } from '../deferred-emits.js';

/** Where a message is: rows carry it, and whoever has the batch finds the message. */
export interface MessagePlace {
  readonly spout: string;
  readonly task: number;
  readonly offset: number;
  readonly id: MessageId | undefined;
}

export class SpoutMessage implements Emitted, MessagePlace {
  readonly spout: string;
  readonly task: number;
  /** Counts the emits of the spout's task. */
  readonly offset: number;
  readonly stream: string;
  readonly values: Values;
  readonly id: MessageId | undefined;
  readonly directTask: number;
  /** What its spout has heard, or is going to hear, of it. */
  answer: 'none' | 'ack' | 'fail' = 'none';

  constructor(emit: Emitted, from: { readonly spout: string; readonly task: number; readonly offset: number }) {
    this.spout = from.spout;
    this.task = from.task;
    this.offset = from.offset;
    this.stream = emit.stream;
    this.values = emit.values;
    this.id = emit.id;
    this.directTask = emit.directTask;
  }
}
