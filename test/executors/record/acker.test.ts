/** The ledger of the ackers against a textbook acker (a Map of BigInts) and against what a tree really is: its open edges. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Prng, prng } from '../../../src/core/prng.js';
import { AckerTasks, type TreeFailure } from '../../../src/executors/record/acker.js';
import { EdgeIds } from '../../../src/executors/record/edge-ids.js';
import { isLong } from '../../breadth.js';

const CAPACITY = 8;

/** Hears what spouts hear. */
class Spouts {
  readonly done: number[] = [];
  readonly failed: { readonly root: number; readonly failure: TreeFailure }[] = [];
  readonly owners;

  constructor(count: number) {
    this.owners = Array.from({ length: count }, (_, spout) => ({
      treeDone: (slot: number) => void this.done.push(spout * CAPACITY + slot),
      treeFailed: (slot: number, failure: TreeFailure) =>
        void this.failed.push({ root: spout * CAPACITY + slot, failure }),
    }));
  }
}

/** A message to the ackers. */
type Message = { readonly root: number } & (
  | { readonly kind: 'init'; readonly edges: readonly bigint[] }
  | { readonly kind: 'ack'; readonly edge: bigint; readonly children: readonly bigint[] }
);

/** Makes a random tree and the messages that its tuples cause, the acks of children after those of their parents or before. */
function messagesOf(root: number, random: Prng, ids: EdgeIds): Message[] {
  const draw = (): bigint => {
    ids.next();
    return join(ids.high, ids.low);
  };
  const roots = Array.from({ length: random.below(4) }, draw);
  const acks: Message[] = [];
  const open = roots.map((edge) => ({ edge, depth: 0 }));
  for (let tuple = open.pop(); tuple !== undefined; tuple = open.pop()) {
    const children = Array.from({ length: tuple.depth < 3 ? random.below(4) : 0 }, draw);
    acks.push({ root, kind: 'ack', edge: tuple.edge, children });
    for (const edge of children) open.push({ edge, depth: tuple.depth + 1 });
  }
  return [{ root, kind: 'init', edges: roots }, ...acks];
}

