/** What a checkpoint of a large state costs the job: its longest pause, the whole of it, and a restore. Writes no file. */

import type { SnapshotRow } from '../../src/core/keyed-store.js';
import { createStores, type Stores } from '../../src/executors/stores.js';
import { compile } from '../../src/plan/compile.js';
import { chunkAt, decodeChunk, encodeChunk } from '../../src/runtime/state-codec.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';

/** Keys that change between two pieces: the job goes on while its snapshot is read. */
const CHANGES_A_PIECE = 1_000;

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
  await encoded(stores, lines);
  collectGarbage();
  const stop = startTimer();
  const { chunks, pauses } = await encoded(stores, lines);
  const time = stop();
  collectGarbage();
  const restoreStart = performance.now();
  const restored = createStores(plan, { meta: { epoch: 1 } as never, rows: () => rowsOf(chunks) }).of(totals, 0);
  const restoreMs = performance.now() - restoreStart;
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const numbers = {
    pauseMs: Math.max(...pauses),
    wholeMs: pauses.reduce((sum, pause) => sum + pause, 0),
    restoreMs,
    bytesPerKey: bytes / lines,
  };
  return { ...time, count: lines, checksum: `${restored.peek('state')?.size} keys`, numbers };
}

/** The chunks of a snapshot, and how long the job stood still for each. */
async function encoded(stores: Stores, keys: number): Promise<{ chunks: Uint8Array[]; pauses: number[] }> {
  const state = stores.of(totals, 0).space<number>('state');
  const chunks: Uint8Array[] = [];
  let start = performance.now();
  const [source] = stores.snapshots({ epoch: 0, since: undefined });
  const pauses = [performance.now() - start];
  for (let changed = 0; ; changed += CHANGES_A_PIECE) {
    start = performance.now();
    const rows = await source!.next();
    if (rows.length > 0) chunks.push(encodeChunk(rows, 0, totals.uid));
    pauses.push(performance.now() - start);
    if (rows.length === 0) return { chunks, pauses };
    for (let i = 0; i < CHANGES_A_PIECE; i++) {
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
