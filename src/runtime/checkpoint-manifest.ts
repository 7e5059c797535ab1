/** What stands beside the state in a checkpoint folder: the job's own file, and the manifest of each checkpoint. */
import { crc32 } from 'node:zlib';
import { StreamError } from '../core/errors.js';
import { damaged, newer } from './checkpoint-errors.js';
import type { SnapshotMeta } from './durability.js';
import type { Mode } from './events.js';
import { exactJson, parseExactJson, seal, unseal } from './exact-json.js';
import { errnoOf } from './file-errors.js';
import type { Files } from './world.js';

/** The version of both files that is written, and the newest that is read. */
const FORMAT = 1;
/** The longest of these files that is read. Positions of a million partitions fit. */
const MANIFEST_BYTES_MAX = 268_435_456;

/** An operator that has state: what must be the same for its state to fit. */
export interface StatefulOperator {
  readonly uid: string;
  readonly kind: string;
  readonly schemaVersion: number;
  readonly tasks: number;
}

/** Whose folder it is: `job.json`. */
export interface JobFile {
  readonly job: string;
  readonly mode: Mode;
  /** The plan's hash. Another plan is fine while all state fits. */
  readonly plan: string;
  readonly operators: readonly StatefulOperator[];
  /** True after the first checkpoint: from then on a folder without any is damaged, and not new. */
  readonly hasCheckpoint: boolean;
  /** When the job began (us). Absent in folders of earlier versions. */
  readonly begun?: number;
}

/** The state of one operator on one task, in a checkpoint. */
export interface StoreEntry {
  readonly uid: string;
  readonly task: number;
  /** All of it, or what adds to the checkpoint that `addsTo` names. */
  readonly content: 'full' | 'increment';
  /** In this checkpoint: also of what is gone. */
  readonly rows: number;
}

export interface StateFile {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
  readonly sha256: string;
}

/** `manifest.json`: written last, so that a checkpoint with a right one is whole unless it was changed later. */
export interface Manifest {
  readonly job: string;
  readonly plan: string;
  readonly meta: SnapshotMeta;
  readonly operators: readonly StatefulOperator[];
  /** Chunks name their store by its place here. */
  readonly stores: readonly StoreEntry[];
  readonly files: readonly StateFile[];
  /** The checkpoint to which increments add, by its epoch and the checksum of its manifest. Not there when all stores are full. */
  readonly addsTo?: { readonly epoch: number; readonly crc32: number };
  /** The first record of the log that is not in the checkpoint, and the last one that was durable when it was written. */
  readonly log: { readonly from: number; readonly known: number };
}

export function manifestText(manifest: Manifest): Uint8Array {
  return Buffer.from(seal('manifest', FORMAT, exactJson(manifest)));
}

/** A manifest, and the checksum by which increments name it. */
export interface SummedManifest {
  readonly manifest: Manifest;
  readonly sum: number;
}

/** @throws StreamError `RG054`, `RG055`. */
export async function readManifest(files: Files, folder: string, epoch: number): Promise<SummedManifest> {
  const path = `${folder}/manifest.json`;
  const { content, sum } = await readSealed(files, path, 'manifest');
  const manifest = content as Manifest;
  const found = manifest.meta.epoch;
  if (found !== epoch) throw damaged(path, `it is of epoch ${found}, and stands where ${epoch} belongs`);
  const unknown = manifest.stores.find(({ content }) => content !== 'full' && content !== 'increment');
  if (unknown !== undefined) throw newer(path, `state of '${unknown.uid}' of the kind '${unknown.content}'`, FORMAT);
  const adds = manifest.stores.find(({ content }) => content === 'increment');
  if (adds !== undefined && !((manifest.addsTo?.epoch ?? epoch) < epoch))
    throw damaged(path, `it has an increment of '${adds.uid}', and names no earlier checkpoint`);
  return { manifest, sum };
}

/** @throws StreamError `RG054`, `RG055`. */
export async function readJobFile(files: Files, path: string): Promise<JobFile> {
  return (await readSealed(files, path, 'job')).content as JobFile;
}

/** Replaces the file: after a crash it is the old one or the new one. @throws StreamError `RG057`. */
export async function writeJobFile(files: Files, folder: string, job: JobFile): Promise<void> {
  const path = `${folder}/job.json`;
  const temporary = `${path}.tmp`;
  await files.remove(temporary);
  await writeDurably(files, temporary, Buffer.from(seal('job', FORMAT, exactJson(job))));
  await files.rename(temporary, path);
  await files.syncFolder(folder);
}

/** A new file whose content is durable; its name is after `syncFolder`. */
export async function writeDurably(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.create(path);
  await file.write(bytes);
  await file.sync();
  await file.close();
}

/** Reads a whole file that must be there, so that its absence or a size beyond `max` is damage. */
export async function readExpected(files: Files, path: string, max: number): Promise<Uint8Array> {
  try {
    return await files.readWhole(path, max);
  } catch (cause) {
    if (!(cause instanceof StreamError)) throw cause;
    // A file that may not be read is not damaged: it is there for someone else.
    const reason = cause.code === 'RG040' ? errnoOf(cause.cause) : 'ENOENT';
    if (reason === 'ENOENT' || reason === 'EIO') throw damaged(path, cause.message, cause);
    throw cause;
  }
}

async function readSealed(
  files: Files,
  path: string,
  kind: string,
): Promise<{ readonly content: unknown; readonly sum: number }> {
  const bytes = await readExpected(files, path, MANIFEST_BYTES_MAX);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const found = unseal(kind, text);
  // Wrong UTF-8 becomes a replacement character, which no checksum of ours covers: compared, it shows.
  if (found === undefined || Buffer.compare(Buffer.from(text), bytes) !== 0) {
    throw damaged(path, 'its checksum is wrong');
  }
  if (found.format !== FORMAT) throw newer(path, `format ${found.format}`, FORMAT);
  return { content: parseExactJson(found.content), sum: crc32(bytes) };
}
