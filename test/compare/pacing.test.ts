/** The driver's pace on a virtual thread: time only passes when it sleeps, looks at the clock, or is held up. */
import { describe, expect, it } from 'vitest';
import { pace, SPIN_MICROS } from '../../src/compare/pacing.js';

/** A thread whose clock moves by `lookCost` at each look and whose sleeps are late by `oversleep`. */
function virtualThread({ oversleep = 0, lookCost = 1, stopAfter = Number.POSITIVE_INFINITY } = {}) {
  let now = 0;
  const released: { readonly upTo: number; readonly at: number }[] = [];
  const sleeps: number[] = [];
  const thread = {
    now: () => {
      now += lookCost;
      return now;
    },
    sleep: (ms: number) => {
      sleeps.push(ms);
      now += ms * 1_000 + oversleep;
    },
    get isStopped() {
      return (released.at(-1)?.upTo ?? 0) >= stopAfter;
    },
    release: (upTo: number) => void released.push({ upTo, at: now }),
  };
  return { thread, released, sleeps };
}

describe('pace', () => {
  it('releases each element at its time, a little after and never before', () => {
    const { thread, released } = virtualThread();
    const lateness = pace(Float64Array.of(1_000, 3_000, 9_000), 0, thread);
    expect(released.map(({ upTo }) => upTo)).toEqual([1, 2, 3]);
    expect([...lateness].every((late) => late >= 0 && late <= 1)).toBe(true);
  });

  it('releases all that is due at one wake-up, each late by its own amount', () => {
    const { thread, released } = virtualThread({ oversleep: 50_000 });
    const lateness = pace(Float64Array.of(10_000, 20_000, 30_000), 0, thread);
    expect(released).toHaveLength(1);
    expect(lateness[0]! - lateness[2]!).toBe(20_000);
  });

  it('does not wait for the receiver: being late moves nothing', () => {
    const { thread } = virtualThread({ oversleep: 3_000 });
    const lateness = pace(
      Float64Array.from({ length: 100 }, (_, i) => i * 10_000),
      0,
      thread,
    );
    expect(Math.max(...lateness)).toBeLessThan(3_100);
  });

  it('sleeps up to shortly before the next element, and watches the rest', () => {
    const { thread, sleeps } = virtualThread();
    pace(Float64Array.of(10_000), 0, thread);
    expect(sleeps).toHaveLength(1);
    expect(sleeps[0]! * 1_000).toBeCloseTo(10_000 - SPIN_MICROS, -1);
  });

  it('gives up the processor between elements that come faster than that', () => {
    const { thread, sleeps } = virtualThread();
    pace(
      Float64Array.from({ length: 1_000 }, (_, i) => i * 20),
      0,
      thread,
    );
    expect(sleeps.length).toBeGreaterThan(100);
  });

  it('stops when told, with the lateness of what was released', () => {
    const { thread } = virtualThread({ stopAfter: 2 });
    expect(pace(Float64Array.of(100, 200, 300), 0, thread)).toHaveLength(2);
  });
});
