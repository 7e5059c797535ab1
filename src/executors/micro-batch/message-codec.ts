/** A spout's messages on their way to a worker: columns beside those of their values. It knows no blocks. */
import type { MessageId, Values } from '../../topology/components.js';
import { type Column, columnOf, valuesOf } from '../column-codec.js';
import { SpoutMessage } from './spout-message.js';

export interface SentMessages {
  readonly spout: string;
  readonly task: number;
  readonly streams: Column;
  readonly ids: Column;
  readonly directTasks: Column;
}

/** Undefined where values are no messages. */
export function sentMessages(values: readonly unknown[]): SentMessages | undefined {
  const [first] = values;
  if (!(first instanceof SpoutMessage)) return undefined;
  const messages = values as readonly SpoutMessage[];
  const column = (of: (message: SpoutMessage) => unknown): Column => columnOf(messages.map(of), []);
  return {
    spout: first.spout,
    task: first.task,
    streams: column(({ stream }) => stream),
    ids: column(({ id }) => id),
    directTasks: column(({ directTask }) => directTask),
  };
}

/** The messages of these values; the first has that offset. */
export function messagesFrom(sent: SentMessages, values: readonly unknown[], firstOffset: number): SpoutMessage[] {
  const { spout, task } = sent;
  const [streams, ids, directTasks] = [sent.streams, sent.ids, sent.directTasks].map(valuesOf);
  return values.map((each, i) => {
    const emit = {
      stream: streams![i] as string,
      values: each as Values,
      id: ids![i] as MessageId | undefined,
      directTask: directTasks![i] as number,
    };
    return new SpoutMessage(emit, { spout, task, offset: firstOffset + i });
  });
}
