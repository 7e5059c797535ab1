/** A turn of slow functions stays short, so that a barrier does not wait long for it. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { TurnQuantum } from '../../../src/executors/record/turn-quantum.js';
import type { SimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { topology } from '../../../src/topology/builder.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { aSource } from '../../compare/memory-ends.js';
import { type LivesParts, live } from './survival/lives.js';

const COUNT = 2_000;
const SLOW = 4_000;

describe('the records of a turn', () => {
  const quantum = () => new TurnQuantum({ turnRecordsMax: 1_000, turnTimeMax: 20_000 });

  it('begin low, double while full turns are short, up to turnRecordsMax', () => {
    const turns = quantum();
    const given = Array.from({ length: 7 }, () => {
      const { recordsMax } = turns;
      turns.gave(recordsMax);
      turns.turnTook(100);
      return recordsMax;
    });
    expect(given).toEqual([32, 64, 128, 256, 512, 1_000, 1_000]);
  });

  it('do not grow with turns that were not full, and fall to what the time allows', () => {
    const turns = quantum();
    turns.gave(5);
    turns.turnTook(100);
    expect(turns.recordsMax).toBe(32);
    turns.gave(32);
    turns.turnTook(32 * SLOW);
    expect(turns.recordsMax).toBe(5);
    turns.gave(5);
    turns.turnTook(10_000_000);
    expect(turns.recordsMax).toBe(1);
  });

  it('follow the slowest worker', () => {
    const turns = quantum();
    turns.gave(32);
    turns.turnTook(100);
    turns.workerTook(0, 100);
    turns.workerTook(1, 128_000);
    expect(turns.recordsMax).toBe(5);
  });
});

/** Each record of a job takes 4 ms, in the chain of its source or behind an exchange. */
const slow = (parallelism: number, clock: { pass: (time: number) => void }): LivesParts => ({
  topology: topology('slow', { batchInterval: millis(100), guarantee: 'at-least-once' }, (t) => {
    t.source('in', aSource<number>())
      .map((n) => [n % 10, 1] as const)
      .runningReduce({
        uid: 'seen',
        reduce: (a, b) => {
          clock.pass(SLOW);
          return a + b;
        },
      })
      .to('out', memory());
  }),
  trace: {
    sources: [
      {
        name: 'in',
        partitions: [
          {
            values: Array.from({ length: COUNT }, (_, n) => n),
            timestamps: Float64Array.from({ length: COUNT }, (_, n) => n),
            heartbeats: [],
          },
        ],
      },
    ],
  },
  settings: {},
  parallelism,
  chaining: parallelism === 1,
  interval: 500_000,
  atOnce: true,
});

/** The time that functions take, on a virtual clock: it goes on while they run, and timers that are due then fire after them. */
class Busy {
  #passed = 0;
  #world: SimulatedWorld | undefined;
  readonly #timers = new Set<{ readonly time: number; readonly run: () => void }>();

  get now(): number {
    return this.#world!.clock.now() + this.#passed;
  }

  pass(time: number): void {
    this.#passed += time;
  }

  readonly around = (world: SimulatedWorld): SimulatedWorld => {
    this.#world = world;
    const { scheduler } = world;
    const fire = (timer: { readonly time: number; readonly run: () => void }): void => {
      if (this.#timers.delete(timer)) timer.run();
    };
    return {
      ...world,
      clock: { now: () => this.now },
      scheduler: {
        ...scheduler,
        soon: (run) =>
          scheduler.soon(() => {
            for (const timer of this.#timers) if (timer.time <= this.now) fire(timer);
            run();
          }),
        at: (time, run) => {
          const timer = { time, run };
          this.#timers.add(timer);
          const inner = scheduler.at(time - this.#passed, () => fire(timer));
          return {
            cancel: () => {
              this.#timers.delete(timer);
              inner.cancel();
            },
          };
        },
      },
    };
  };
}

it.each([1, 2])(
  '4 ms a record, parallelism %i: checkpoints come within their interval and one turn',
  async (parallelism) => {
    const busy = new Busy();
    const saved: number[] = [];
    const { job } = await live({
      ...slow(parallelism, busy),
      around: busy.around,
      listener: ({ kind }) => void (kind === 'snapshotSaved' && saved.push(busy.now)),
    });
    expect(job.outcome).toBe('finished');
    expect(saved.length).toBeGreaterThan(10);
    const began = 1_000_000_000;
    const waits = saved.map((time, i) => time - (saved[i - 1] ?? began));
    // The first turn does not know yet how slow the function is.
    expect(Math.max(...waits)).toBeLessThan(500_000 + 40 * SLOW);
    expect(Math.max(...waits.slice(1))).toBeLessThan(500_000 + 12 * SLOW);
  },
);
