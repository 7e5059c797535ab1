/** Runs a windowed bolt: puts tuples into windows, gives each window to the user's bolt, and acks what is in no window any more. */
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import {
  type Bolt,
  isTick,
  type NoStreams,
  type OutputCollector,
  type Streams,
  type TaskInfo,
  type Tuple,
  type Values,
} from './components.js';
import type { BoltWindows } from './graph.js';
import { KeptTuples } from './kept-tuples.js';
import { LastElementsWindows, LastWhileWindows } from './mixed-windows.js';
import type { StateSpaces } from './stateful-bolt.js';
import type { StatefulWindowedBolt } from './stateful-windowed-bolt.js';
import { CountWindows, type DueWindow, type Entry, TimeWindows, type Windows } from './tuple-windows.js';
import type { TupleWindow, WindowCollector, WindowedBolt } from './windowed-bolt.js';

/** What a runner must know of its windows. Times in us. */
export interface WindowRules {
  readonly unit: 'time' | 'count';
  readonly length: number;
  readonly slideUnit: 'time' | 'count';
  readonly slide: number;
  readonly ackOn: BoltWindows['ackOn'];
  readonly timestamp: ((values: Values) => number) | undefined;
  readonly lag: number;
  readonly lateStream: string | undefined;
  /** Ticks without a tuple after which everything is a window; undefined: never. */
  readonly idleTicks: number | undefined;
  /** Of a stateful bolt: what tells a message, so that one that comes again while it is kept is dropped. */
  readonly messageId?: ((values: Values) => Key) | undefined;
  /** Input streams of the bolt, known when the job is built: the watermark waits until each has had a tuple. */
  readonly inputs: () => number;
}

/** By the kind of the length and of the slide. */
const WINDOWS = {
  'time by time': TimeWindows,
  'count by count': CountWindows,
  'count by time': LastElementsWindows,
  'time by count': LastWhileWindows,
} as const;

type Out = OutputCollector<Values, Streams & NoStreams>;

/** One task of a windowed bolt. Time goes on with ticks: stream time, or, with `timestamp`, what tuples said up to then. */
export class WindowRunner implements Bolt<Values, Values> {
  /** Hears of each activation: how the test kit watches. */
  watch: ((window: TupleWindow<Values>) => void) | undefined;
  readonly #bolt: WindowedBolt<Values, Values, Streams & NoStreams>;
  readonly #rules: WindowRules;
  #windows: Windows<Tuple>;
  /** Highest time of each input stream. */
  readonly #highest = new Map<string, number>();
  #expired: Tuple[] = [];
  #name = '';
  #out!: Out;
  /** Where the engine gave a state: tuples are acked when they are in it. */
  #kept: KeptTuples | undefined;
  #ticksSince = 0;
  #hasEnded = false;

  constructor(bolt: WindowedBolt<Values, Values, Streams & NoStreams>, rules: WindowRules) {
    this.#bolt = bolt;
    this.#rules = rules;
    this.#windows = this.#emptyWindows();
  }

  prepare(out: OutputCollector<Values, NoStreams>, info: TaskInfo): void {
    this.#out = out as unknown as Out;
    this.#name = info.component;
    const { state: given, ...others } = info;
    const state = given as StateSpaces | undefined;
    if (this.#rules.ackOn === 'state') {
      this.#bolt.prepare?.(info);
      (this.#bolt as StatefulWindowedBolt<Values, Key, unknown>).initState(state!);
    } else {
      this.#bolt.prepare?.(others);
      // What the user's bolt remembers by itself nobody can take back: it stays, and its windows go back.
      state?.whenTakenBack(() => this.#goOn(state));
    }
    if (state === undefined) return;
    state.whenEnded(() => this.#isWaiting());
    this.#goOn(state);
  }

  /** Has what the state has. */
  #goOn(state: StateSpaces): void {
    this.#kept = new KeptTuples(state.beside('windows'), this.#rules.messageId);
    this.#windows = this.#emptyWindows();
    this.#hasEnded = false;
    this.#highest.clear();
    const { entries, expired, progress } = this.#kept.restored();
    if (progress !== undefined) this.#windows.restore(entries, progress.windows);
    this.#expired = [...expired];
    this.#ticksSince = progress?.ticksSince ?? 0;
    for (const [stream, time] of progress?.highest ?? []) this.#highest.set(stream, time);
  }

  execute(tuple: Tuple): void {
    if (isTick(tuple)) this.#tick(tuple.timestamp);
    else this.#take(tuple);
    this.#kept?.progress({
      windows: this.#windows.progress(),
      highest: [...this.#highest],
      ticksSince: this.#ticksSince,
    });
  }

  #take(tuple: Tuple): void {
    const { timestamp, lateStream } = this.#rules;
    this.#ticksSince = 0;
    if (this.#kept?.has(tuple) === true) return this.#out.ack(tuple);
    const time = timestamp === undefined ? tuple.timestamp : this.#checked(timestamp(tuple.values));
    if (timestamp !== undefined) this.#rise(`${tuple.sourceComponent}/${tuple.sourceStream}`, time);
    if (this.#added(tuple, time)) {
      if (this.#kept !== undefined) this.#out.ack(tuple);
      return;
    }
    if (lateStream !== undefined) this.#out.emitTo(lateStream, tuple.values as never, tuple);
    this.#out.ack(tuple);
  }

  cleanup(): void {
    this.#bolt.cleanup?.();
  }

  /** A window of which something threw is not given again: the tuple that closed it must not come back alone. */
  #added(tuple: Tuple, time: number): boolean {
    const own = this.#kept?.add(tuple, time) ?? tuple;
    try {
      const isAdded = this.#windows.add(own, time);
      if (!isAdded) this.#kept?.forget(own);
      return isAdded;
    } catch (thrown) {
      this.#out.fail(tuple, 'its window failed');
      throw thrown;
    }
  }

  #rise(stream: string, time: number): void {
    const highest = this.#highest.get(stream);
    if (highest === undefined || time > highest) this.#highest.set(stream, time);
  }

