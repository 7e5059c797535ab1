/** Watermark gates: what they hold survives, also that of gates within a chain. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { buildChain, type Chain } from '../../src/executors/chain.js';
import { WatermarkGate } from '../../src/executors/link.js';
import { createStores } from '../../src/executors/stores.js';
import { compile } from '../../src/plan/compile.js';
import type { GateState } from '../../src/runtime/durability.js';
import { runIntervals } from '../../src/testing/run-intervals.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';

describe('a watermark gate', () => {
  const step = fc.record({ input: fc.nat(2), watermark: fc.nat(20), isEnd: fc.boolean() });

  it('goes on from its state as it would have', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(12), (steps, place) => {
        let gate = new WatermarkGate(3);
        const plain = new WatermarkGate(3);
        steps.forEach((step, index) => {
          if (index === place) gate = new WatermarkGate(3, structuredClone(gate.state()));
          expect(take(gate, step)).toBe(take(plain, step));
          expect(gate.state()).toEqual(plain.state());
          expect([gate.minimum, gate.ended]).toEqual([plain.minimum, plain.ended]);
        });
      }),
    );
  });

  it('begins with nothing, and gives a copy', () => {
    const gate = new WatermarkGate(2);
    const state = gate.state();
    gate.advance(0, 5);
    const nothing = Number.NEGATIVE_INFINITY;
    expect(state).toEqual({
      watermarks: [nothing, nothing],
      ended: [false, false],
      minimum: nothing,
      finalWatermark: nothing,
      highest: nothing,
    });
  });

  it('is not restored to other inputs', () => {
    expect(() => new WatermarkGate(3, new WatermarkGate(2).state())).toThrow('other inputs');
  });
});

describe('a gate within a chain', () => {
  it('is where two paths of one source meet, and holds what both told', () => {
    const { chain } = job();
    expect(chain.gates()).toMatchObject([{ watermarks: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY] }]);
    feed(chain, 5, 12, 31);
    expect(chain.gates()).toMatchObject([{ watermarks: [31_000, 16_000], minimum: 16_000 }]);
  });

  it('is given to a chain that is built again, so that the next window fires when it would have', () => {
    const { chain, build, results } = job();
    feed(chain, 5, 12, 31);
    expect(results).toEqual([2]);
    const again = build(chain.gates());
    expect(again.gates()).toEqual(chain.gates());
    // The slow path tells 20 ms now. The fast one is at 35 ms, and tells nothing before 40 ms.
    feed(again, 35);
    expect(results).toEqual([2, 2]);
  });

  it('is fresh in a chain that is given none', () => {
    const { chain, build } = job();
    const before = chain.gates();
    feed(chain, 5, 12, 31);
    expect([build([]).gates(), build(undefined).gates()]).toEqual([before, before]);
  });

  it('does not go to the chain of another plan', () => {
    const { chain, build } = job();
    expect(() => build([...chain.gates(), ...chain.gates()])).toThrow('gates of another');
  });
});

function take(gate: WatermarkGate, step: { input: number; watermark: number; isEnd: boolean }): boolean {
  return step.isEnd ? gate.end(step.input, step.watermark, step.watermark) : gate.advance(step.input, step.watermark);
}

/** Two paths whose watermarks differ, and a window behind both. */
function windowOf(source: Stream<number>): Stream<number> {
  const extract = (time: number): number => time * 1_000;
  return source
    .timestamps({ extract, maxOutOfOrderness: millis(0) })
    .union(source.timestamps({ extract, maxOutOfOrderness: millis(15) }))
    .countByWindow({ window: millis(10) });
}

/** One source, two paths whose watermarks differ, and a window behind both, in one chain. */
function job() {
  const built = topology('paths', { batchInterval: millis(10) }, (t) => {
    windowOf(t.source('in', memory<number>([]))).to('out', memorySink() as never);
  });
  const plan = compile(built);
  const stores = createStores(plan);
  const results: unknown[] = [];
  const context = { timestamp: 0, windowEnd: Number.NaN };
  const build = (gates: readonly GateState[] | undefined): Chain =>
    buildChain({
      plan,
      stage: plan.stages[0]!,
      task: 0,
      functions: built.functions,
      context,
      store: (operator) => stores.of(operator, 0),
      exits: () => [],
      sink: () => (value) => results.push(value),
      count: () => {},
      gates,
    });
  return { chain: build(undefined), build, results };
}

function feed(chain: Chain, ...times: readonly number[]): void {
  for (const time of times) chain.output('default').push(time);
}

describe('a micro-batch task that is rolled back', () => {
  it('does not forget how far the paths within its chain were, so that a window fires in the same batch', async () => {
    const seen: unknown[] = [];
    let throws = true;
    const look = (time: number): number => {
      if (time === 35 && throws) {
        throws = false;
        throw new Error('once');
      }
      seen.push(time);
      return time;
    };
    await runIntervals(
      topology('paths', { batchInterval: millis(10) }, (t) => {
        windowOf(t.source('in', memory<number>([])).map(look))
          .map((count) => seen.push(`${count} in a window`))
          .to('out', memorySink() as never);
      }),
      { mode: 'micro-batch', inputs: { in: [[5, 12, 31], [], [35], [], [36]] }, intervals: 6 },
    );
    expect(seen).toEqual([5, 12, 31, '2 in a window', 35, '2 in a window', 36]);
  });
});
