/**
 * In which order partitions of the topic had their turns, where several share a partition of the source: a batch that is repeated must
 * have its records in the order that it had. Each partition by itself has Kafka's order.
 */
import { StreamError } from '../../core/errors.js';

/** Turns below what is committed that are kept: a restart may go back behind the newest checkpoint, when that is damaged. */
const TURNS_KEPT = 300;

/** A run of records of one partition of the topic, up to this offset in Kafka. */
export interface Turn {
  readonly partition: number;
  readonly end: number;
}

/** As plain JSON. */
export interface TurnsState {
  /** `PARTITION@END` of each turn, a blank between two. */
  readonly turns: string;
  /** By partition, the end of the last turn that is forgotten. */
  readonly forgotten: Readonly<Record<number, number>>;
}

/** Grows by a turn for each poll that takes from another partition than the one before, until they are committed. */
export class Turns {
  /** Turns of an earlier life, whose records come again before any others. */
  readonly #again: Turn[];
  /** In order; the text has all but the last. */
  #turns: Turn[];
  #text = '';
  readonly #forgotten: Map<number, number>;
  readonly #committed = new Map<number, number>();

  /** `known`: what an earlier life wrote down; `places`: where each partition goes on now. @throws StreamError `RG064`. */
  constructor(known: TurnsState | undefined, places: ReadonlyMap<number, number>) {
    this.#turns = turnsIn(known?.turns ?? '');
    this.#again = [...this.#turns];
    this.#forgotten = new Map(Object.entries(known?.forgotten ?? {}).map(([one, end]) => [Number(one), end]));
    for (const [partition, end] of this.#forgotten) if ((places.get(partition) ?? 0) < end) throw tooFarBack(partition);
    this.#write();
  }

  /** Whose turn it is, and up to where; undefined: anybody's. */
  get due(): Turn | undefined {
    return this.#again[0];
  }

  /** That turn is over. */
  next(): void {
    this.#again.shift();
  }

  /** Records up to that offset were taken from a partition, in nobody's turn. */
  took(partition: number, end: number): void {
    const last = this.#turns.at(-1);
    if (last?.partition === partition) this.#turns[this.#turns.length - 1] = { partition, end };
    else {
      if (last !== undefined) this.#text += `${textOf(last)} `;
      this.#turns.push({ partition, end });
    }
  }

  /** Everything of the partition below that offset is durable. */
  commit(partition: number, offset: number): void {
    this.#committed.set(partition, offset);
    const isDone = ({ partition: one, end }: Turn): boolean => end <= (this.#committed.get(one) ?? 0);
    const first = this.#turns.findIndex((turn) => !isDone(turn));
    const over = (first < 0 ? this.#turns.length : first) - TURNS_KEPT;
    // Seldom, since the text is made anew.
    if (over < TURNS_KEPT) return;
    for (const { partition: one, end } of this.#turns.splice(0, over)) this.#forgotten.set(one, end);
    this.#write();
  }

  state(): TurnsState {
    const last = this.#turns.at(-1);
    const turns = last === undefined ? this.#text : this.#text + textOf(last);
    return { turns, forgotten: Object.fromEntries(this.#forgotten) };
  }

  #write(): void {
    this.#text = this.#turns
      .slice(0, -1)
      .map((turn) => `${textOf(turn)} `)
      .join('');
  }
}

function textOf({ partition, end }: Turn): string {
  return `${partition}@${end}`;
}

function turnsIn(text: string): Turn[] {
  return Array.from(text.matchAll(/(\d+)@(\d+)/g), ([, partition, end]) => ({
    partition: Number(partition),
    end: Number(end),
  }));
}

function tooFarBack(partition: number): StreamError {
  return new StreamError(
    'RG064',
    `records of the new Kafka partition ${partition} were read in an order that is not remembered as far back as this checkpoint`,
    'start anew with another checkpoint folder',
  );
}
