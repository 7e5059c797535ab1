/** The acker alone: the ledger of the record model against the acker of the textbook, on the tree of a ten-word line. */
import { AckerTasks, type TreeOwner } from '../../src/executors/record/acker.js';
import { EdgeIds } from '../../src/executors/record/edge-ids.js';
import { PendingTuples } from '../../src/executors/record/pending.js';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';

/** One edge from the spout, and ten from the bolt behind it. */
const CHILDREN = 10;
/** Trees that are pending at any time, as with a small `maxSpoutPending`. */
const PENDING = 1_024;
/** Trees that are kept pending to see what one weighs. */
const WEIGHED = 65_536;

/** The ledger: a slot per root in typed arrays, ids as two 32-bit halves. */
export function slabAcker({ lines, seed }: VariantInput): Measurement {
  let done = 0;
  const owner = ownerOf(() => {
    done += 1;
  });
  const acker = new AckerTasks([owner], PENDING, 1);
  const ids = new EdgeIds(seed, seed + 1);
  const highs = new Int32Array(PENDING * CHILDREN);
  const lows = new Int32Array(PENDING * CHILDREN);
  const generations = new Int32Array(PENDING);
  const ackChildren = (slot: number): void => {
    for (let at = slot * CHILDREN; at < (slot + 1) * CHILDREN; at++)
      acker.ack(slot, generations[slot]!, highs[at]!, lows[at]!);
  };
  collectGarbage();
  const stop = startTimer();
  for (let root = 0; root < lines; root++) {
    const slot = root & (PENDING - 1);
    if (root >= PENDING) ackChildren(slot);
    const generation = acker.open(slot);
    generations[slot] = generation;
    ids.next();
    let { high, low } = ids;
    acker.initialise(slot, high, low);
    for (let at = slot * CHILDREN; at < (slot + 1) * CHILDREN; at++) {
      ids.next();
      highs[at] = ids.high;
      lows[at] = ids.low;
      high ^= ids.high;
      low ^= ids.low;
    }
    acker.ack(slot, generation, high, low);
  }
  for (let slot = 0; slot < Math.min(PENDING, lines); slot++) ackChildren(slot);
  const time = stop();
  return { ...time, count: lines * (CHILDREN + 1), checksum: `${done} done`, numbers: { bytesPerRoot: weigh(slabs) } };
}

function ownerOf(treeDone: () => void): TreeOwner {
  return { treeDone, treeFailed: () => undefined };
}

/** The textbook: a `BigInt` id for each edge, and a `Map` from root to the XOR of what came for it. */
export function bigIntAcker({ lines }: VariantInput): Measurement {
  let done = 0;
  const pending = new Map<bigint, { xor: bigint }>();
  const ack = (root: bigint, xor: bigint): void => {
    const tree = pending.get(root)!;
    tree.xor ^= xor;
    if (tree.xor !== 0n) return;
    pending.delete(root);
    done += 1;
  };
  const roots = new Array<bigint>(PENDING).fill(0n);
  const children = new Array<bigint>(PENDING * CHILDREN).fill(0n);
  const ackChildren = (slot: number): void => {
    for (let at = slot * CHILDREN; at < (slot + 1) * CHILDREN; at++) ack(roots[slot]!, children[at]!);
  };
  collectGarbage();
  const stop = startTimer();
  for (let index = 0; index < lines; index++) {
    const slot = index & (PENDING - 1);
    if (index >= PENDING) ackChildren(slot);
    const root = randomId();
    roots[slot] = root;
    let xor = randomId();
    pending.set(root, { xor });
    for (let at = slot * CHILDREN; at < (slot + 1) * CHILDREN; at++) {
      const id = randomId();
      children[at] = id;
      xor ^= id;
    }
    ack(root, xor);
  }
  for (let slot = 0; slot < Math.min(PENDING, lines); slot++) ackChildren(slot);
  const time = stop();
  return { ...time, count: lines * (CHILDREN + 1), checksum: `${done} done`, numbers: { bytesPerRoot: weigh(maps) } };
}

function randomId(): bigint {
  const high = BigInt(Math.floor(Math.random() * 0x1_0000_0000));
  const low = BigInt(Math.floor(Math.random() * 0x1_0000_0000));
  return (high << 32n) | low;
}

/** Everything that the engine keeps for a pending root: the acker's slot, and the spout's table of pending tuples. */
function slabs(): unknown {
  const pending = new PendingTuples(WEIGHED);
  const acker = new AckerTasks([ownerOf(() => undefined)], WEIGHED, 1);
  for (let i = 0; i < WEIGHED; i++) pending.ids[pending.take()] = i;
  return { pending, acker };
}

function maps(): unknown {
  const pending = new Map<bigint, { xor: bigint }>();
  for (let i = 0; i < WEIGHED; i++) pending.set(randomId(), { xor: randomId() });
  return pending;
}

/** Bytes a root, on the heap and in buffers. */
function weigh(make: () => unknown): number {
  collectGarbage();
  const before = process.memoryUsage();
  weighed = make();
  collectGarbage();
  const after = process.memoryUsage();
  const bytes = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
  return weighed === undefined ? 0 : bytes / WEIGHED;
}

/** Holds what is weighed, so that it is not collected before. */
let weighed: unknown;
