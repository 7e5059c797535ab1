/** A source that gives nothing for a while, and counts what it gave. */
import { gatedSource } from '../gated-source.js';
import type { SourceReader } from '../source.js';
import type { Scheduler } from '../world.js';

/** Until when a source is silent (us), by the clock of the run. -Infinity: it is not. */
export interface Silence {
  until: number;
}

/** Decorates an open source. `read` hears how many records each poll gave. */
export function faultySource(
  source: SourceReader,
  silence: Silence,
  clock: { now(): number },
  scheduler: Scheduler,
  read: (records: number) => void,
): SourceReader {
  const gate = {
    get isOpen() {
      return clock.now() >= silence.until;
    },
    onOpen: (_partition: number, wake: () => void) => void scheduler.at(silence.until, wake),
  };
  return gatedSource(source, gate, read);
}
