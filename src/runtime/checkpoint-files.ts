/** Writes a snapshot into a folder of its own and reads it back, whole or not at all. It knows no log, and of other checkpoints only the one it adds to. */
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SnapshotRow } from '../core/keyed-store.js';
import { damaged, newer } from './checkpoint-errors.js';
import {
  type Manifest,
  manifestText,
  readExpected,
  type StateFile,
  type StoreEntry,
  type SummedManifest,
  writeDurably,
} from './checkpoint-manifest.js';
import type { JobSnapshot, RestoredJob, StoreSource } from './durability.js';
import { restoredJob } from './restored-job.js';
import { CHUNK_ROWS_MAX, chunkAt, decodeChunk, encodeChunk, STATE_VERSION } from './state-codec.js';
import type { Files, OpenFile, Scheduler } from './world.js';

/** Bytes after which state goes on in another file, so that each can be read into memory. */
const STATE_FILE_BYTES = 67_108_864;

/** A checkpoint in memory: encoded, as it is on the disk. */
export interface Checkpoint {
  readonly manifest: Manifest;
  /** Checksum of the manifest's file. */
  readonly sum: number;
  /** Chunks of each store, in the order of `manifest.stores`; with those that they add to first, once `composed`. */
  readonly chunks: readonly (readonly Uint8Array[])[];
}

export interface CheckpointWriting {
  readonly files: Files;
  readonly scheduler: Scheduler;
  readonly folder: string;
  readonly snapshot: JobSnapshot;
  /** What increments in it add to: the checkpoint before, composed. */
  readonly base?: Checkpoint | undefined;
  /** Default 64 MiB. */
  readonly stateFileBytes?: number | undefined;
  /** Called when all state is written: the rest of the manifest. */
  readonly describe: () => Pick<Manifest, 'job' | 'plan' | 'operators' | 'log'>;
}

/**
 * Writes a snapshot as `chk-<epoch>` under `folder`.
 *
 * 1. `chk-<epoch>.tmp` is made; state goes into its files, each synced; the manifest comes last, synced too.
 * 2. The folder's names are synced, it gets its final name, and the names above are synced: now it counts.
 *
 * @throws StreamError `RG056` for a value that no checkpoint can hold, `RG057`. What was written so far is left as `.tmp`.
 */
export async function writeCheckpoint(writing: CheckpointWriting): Promise<Checkpoint> {
  const { files, folder, snapshot, base, describe } = writing;
  const path = checkpointPath(folder, snapshot.meta.epoch);
  const temporary = `${path}.tmp`;
  await files.remove(temporary);
  await files.makeFolder(temporary);
  const out = new StateWriter(files, temporary, writing.stateFileBytes ?? STATE_FILE_BYTES);
  const stores: StoreEntry[] = [];
  const chunks: Uint8Array[][] = [];
  try {
    for (const source of snapshot.stores) {
      const written: Uint8Array[] = [];
      let rows = 0;
      for await (const piece of piecesOf(source, writing.scheduler)) {
        const bytes = encodeChunk(piece, stores.length, source.uid);
        await out.write(bytes);
        written.push(bytes);
        rows += piece.length;
      }
      const content = source.since === undefined ? 'full' : 'increment';
      stores.push({ uid: source.uid, task: source.task, content, rows });
      chunks.push(written);
    }
    await out.finish();
  } finally {
    for (const source of snapshot.stores) source.close();
    await out.abandon();
  }
  const hasIncrements = stores.some(({ content }) => content === 'increment');
  const addsTo = hasIncrements ? { addsTo: { epoch: base!.manifest.meta.epoch, crc32: base!.sum } } : {};
  const manifest: Manifest = { ...describe(), meta: snapshot.meta, stores, files: out.written, ...addsTo };
  const text = manifestText(manifest);
  await writeDurably(files, `${temporary}/manifest.json`, text);
  await files.syncFolder(temporary);
  await files.rename(temporary, path);
  await files.syncFolder(folder);
  return composed({ manifest, sum: crc32(text), chunks }, base);
}

export function checkpointPath(folder: string, epoch: number): string {
  return `${folder}/chk-${epoch}`;
}

/**
 * A checkpoint with what it adds to, which is composed already: rows of a store apply in the order of their chunks.
 *
 * @throws StreamError `RG054` when that lacks a store.
 */
