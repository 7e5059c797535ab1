/** The events of a simulation, ordered by time and then by the order in which they were scheduled. */
import type { Timer } from './world.js';

/** A scheduled callback. */
export interface SimulatedEvent extends Timer {
  readonly time: number;
  readonly run: () => void;
}

/** A binary heap. A cancelled event stays in it until its turn and is then passed over. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #sequence = 0;

  add(time: number, run: () => void): SimulatedEvent {
    const event = new Event(time, this.#sequence++, run);
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  /** Takes the next event out, unless it is later than `until` or there is none. */
  takeUpTo(until: number): SimulatedEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (first.time > until && !first.isCancelled)) return undefined;
      const last = this.#heap.pop()!;
      if (last !== first) {
        this.#heap[0] = last;
        this.#sink();
      }
      if (!first.isCancelled) return first;
    }
  }

  #rise(index: number): void {
    const heap = this.#heap;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!heap[index]!.isBefore(heap[parent]!)) return;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      let least = index;
      if (left < heap.length && heap[left]!.isBefore(heap[least]!)) least = left;
      if (left + 1 < heap.length && heap[left + 1]!.isBefore(heap[least]!)) least = left + 1;
      if (least === index) return;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }
}

class Event implements SimulatedEvent {
  isCancelled = false;
  readonly time: number;
  readonly run: () => void;
  readonly #sequence: number;

  constructor(time: number, sequence: number, run: () => void) {
    this.time = time;
    this.#sequence = sequence;
    this.run = run;
  }

  cancel(): void {
    this.isCancelled = true;
  }

  isBefore(other: Event): boolean {
    return this.time === other.time ? this.#sequence < other.#sequence : this.time < other.time;
  }
}
