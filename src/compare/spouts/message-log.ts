/** What the spouts of a run emitted, so that two runs can be held against each other. Messages that came again count once. */
import { StreamError } from '../../core/errors.js';
import type { SpoutNode } from '../../topology/graph.js';
import { canonical, show } from '../canonical.js';
import type { Emission } from './spout-ledger.js';

/** A message as people see it, and how often it was emitted by itself. */
interface Logged {
  readonly text: string;
  count: number;
}

/** All messages of one run, by spout. */
export class MessageLog {
  readonly #bySpout = new Map<string, Map<string, Logged>>();

  readonly add = ({ spout, task, stream, values, id }: Emission): void => {
    const own = this.#bySpout.get(spout) ?? new Map<string, Logged>();
    this.#bySpout.set(spout, own);
    const name = canonical([task, stream, id, values]);
    const known = own.get(name);
    if (known === undefined) own.set(name, { text: shown(stream, values, id), count: 1 });
    // With an id it is the same message; without one it is another like it.
    else if (id === undefined) known.count += 1;
  };

  /** Different messages of a spout. */
  countOf(spout: string): number {
    return [...this.#of(spout).values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** The messages that the other log has not, or has less often. */
  beyond(spout: string, other: MessageLog): readonly string[] {
    const others = other.#of(spout);
    return [...this.#of(spout)].flatMap(([name, { text, count }]) =>
      count > (others.get(name)?.count ?? 0) ? [text] : [],
    );
  }

  #of(spout: string): ReadonlyMap<string, Logged> {
    return this.#bySpout.get(spout) ?? new Map();
  }
}

/** @throws StreamError `RG019` for a spout that did not emit the same in both modes: there is nothing to compare. */
export function demandSame(spouts: readonly SpoutNode[], microBatch: MessageLog, record: MessageLog): void {
  for (const { name, place } of spouts) {
    const only = { batches: microBatch.beyond(name, record), record: record.beyond(name, microBatch) };
    if (only.batches.length + only.record.length === 0) continue;
    throw new StreamError(
      'RG019',
      `the spout '${name}' is declared repeatable, and emitted other messages in each mode: ${[
        ...partOf(only.batches, 'as micro-batches'),
        ...partOf(only.record, 'record at a time'),
      ].join('; ')}`,
      'what it emits may depend on the clock, on chance, or on what it keeps outside of itself: none of these may be',
      { place },
    );
  }
}

function partOf(messages: readonly string[], how: string): readonly string[] {
  const [first] = messages;
  return first === undefined ? [] : [`${messages.length} only ${how}, such as ${first}`];
}

function shown(stream: string, values: unknown, id: unknown): string {
  return `${show(values)}${id === undefined ? '' : ` with id ${id}`}${stream === 'default' ? '' : ` on stream '${stream}'`}`;
}