export function composed(own: Checkpoint, base: Checkpoint | undefined): Checkpoint {
  const chunks = own.manifest.stores.map(({ uid, task, content }, i) => {
    if (content === 'full') return own.chunks[i]!;
    const at = base?.manifest.stores.findIndex((store) => store.uid === uid && store.task === task) ?? -1;
    if (at < 0) throw damaged(`chk-${own.manifest.meta.epoch}`, `nothing is there to which the state of '${uid}' adds`);
    return [...base!.chunks[at]!, ...own.chunks[i]!];
  });
  return { ...own, chunks };
}

/** Reads and checks all that one checkpoint holds itself, whose manifest was read. @throws StreamError `RG054`, `RG055`. */
export async function readOwnCheckpoint(
  files: Files,
  path: string,
  { manifest, sum }: SummedManifest,
): Promise<Checkpoint> {
  const chunks = manifest.stores.map((): Uint8Array[] => []);
  const rows = manifest.stores.map(() => 0);
  for (const file of manifest.files) {
    const name = `${path}/${file.name}`;
    const content = await readExpected(files, name, file.bytes);
    checkFile(name, file, content);
    for (let at = 0; at < content.length; ) {
      const found = chunkAt(content, at);
      if (typeof found === 'string') throw damaged(name, `${found}, at byte ${at}`);
      if ('version' in found) throw newer(name, `state of version ${found.version}`, STATE_VERSION);
      const of = chunks[found.store];
      if (of === undefined) throw damaged(name, `a chunk belongs to no store, at byte ${at}`);
      of.push(found.bytes);
      rows[found.store]! += found.rows;
      at += found.bytes.length;
    }
  }
  for (const [i, { uid, task, rows: expected }] of manifest.stores.entries()) {
    if (rows[i] !== expected)
      throw damaged(path, `'${uid}' has ${rows[i]} rows on task ${task}, and should have ${expected}`);
  }
  return { manifest, sum, chunks };
}

/** What a restart asks: rows are decoded as they are taken. */
export function restoredFrom({ manifest, chunks }: Checkpoint): RestoredJob {
  return restoredJob(
    manifest.meta,
    manifest.operators.map(({ uid }) => uid),
    manifest.stores.map(({ uid, task }, i) => ({ uid, task, pieces: () => chunks[i]!.map(decodeChunk) })),
  );
}

/** A source's rows in pieces of at most a chunk. Between two of them other work gets its turn. */
async function* piecesOf(source: StoreSource, scheduler: Scheduler): AsyncGenerator<readonly SnapshotRow[]> {
  for (;;) {
    const rows = await source.next();
    if (rows.length === 0) return;
    for (let at = 0; at < rows.length; at += CHUNK_ROWS_MAX) {
      yield rows.length <= CHUNK_ROWS_MAX ? rows : rows.slice(at, at + CHUNK_ROWS_MAX);
      await new Promise<void>((resolve) => scheduler.soon(resolve));
    }
  }
}

function checkFile(path: string, { bytes, crc32: sum, sha256 }: StateFile, content: Uint8Array): void {
  if (content.length !== bytes) throw damaged(path, `it has ${content.length} bytes, and should have ${bytes}`);
  if (crc32(content) !== sum || createHash('sha256').update(content).digest('hex') !== sha256) {
    throw damaged(path, 'its checksum is wrong');
  }
}

/** State files, one after another. */
class StateWriter {
  readonly written: StateFile[] = [];
  readonly #files: Files;
  readonly #folder: string;
  readonly #bytesMax: number;
  #file: OpenFile | undefined;
  #bytes = 0;
  #crc = 0;
  #hash: Hash = createHash('sha256');

  constructor(files: Files, folder: string, bytesMax: number) {
    this.#files = files;
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#files.create(`${this.#folder}/${this.#name}`);
    this.#bytes += bytes.length;
    this.#crc = crc32(bytes, this.#crc);
    this.#hash.update(bytes);
    await this.#file.write(bytes);
    if (this.#bytes >= this.#bytesMax) await this.finish();
  }

  /** The file under way is durable, but for its name. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    await file.sync();
    this.#file = undefined;
    await file.close();
    this.written.push({ name: this.#name, bytes: this.#bytes, crc32: this.#crc, sha256: this.#hash.digest('hex') });
    this.#bytes = 0;
    this.#crc = 0;
    this.#hash = createHash('sha256');
  }

  /** After a failure: what closing the file says would only hide it. */
  async abandon(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
  }

  get #name(): string {
    return `state-${this.written.length + 1}.bin`;
  }
}
