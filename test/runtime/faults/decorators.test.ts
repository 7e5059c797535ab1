/** What a fault plan does to functions, files, sources and channels. */
import { describe, expect, it } from 'vitest';
import { parseFault } from '../../../src/runtime/faults/fault-plan.js';
import { faultyChannels } from '../../../src/runtime/faults/faulty-channels.js';
import { faultyFunctions } from '../../../src/runtime/faults/faulty-functions.js';
import { faultySource } from '../../../src/runtime/faults/faulty-source.js';
import { FaultTimes } from '../../../src/runtime/faults/injector.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { Block, type SourceReader } from '../../../src/runtime/source.js';

const plan = (...texts: readonly string[]) => texts.map(parseFault);

describe('faulty functions', () => {
  it('throw at their calls, and at no other', () => {
    const functions = new Map<string, unknown>([
      ['1:map', (value: number) => value * 2],
      ['2:map', (value: number) => value],
    ]);
    const faulty = faultyFunctions(
      functions,
      plan('throw:double@2x2'),
      (id) => (id === '1:map' ? 'double' : 'same'),
      () => {},
    );
    const double = faulty.get('1:map') as (value: number) => number;
    expect(double(1)).toBe(2);
    expect(() => double(2)).toThrow('a fault plan');
    expect(() => double(3)).toThrow('a fault plan');
    expect(double(4)).toBe(8);
    expect(faulty.get('2:map')).toBe(functions.get('2:map'));
  });

  it('take their time', () => {
    const spent: number[] = [];
    const faulty = faultyFunctions(
      new Map([['1:map', () => 1]]),
      plan('slow:map@1+200ms'),
      () => 'map',
      (time) => spent.push(time),
    );
    const call = faulty.get('1:map') as () => number;
    expect([call(), call(), spent]).toEqual([1, 1, [200_000]]);
  });
});

describe('faulty channels', () => {
  it('lose, double and delay the acks that are named', async () => {
    const world = createSimulatedWorld();
    const channels = faultyChannels(
      plan('drop-ack:a@1', 'duplicate-ack:a@2', 'delay-ack:a@3+1ms'),
      world.scheduler,
      () => world.clock.now(),
    )!;
    const sent: number[] = [];
    const send = channels.acks('a', (root: number) => void sent.push(root));
    for (const root of [1, 2, 3, 4]) send(root);
    expect(sent).toEqual([2, 2, 4]);
    await world.run();
    expect(sent).toEqual([2, 2, 4, 3]);
  });

  it('lose the tuples that are named, of one component', () => {
    const world = createSimulatedWorld();
    const channels = faultyChannels(plan('drop-tuple:a@2'), world.scheduler, () => 0)!;
    const passes = channels.tuples('a')!;
    expect([passes(), passes(), passes()]).toEqual([true, false, true]);
    expect(channels.tuples('b')).toBeUndefined();
  });
});

describe('a faulty source', () => {
  it('is silent until its time, and counts what it gives', async () => {
    const world = createSimulatedWorld();
    let next = 0;
    const inner: SourceReader = {
      partitions: [
        { poll: (block) => block.push(next++, 0), onReady: (wake) => wake(), failure: undefined, commit: () => {} },
      ],
      close: async () => {},
    };
    const silence = { until: 1_000 };
    let read = 0;
    const [reader] = faultySource(inner, silence, world.clock, world.scheduler, (count) => {
      read += count;
    }).partitions;
    const block = new Block();
    reader!.poll(block, 10);
    let isWoken = false;
    reader!.onReady(() => {
      isWoken = true;
    });
    expect([block.length, isWoken, read]).toEqual([0, false, 0]);
    await world.run();
    reader!.poll(block, 10);
    expect([block.length, isWoken, read, world.clock.now()]).toEqual([1, true, 1, 1_000]);
  });
});

describe('times of faults', () => {
  it('strike once each: at a share, at a record, at a time', async () => {
    const world = createSimulatedWorld();
    const struck: string[] = [];
    const times = new FaultTimes(plan('kill:a@50%', 'kill:b@3', 'kill:c@5ms'), ({ target }) =>
      struck.push(`${target}@${world.clock.now()}`),
    );
    times.begin(world.clock, world.scheduler);
    times.ingested(2, 10);
    expect(struck).toEqual([]);
    times.ingested(3, 10);
    times.ingested(5, 10);
    times.ingested(10, 10);
    expect(struck).toEqual(['b@0', 'a@0']);
    await world.run();
    expect(struck).toEqual(['b@0', 'a@0', 'c@5000']);
  });
});
