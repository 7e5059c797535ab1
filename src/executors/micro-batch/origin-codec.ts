/** The spout messages of rows on their way between threads or processes: places, each once. It knows no rows. */
import type { MessageId } from '../../topology/components.js';
import { type Column, cellsOf, columnOf } from '../column-codec.js';
import { NumberColumn, type Numbers, spread } from '../number-column.js';
import type { MessagePlace } from './spout-message.js';
import { messagesOf, type Origin } from './task-context.js';

export interface SentOrigins {
  /** Tasks of spouts. */
  readonly spouts: readonly (readonly [spout: string, task: number])[];
  /** By message: which of the spouts, and the offset and id there. */
  readonly from: Numbers;
  readonly offsets: Numbers;
  readonly ids: Column;
  /** By row: how many messages it came of. */
  readonly counts: Numbers;
  /** The messages of the first row, then those of the second … */
  readonly messages: Numbers;
}

/** Undefined when no row came of a message. `buffers` gets what may be transferred. */
export function sentOrigins(
  origins: readonly Origin[],
  length: number,
  buffers: ArrayBuffer[],
): SentOrigins | undefined {
  const places = new Map<string, number>();
  const spouts: (readonly [string, number])[] = [];
  const numbers = new Map<MessagePlace, number>();
  const ids: unknown[] = [];
  const [from, offsets, counts, messages] = Array.from({ length: 4 }, () => new NumberColumn());
  const numberOf = (message: MessagePlace): number => {
    const known = numbers.get(message);
    if (known !== undefined) return known;
    const { spout, task, offset, id } = message;
    const name = `${spout}:${task}`;
    const place = places.get(name) ?? spouts.push([spout, task]) - 1;
    places.set(name, place);
    from!.add(place);
    offsets!.add(offset);
    ids.push(id);
    numbers.set(message, numbers.size);
    return numbers.size - 1;
  };
  for (let row = 0; row < length; row++) {
    const all = messagesOf(origins[row]);
    counts!.add(all.length);
    for (const message of all) messages!.add(numberOf(message));
  }
  if (numbers.size === 0) return undefined;
  return {
    spouts,
    from: from!.sent(buffers),
    offsets: offsets!.sent(buffers),
    ids: columnOf(ids, buffers),
    counts: counts!.sent(buffers),
    messages: messages!.sent(buffers),
  };
}

/** The messages that a task's rows name, each one object: two rows of one message are of the same one. */
export class KnownMessages {
  /** By spout and task. */
  readonly #known = new Map<string, Map<number, MessagePlace>>();

  /** By row. */
  originsOf(sent: SentOrigins | undefined, length: number): readonly Origin[] {
    if (sent === undefined) return new Array<Origin>(length).fill(undefined);
    const from = spread(sent.from);
    const ids = cellsOf(sent.ids);
    const places = Array.from(spread(sent.offsets), (offset, i) => {
      const [spout, task] = sent.spouts[from[i]!]!;
      return this.#one({ spout, task, offset, id: ids[i] as MessageId });
    });
    const counts = spread(sent.counts);
    const messages = spread(sent.messages);
    let at = 0;
    return Array.from({ length }, (_, row) => {
      const count = counts[row]!;
      at += count;
      if (count < 2) return count === 0 ? undefined : places[messages[at - 1]!];
      return Array.from(messages.subarray(at - count, at), (number) => places[number]!);
    });
  }

  #one(place: MessagePlace): MessagePlace {
    const { spout, task, offset } = place;
    const name = `${spout}:${task}`;
    let known = this.#known.get(name);
    if (known === undefined) {
      known = new Map();
      this.#known.set(name, known);
    }
    const before = known.get(offset);
    if (before === undefined) known.set(offset, place);
    return before ?? place;
  }
}
