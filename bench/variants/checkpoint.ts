/** What a checkpoint of a large state costs the job: its longest pause, the whole of it, a restore, and an increment. Writes no file. */

import type { SnapshotRow } from '../../src/core/keyed-store.js';
import { createStores, type SnapshotCut, type Stores } from '../../src/executors/stores.js';
import { compile } from '../../src/plan/compile.js';
import { chunkAt, decodeChunk, encodeChunk } from '../../src/runtime/state-codec.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';

/** Keys that change between two pieces: the job goes on while its snapshot is read. */
const CHANGES_A_PIECE = 1_000;
/** Of the keys, so many have changed when the increment is taken. */
const CHANGED_SHARE = 0.01;

const plan = compile(
  topology('checkpoint', (t) => {
    t.source('keys', memory<number>([]))
      .keyBy((n) => n)
      .runningReduce({ uid: 'totals', reduce: (a, b) => a + b })
      .to('out', none());
  }),
);
const totals = plan.operators.find(({ uid }) => uid === 'totals')!;

/** One key for each line: a name and a number. A job takes a checkpoint every second: the first one, whose code is cold, does not count. */
export async function checkpoint({ lines }: VariantInput): Promise<Measurement> {
  const stores = createStores(plan);
  const state = stores.of(totals, 0).space<number>('state');
  for (let i = 0; i < lines; i++) state.insert(`customer ${i}`, i, 0);
  await encoded(stores, lines, { epoch: 1, since: undefined });
  collectGarbage();
  const stop = startTimer();
  const { chunks, pauses } = await encoded(stores, lines, { epoch: 2, since: undefined });
  const time = stop();
  // What changed while the whole one was read must not count for the increment: one more, in which nothing changes.
  await encoded(stores, 0, { epoch: 3, since: 2 });
  for (let changed = 0; changed < lines * CHANGED_SHARE; changed++) {
    state.writable(`customer ${(changed * 7_919) % lines}`)!.value += 1;
  }
  collectGarbage();
  const increment = await encoded(stores, 0, { epoch: 4, since: 3 });
  collectGarbage();
  const restoreStart = performance.now();
  const restored = createStores(plan, { meta: { epoch: 1 } as never, rows: () => rowsOf(chunks) }).of(totals, 0);
  const restoreMs = performance.now() - restoreStart;
  const bytes = sizeOf(chunks);
  const sum = (all: readonly number[]): number => all.reduce((total, pause) => total + pause, 0);
  const numbers = {
    pauseMs: Math.max(...pauses),
    wholeMs: sum(pauses),
    incrementPauseMs: Math.max(...increment.pauses),
    incrementMs: sum(increment.pauses),
    incrementShare: sizeOf(increment.chunks) / bytes,
    restoreMs,
    bytesPerKey: bytes / lines,
  };
  return { ...time, count: lines, checksum: `${restored.peek('state')?.size} keys`, numbers };
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** The chunks of a snapshot, and how long the job stood still for each. `keys`: how many there are to change meanwhile; 0: none change. */
async function encoded(
  stores: Stores,
  keys: number,
  cut: SnapshotCut,
): Promise<{ chunks: Uint8Array[]; pauses: number[] }> {
  const state = stores.of(totals, 0).space<number>('state');
  const chunks: Uint8Array[] = [];
  let start = performance.now();
  const [source] = stores.snapshots(cut);
  const pauses = [performance.now() - start];
  for (let changed = 0; ; changed += CHANGES_A_PIECE) {
    start = performance.now();
    const rows = await source!.next();
    if (rows.length > 0) chunks.push(encodeChunk(rows, 0, totals.uid));
    pauses.push(performance.now() - start);
    if (rows.length === 0) return { chunks, pauses };
    for (let i = 0; i < CHANGES_A_PIECE && keys > 0; i++) {
      const cell = state.writable(`customer ${(changed + i * 7_919) % keys}`)!;
      cell.value += 1;
    }
  }
}

function* rowsOf(chunks: readonly Uint8Array[]): Generator<SnapshotRow> {
  for (const bytes of chunks) {
    const chunk = chunkAt(bytes, 0);
    if (typeof chunk === 'string' || 'version' in chunk) throw new Error('a chunk that was just written is damaged');
    yield* decodeChunk(chunk.bytes);
  }
}