  #tick(time: number): void {
    const { timestamp, lag, idleTicks, inputs } = this.#rules;
    if (timestamp === undefined) this.#windows.advance(time);
    else if (this.#hasEnded) this.#windows.flush();
    else if (this.#highest.size >= inputs()) this.#windows.advance(Math.min(...this.#highest.values()) - lag);
    if (idleTicks !== undefined && ++this.#ticksSince >= idleTicks && this.#windows.size > 0) this.#windows.flush();
  }

  #fire({ start, end, entries }: DueWindow<Tuple>): void {
    const fresh = entries.filter(({ isSeen }) => !isSeen);
    const events = entries.map(({ value }) => value);
    const newEvents = fresh.map(({ value }) => value);
    const expiredEvents = this.#expired;
    this.#expired = [];
    for (const tuple of expiredEvents) this.#kept?.forget(tuple);
    const window = { events, newEvents, expiredEvents, start, end };
    this.watch?.(window);
    const ackOn = this.#kept === undefined ? this.#rules.ackOn : 'state';
    const anchors = { expiry: events, activation: newEvents, state: [] }[ackOn];
    const returned: unknown = this.#bolt.execute(window, collectorOf(this.#out, anchors, ackOn === 'state'));
    if (returned instanceof Promise) throw asynchronous(this.#name, returned);
    for (const entry of fresh) {
      entry.isSeen = true;
      this.#kept?.seen(entry.value);
      if (ackOn === 'activation') this.#out.ack(entry.value);
    }
  }

  /**
   * Behind the end of all inputs record mode's tuples wait for stream time to be acked, so it goes on. In a state they wait for nothing: it
   * goes on as far as it would for them. Windows by count wait for tuples that never come.
   */
  #isWaiting(): boolean {
    this.#hasEnded = true;
    const { unit, slideUnit, ackOn, idleTicks } = this.#rules;
    if (slideUnit === 'count' && idleTicks === undefined) return false;
    const isUntilExpiry = ackOn === 'expiry' && (unit === 'time' || idleTicks !== undefined);
    return isUntilExpiry ? this.#windows.size > 0 : this.#windows.hasNew;
  }

  /** What no window ever had is done too. */
  #leave({ value, isSeen }: Entry<Tuple>): void {
    if (isSeen) this.#expired.push(value);
    if (this.#kept === undefined) {
      if (!isSeen || this.#rules.ackOn === 'expiry') this.#out.ack(value);
    } else if (isSeen) this.#kept.expired(value);
    else this.#kept.forget(value);
  }

  #emptyWindows(): Windows<Tuple> {
    const { unit, length, slideUnit, slide } = this.#rules;
    const Kind = WINDOWS[`${unit} by ${slideUnit}`];
    return new Kind(length, slide, { fire: (due) => this.#fire(due), leave: (entry) => this.#leave(entry) });
  }

  #checked(time: unknown): number {
    if (Number.isSafeInteger(time)) return time as number;
    const message = `the timestamp of a tuple of '${this.#name}' is ${String(time)}; it must be whole microseconds`;
    throw new StreamError('RG034', message, 'return for example millis(values.at), or at * 1_000', {
      operator: this.#name,
    });
  }
}

/** What is acked is no anchor any more: with `ackOn: 'activation'` tuples of earlier windows, and all where windows are in a state. */
function collectorOf(out: Out, open: readonly Tuple[], isKept: boolean): WindowCollector<Values, Streams & NoStreams> {
  let isOpen: ReadonlySet<Tuple> | undefined;
  const among = (anchors: readonly Tuple[] = open): readonly Tuple[] => {
    if (anchors === open) return open;
    isOpen ??= new Set(open);
    return anchors.filter((tuple) => isOpen!.has(tuple));
  };
  return {
    emit: (values, anchors) => out.emit(values, among(anchors)),
    emitTo: (stream, values, anchors) => out.emitTo(stream, values, among(anchors)),
    emitDirect: (task, stream, values, anchors) => out.emitDirect(task, stream, values, among(anchors)),
    messageIds: (tuple) => (isKept ? [] : out.messageIds(tuple)),
    reportError: (error) => out.reportError(error),
  };
}

function asynchronous(name: string, returned: Promise<unknown>): StreamError {
  returned.catch(() => undefined); // it is the promise that is reported, not what becomes of it
  const message = `the function of '${name}' returned a promise; operators are synchronous`;
  return new StreamError('RG031', message, 'await in mapAsync, or remove async', {
    operator: name,
  });
}
