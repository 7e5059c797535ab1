/** Ackers whose messages are lost, repeated, late and out of order, or that are lost themselves: no tree is done too early. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Prng, prng } from '../../../src/core/prng.js';
import { AckerTasks } from '../../../src/executors/record/acker.js';
import { EdgeIds } from '../../../src/executors/record/edge-ids.js';

const CAPACITY = 4;

interface Id {
  readonly high: number;
  readonly low: number;
}

/** The acks of a random tree: each of one tuple or of several, as a task that acks a run at a time sends them. */
function treeOf(random: Prng, ids: EdgeIds): { readonly init: Id; readonly acks: readonly Id[] } {
  const draw = (): Id => {
    ids.next();
    return { high: ids.high, low: ids.low };
  };
  const xor = (all: readonly Id[]): Id =>
    all.reduce((a, b) => ({ high: a.high ^ b.high, low: a.low ^ b.low }), { high: 0, low: 0 });
  const roots = Array.from({ length: 1 + random.below(3) }, draw);
  const acks: Id[] = [];
  let layer = roots;
  for (let depth = 0; depth < 3 && layer.length > 0; depth++) {
    const below: Id[] = [];
    for (let at = 0; at < layer.length; ) {
      const run = layer.slice(at, at + 1 + random.below(3));
      at += run.length;
      const children = Array.from({ length: depth < 2 ? random.below(4) : 0 }, draw);
      below.push(...children);
      acks.push(xor([...run, ...children]));
    }
    layer = below;
  }
  return { init: xor(roots), acks };
}

function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}

/** Hears what spouts hear. */
function listening(capacity = CAPACITY, ackers = 1, spouts = 1) {
  const done: number[] = [];
  const failed: [root: number, reason: string][] = [];
  const owners = Array.from({ length: spouts }, (_, spout) => ({
    treeDone: (slot: number) => void done.push(spout * capacity + slot),
    treeFailed: (slot: number, { reason }: { reason: string }) => void failed.push([spout * capacity + slot, reason]),
  }));
  return { tasks: new AckerTasks(owners, capacity, ackers), done, failed };
}

describe('acks that are lost or repeated, initialising at any time and again', () => {
  it('end a tree only when each ack has come, and a tree that is left over times out', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seed) => {
        const random = prng(seed);
        const { init, acks } = treeOf(random, new EdgeIds(random.int32(), random.int32()));
        const { tasks, done, failed } = listening();
        const generation = tasks.open(0);
        const deliveries = shuffled(
          acks.flatMap((_, ack) => Array.from({ length: random.below(4) }, () => ack)),
          random,
        );
        const initAt = random.below(deliveries.length + 1);
        const came = new Set<number>();
        for (let at = 0; at <= deliveries.length; at++) {
          if (at === initAt || (at > initAt && random.below(3) === 0)) tasks.initialise(0, init.high, init.low);
          const ack = deliveries[at];
          if (ack === undefined) break;
          const isOver = done.length > 0;
          tasks.ack(0, generation, acks[ack]!.high, acks[ack]!.low);
          came.add(ack);
          if (!isOver && done.length > 0) expect(came.size).toBe(acks.length);
        }
        expect(done.length).toBeLessThanOrEqual(1);
        tasks.rotate(0);
        tasks.rotate(0);
        expect(failed).toEqual(done.length === 1 ? [] : [[0, 'timeout']]);
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('do not end it for any multiset of deliveries of a small tree, but the one where each came', () => {
    const ids = new EdgeIds(1, 2);
    const [a, b, c] = [0, 0, 0].map(() => {
      ids.next();
      return { high: ids.high, low: ids.low };
    }) as [Id, Id, Id];
    // The root has the edges a and b; the tuple of a makes c.
    const acks = [
      { high: a.high ^ c.high, low: a.low ^ c.low },
      { high: b.high, low: b.low },
      { high: c.high, low: c.low },
    ];
    for (let counts = 0; counts < 64; counts++) {
      const times = [counts & 3, (counts >> 2) & 3, (counts >> 4) & 3];
      const { tasks, done } = listening();
      const generation = tasks.open(0);
      tasks.initialise(0, a.high ^ b.high, a.low ^ b.low);
      tasks.initialise(0, a.high ^ b.high, a.low ^ b.low);
      times.forEach((count, ack) => {
        for (let i = 0; i < count; i++) tasks.ack(0, generation, acks[ack]!.high, acks[ack]!.low);
      });
      if (done.length > 0) expect(times.every((count) => count > 0)).toBe(true);
    }
  });
});

describe('an acker task that is lost', () => {
  it('lets its trees time out, whatever is acked or failed, and no others', () => {
    const { tasks, done, failed } = listening(CAPACITY, 2, 2);
    const [mine, other] = [0, CAPACITY] as const;
    const generations = [mine, other].map((root) => tasks.open(root));
    for (const root of [mine, other]) tasks.initialise(root, 7, 7);
    tasks.reset(0);
    tasks.ack(mine, generations[0]!, 7, 7);
    tasks.ack(other, generations[1]!, 7, 7);
    expect(done).toEqual([other]);
    tasks.fail(mine, generations[0]!, { reason: 'failed', by: 'bolt', error: undefined });
    tasks.resetTimeout(mine, generations[0]!);
    expect(failed).toEqual([]);
    tasks.rotate(0);
    tasks.resetTimeout(mine, generations[0]!);
    tasks.rotate(0);
    expect(failed).toEqual([[mine, 'timeout']]);
    const again = tasks.open(mine);
    tasks.initialise(mine, 3, 3);
    tasks.ack(mine, generations[0]!, 3, 3);
    expect(done).toEqual([other]);
    tasks.ack(mine, again, 3, 3);
    expect(done).toEqual([other, mine]);
  });

  it('fails every tree that is open when it is asked to, once', () => {
    const { tasks, failed } = listening();
    const generation = tasks.open(1);
    tasks.open(2);
    tasks.failAll({ reason: 'worker lost', by: undefined, error: undefined });
    tasks.failAll({ reason: 'worker lost', by: undefined, error: undefined });
    tasks.fail(1, generation, { reason: 'failed', by: undefined, error: undefined });
    expect(failed).toEqual([
      [1, 'worker lost'],
      [2, 'worker lost'],
    ]);
  });
});
