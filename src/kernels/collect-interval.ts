/** Gathers each interval's results for an interval sink. Knows no sink. */
import type { Timestamp } from '../core/time.js';
import type { Sided } from './derived-map.js';
import type { Kernel, KernelSetup } from './kernel.js';
import { Slides } from './slides.js';

export interface CollectIntervalParameters {
  /** Length of an interval (us). */
  readonly slide: number;
  readonly maxEmptyIntervals: number;
  /** Records are of two streams and come as `[side, record]`. */
  readonly isSided?: boolean | undefined;
}

/** One closed interval, as an interval sink takes it. */
export interface CollectedInterval {
  readonly end: Timestamp;
  /** In order of arrival; of two streams, each record with its side behind it. */
  readonly values: readonly unknown[];
}

/**
 * Emits `{ end, values }` once per closed interval, also for an empty one, from the interval of the lowest record on.
 *
 * After the last interval with records at most `maxEmptyIntervals` empty ones follow; further ones are skipped, and
 * counted when later records pass them. Keeps the records of open intervals.
 */
export function createCollectInterval(setup: KernelSetup<object, CollectIntervalParameters>): Kernel {
  const { store, context, emit, count, parameters } = setup;
  const { slide, maxEmptyIntervals, isSided = false } = parameters;
  const slides: Slides = new Slides({ store, context, slide, pane: slide, emptyMax: maxEmptyIntervals, fire });

  function* fire(end: Timestamp): Generator<void, void, void> {
    const list = slides.panesWithin(end - slide, end)[0]?.get(null);
    const skipped = slides.markFired(end, list !== undefined);
    if (skipped > 0) count('skippedEmptyIntervals', skipped);
    const values = list === undefined ? [] : (list.value as unknown[]).slice(0, list.count);
    emit({ end, values } satisfies CollectedInterval);
    if (slides.spend()) yield;
    slides.dropBefore(end);
  }

  return {
    onRecord: isSided
      ? (value) => {
          const sided = value as Sided;
          slides.paneAt(context.timestamp).append(null, sided[1], sided[0]);
        }
      : (value) => slides.paneAt(context.timestamp).append(null, value),
    advance: (watermark, budget) => slides.advance(watermark, budget),
    endOfInput: (highest, budget) => slides.endOfInput(highest, budget),
  };
}