function join(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function halves(id: bigint): [high: number, low: number] {
  return [Number(id >> 32n) | 0, Number(id & 0xffff_ffffn) | 0];
}

const xor = (ids: readonly bigint[]): bigint => ids.reduce((a, b) => a ^ b, 0n);

/** Storm's acker, as the textbook has it. */
class TextbookAcker {
  readonly done: number[] = [];
  readonly #values = new Map<number, { value: bigint; isInitialised: boolean }>();

  take({ root, ...message }: Message): void {
    const tree = this.#values.get(root) ?? { value: 0n, isInitialised: false };
    this.#values.set(root, tree);
    tree.value ^= message.kind === 'init' ? xor(message.edges) : message.edge ^ xor(message.children);
    tree.isInitialised ||= message.kind === 'init';
    if (tree.value !== 0n || !tree.isInitialised) return;
    this.#values.delete(root);
    this.done.push(root);
  }
}

/** What a tree is: edges that are made and not yet acked, or acked and not yet known to be made. */
class OpenEdges {
  readonly done: number[] = [];
  readonly #edges = new Map<number, { edges: Set<bigint>; isInitialised: boolean }>();

  take(message: Message): void {
    const tree = this.#edges.get(message.root) ?? { edges: new Set<bigint>(), isInitialised: false };
    this.#edges.set(message.root, tree);
    tree.isInitialised ||= message.kind === 'init';
    for (const edge of message.kind === 'init' ? message.edges : [message.edge, ...message.children]) {
      if (!tree.edges.delete(edge)) tree.edges.add(edge);
    }
    if (tree.edges.size > 0 || !tree.isInitialised) return;
    this.#edges.delete(message.root);
    this.done.push(message.root);
  }
}

function deliver(ackers: AckerTasks, message: Message, generation: number): void {
  if (message.kind === 'init') ackers.initialise(message.root, ...halves(xor(message.edges)));
  else ackers.ack(message.root, generation, ...halves(message.edge ^ xor(message.children)));
}

describe('the ackers', () => {
  it('find a tree done exactly when its last edge is acked, in whatever order answers come', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (seed, spoutCount, ackerCount) => {
          const random = prng(seed);
          const ids = new EdgeIds(random.int32(), random.int32());
          const spouts = new Spouts(spoutCount);
          const ackers = new AckerTasks(spouts.owners, CAPACITY, ackerCount);
          const [textbook, truth] = [new TextbookAcker(), new OpenEdges()];
          const roots = Array.from({ length: spoutCount * CAPACITY }, (_, root) => root);
          const generations = roots.map((root) => ackers.open(root));
          const messages = shuffled(
            roots.flatMap((root) => messagesOf(root, random, ids)),
            random,
          );
          for (const message of messages) {
            deliver(ackers, message, generations[message.root]!);
            textbook.take(message);
            truth.take(message);
            const said = [spouts, textbook, truth].map(({ done }) => `${done.length}: ${done.at(-1)}`);
            if (said[0] !== said[1] || said[0] !== said[2]) expect(said[0]).toEqual([said[1], said[2]]);
          }
          expect(spouts.done.toSorted((a, b) => a - b)).toEqual(roots);
          // A tree of no edge is done when it is initialised, without an answer of anyone.
          expect(ackers.executed.reduce((a, b) => a + b, 0)).toBe(messages.length);
          expect(ackers.stale).toBe(0);
        },
      ),
      { numRuns: isLong ? 3_000 : 150, seed: 1 },
    );
  });

  it('ignore what comes for a tree that is over, and count it', () => {
    const spouts = new Spouts(1);
    const ackers = new AckerTasks(spouts.owners, CAPACITY, 1);
    const first = ackers.open(3);
    ackers.initialise(3, 1, 2);
    ackers.fail(3, first, { reason: 'failed', by: 'bolt', error: undefined });
    const second = ackers.open(3);
    ackers.initialise(3, 5, 6);
    ackers.ack(3, first, 1 ^ 5, 2 ^ 6);
    ackers.ack(3, first, 5, 6);
    ackers.fail(3, first, { reason: 'failed', by: 'bolt', error: undefined });
    ackers.resetTimeout(3, first);
    expect([spouts.done, spouts.failed.length, ackers.stale]).toEqual([[], 1, 3]);
    expect(ackers.isOpen(3, second)).toBe(true);
    ackers.ack(3, second, 5, 6);
    expect(spouts.done).toEqual([3]);
    expect([ackers.isOpen(3, first), ackers.isOpen(3, second)]).toEqual([false, false]);
  });

  it('take both halves of an id into account', () => {
    const spouts = new Spouts(1);
    const ackers = new AckerTasks(spouts.owners, CAPACITY, 1);
    for (const [root, high, low] of [
      [0, 1, 0],
      [1, 0, 1],
    ] as const) {
      const generation = ackers.open(root);
      ackers.initialise(root, high, low);
      expect(spouts.done).not.toContain(root);
      ackers.ack(root, generation, high, low);
      expect(spouts.done).toContain(root);
    }
  });

  it('fail once, however many bolts fail the tree', () => {
    const spouts = new Spouts(1);
    const ackers = new AckerTasks(spouts.owners, CAPACITY, 1);
    const generation = ackers.open(0);
    for (const by of ['a', 'b']) ackers.fail(0, generation, { reason: 'failed', by, error: undefined });
    expect(spouts.failed.map(({ failure }) => failure.by)).toEqual(['a']);
  });

  it('time a tree out between one and two rotations after it was opened or reset', () => {
    const spouts = new Spouts(1);
    const ackers = new AckerTasks(spouts.owners, CAPACITY, 1);
    ackers.open(0);
    const reset = ackers.open(1);
    ackers.rotate(0);
    ackers.open(2);
    ackers.resetTimeout(1, reset);
    expect(spouts.failed).toEqual([]);
    ackers.rotate(0);
    expect(spouts.failed.map(({ root }) => root)).toEqual([0]);
    ackers.rotate(0);
    expect(spouts.failed.map(({ root, failure }) => [root, failure.reason])).toEqual([
      [0, 'timeout'],
      [1, 'timeout'],
      [2, 'timeout'],
    ]);
  });

  it('share roots by their spout task', () => {
    const spouts = new Spouts(3);
    const ackers = new AckerTasks(spouts.owners, CAPACITY, 2);
    for (const spout of [0, 1, 2]) ackers.initialise(open(ackers, spout * CAPACITY), 0, 0);
    expect(ackers.executed).toEqual([2, 1]);
    expect(spouts.done).toEqual([0, CAPACITY, 2 * CAPACITY]);
  });
});

describe('edge ids', () => {
  it('are never zero, and do not repeat', () => {
    const ids = new EdgeIds(0, 0);
    const seen = new Set<bigint>();
    for (let i = 0; i < 50_000; i++) {
      ids.next();
      seen.add(join(ids.high, ids.low));
    }
    expect(seen.size).toBe(50_000);
    expect(seen.has(0n)).toBe(false);
  });
});

function open(ackers: AckerTasks, root: number): number {
  ackers.open(root);
  return root;
}

function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
