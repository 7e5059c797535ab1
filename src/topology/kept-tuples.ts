/** The tuples of windows that are in their bolt's state: so they are acked at once, and there again after a restart. */
import { encodeKey, type Key } from '../core/keys.js';
import type { Tuple, Values } from './components.js';
import type { KeyValueState } from './stateful-bolt.js';
import type { Entry } from './tuple-windows.js';

/** A tuple in the state. `new`: no window had it. `expired`: in none any more, and not told yet. */
interface Row {
  readonly time: number;
  readonly phase: 'new' | 'seen' | 'expired';
  readonly tuple: Tuple;
  /** Of an expired one: the how manieth to leave. */
  readonly left?: number;
}

/** Where the runner of windows stands. */
export interface WindowProgress {
  readonly windows: readonly number[];
  /** Highest time of each input stream. */
  readonly highest: readonly (readonly [stream: string, time: number])[];
  readonly ticksSince: number;
}

/** What a restart begins with. */
export interface RestoredWindows {
  readonly entries: readonly Entry<Tuple>[];
  readonly expired: readonly Tuple[];
  /** Undefined when nothing ever was kept. */
  readonly progress: WindowProgress | undefined;
}

const PROGRESS = 'progress';

/** One row for each tuple, by its number; under `progress` where the windows stand. */
export class KeptTuples {
  readonly #rows: KeyValueState<Key, Row | WindowProgress>;
  readonly #messageId: ((values: Values) => Key) | undefined;
  readonly #numbers = new Map<Tuple, number>();
  readonly #messages = new Set<string>();
  #next = 0;
  /** Tuples that have expired so far. */
  #left = 0;

  constructor(rows: KeyValueState, messageId: ((values: Values) => Key) | undefined) {
    this.#rows = rows as KeyValueState<Key, Row | WindowProgress>;
    this.#messageId = messageId;
  }

  /** What is kept. */
  restored(): RestoredWindows {
    const progress = this.#rows.get(PROGRESS) as WindowProgress | undefined;
    const rows = [...this.#rows.entries()]
      .filter((row): row is readonly [number, Row] => typeof row[0] === 'number')
      .toSorted(([a], [b]) => a - b);
    for (const [number, { tuple }] of rows) this.#know(number, tuple);
    const entries = rows
      .filter(([, { phase }]) => phase !== 'expired')
      .map(([, { time, phase, tuple }]) => ({ value: tuple, time, isSeen: phase === 'seen' }));
    const expired = rows
      .flatMap(([, { left, tuple }]) => (left === undefined ? [] : [{ left, tuple }]))
      .toSorted((a, b) => a.left - b.left);
    this.#left = (expired.at(-1)?.left ?? -1) + 1;
    return { entries, expired: expired.map(({ tuple }) => tuple), progress };
  }

  /** Whether a tuple of the same message is kept. */
  has({ values }: Tuple): boolean {
    return this.#messageId !== undefined && this.#messages.has(encodeKey(this.#messageId(values)));
  }

  /** Keeps a tuple; gives the one that stands for it, which nobody can ack. */
  add({ values, sourceComponent, sourceTask, sourceStream, timestamp }: Tuple, time: number): Tuple {
    const tuple = { values, sourceComponent, sourceTask, sourceStream, timestamp };
    this.#rows.put(this.#next, { time, phase: 'new', tuple });
    this.#know(this.#next, tuple);
    return tuple;
  }

  seen(tuple: Tuple): void {
    this.#turn(tuple, 'seen');
  }

  expired(tuple: Tuple): void {
    this.#turn(tuple, 'expired', { left: this.#left++ });
  }

  forget(tuple: Tuple): void {
    this.#rows.delete(this.#numbers.get(tuple)!);
    this.#numbers.delete(tuple);
    if (this.#messageId !== undefined) this.#messages.delete(encodeKey(this.#messageId(tuple.values)));
  }

  progress(progress: WindowProgress): void {
    this.#rows.put(PROGRESS, progress);
  }

  #know(number: number, tuple: Tuple): void {
    this.#next = number + 1;
    this.#numbers.set(tuple, number);
    if (this.#messageId !== undefined) this.#messages.add(encodeKey(this.#messageId(tuple.values)));
  }

  #turn(tuple: Tuple, phase: Row['phase'], more: Pick<Row, 'left'> = {}): void {
    const number = this.#numbers.get(tuple)!;
    this.#rows.put(number, { ...(this.#rows.get(number) as Row), phase, ...more });
  }
}
