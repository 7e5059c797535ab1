/** The kernel that gathers a window's values: by key for groups and joins, of a whole partition for the rest. Knows no total. */
import type { Cell, KeyedStore, Space } from '../core/keyed-store.js';
import type { Timestamp } from '../core/time.js';
import type { Sided } from './derived-map.js';
import { type GroupResult, type GroupResults, resultsOf } from './group-results.js';
import type { Kernel, KernelSetup, RecordContext } from './kernel.js';
import { NO_RETRY, SET_ASIDE } from './on-time.js';
import { isPair, notAPair } from './shapes.js';
import { Slides } from './slides.js';
import { SCRATCH } from './window-fold.js';

/** The user's part, where there is one. */
export interface WindowGroupFunctions {
  readonly mapPartitions?: ((values: readonly unknown[], partition: number) => unknown) | undefined;
}

/** Lengths in us. */
export interface WindowGroupParameters {
  readonly window: number;
  readonly slide: number;
  readonly pane: number;
  readonly gives: GroupResult;
}

/**
 * Gathers values over `[end - window, end)` for each multiple `end` of the slide.
 *
 * 1. A value is appended to its key's list in the pane of its timestamp; what gives whole partitions has one list.
 * 2. When the watermark reaches an end, what is given of each list is emitted, with timestamp `end - 1` and `windowEnd = end`.
 *
 * Keeps every value of the window. Emits at window ends only, for keys with values. Linear in input and output.
 * @throws StreamError `RG032` for a record that is no pair. Source: Spark `CoGroupedRDD`, `WindowedDStream.compute`.
 */
export function createWindowGroup(setup: KernelSetup<WindowGroupFunctions, WindowGroupParameters>): Kernel {
  const { task = 0, store, context, emit, functions, parameters, retry = NO_RETRY } = setup;
  const { window, slide, pane, gives } = parameters;
  const slides: Slides = new Slides({ store, context, slide, pane, emptyMax: 0, fire });
  const { takes, of } = resultsOf(gives, functions, task);

  function* fire(end: Timestamp): Generator<void, void, void> {
    const panes = slides.panesWithin(end - window, end);
    slides.markFired(end, panes.length > 0);
    // What gives each value by itself needs no list of them all (bench `operators`).
    const cells = gives === 'each' ? cellsOf(panes) : gathered(store, panes).cells();
    for (const cell of cells) {
      const results = made(cell);
      if (results === SET_ASIDE) continue;
      for (const result of results) {
        emit(result);
        if (slides.spend()) yield;
      }
    }
    slides.dropBefore(Math.min(end, end - window + slide));
    store.drop(SCRATCH);
  }

  const make = ({ key, value, count }: Cell) => of(key, value as unknown[], count);
  const made = (cell: Cell): Iterable<unknown> | typeof SET_ASIDE => {
    try {
      return make(cell);
    } catch (thrown) {
      return retry(cell.key, thrown, () => make(cell));
    }
  };

  return {
    onRecord: gathering(takes, slides, context),
    advance: (watermark, budget) => slides.advance(watermark, budget),
    endOfInput: (highest, budget) => slides.endOfInput(highest, budget),
  };
}

/** A side stands behind its value, since many arrays of two would outlive a collection. */
function gathering(takes: GroupResults['takes'], slides: Slides, context: RecordContext): Kernel['onRecord'] {
  if (takes === 'values') return (value) => slides.paneAt(context.timestamp).append(null, value);
  if (takes === 'pairs')
    return (value) => {
      if (!isPair(value)) throw notAPair(value);
      slides.paneAt(context.timestamp).append(value[0], value[1]);
    };
  return (value) => {
    if (!isPair(value)) throw notAPair(value);
    const sided = value[1] as Sided;
    slides.paneAt(context.timestamp).append(value[0], sided[1], sided[0]);
  };
}

/** The lists of all panes as they are. */
function* cellsOf(panes: readonly Space[]): Generator<Cell, void, void> {
  for (const pane of panes) yield* pane.cells();
}

/** The lists of a window: those of its only pane, or the panes' lists one behind the other. */
function gathered(store: KeyedStore, panes: readonly Space[]): Space {
  if (panes.length === 1) return panes[0]!;
  store.drop(SCRATCH);
  const lists = store.space(SCRATCH);
  for (const pane of panes) {
    for (const { key, value, count } of pane.cells()) {
      for (let i = 0; i < count; i++) lists.append(key, (value as unknown[])[i]);
    }
  }
  return lists;
}
