/**
 * Durability in a folder: what a driver needs to go on after it was killed, or after the power went. It knows no executor.
 *
 *      lock                 held by one driver
 *      job.json             whose folder it is
 *      log/                 received blocks, allocations of batches and their commits since the oldest checkpoint
 *      checkpoints/chk-7/   state files, and their manifest
 *      connectors/          what sources and sinks keep
 *      replaced/            what the last `fromScratch` set aside
 */
import { assert } from '../core/assert.js';
import type { StreamError } from '../core/errors.js';
import { type Checkpoint, checkpointPath, restoredFrom, writeCheckpoint } from './checkpoint-files.js';
import { keptOf } from './checkpoint-finder.js';
import {
  begunOf,
  type CheckpointFolderOptions,
  type FoundFolder,
  type Logged,
  prepareFolder,
  readFolder,
  setAside,
} from './checkpoint-found.js';
import { writeJobFile } from './checkpoint-manifest.js';
import { type KeptCheckpoint, retained } from './checkpoint-retention.js';
import {
  type Durability,
  isAfter,
  type JobSnapshot,
  type LogRecord,
  type Recovered,
  type RestoredJob,
  type SnapshotMeta,
} from './durability.js';
import { type Chain, chainWith, checkAddsTo, INCREMENTS_MAX, nextAddsTo } from './increments.js';
import type { SegmentedLog } from './segmented-log.js';
import { encodeLogRecord } from './state-codec.js';
import type { FileLock } from './world.js';

export { type CheckpointFolderOptions, connectorsFolder } from './checkpoint-found.js';

/** Checkpoints that are kept: the newest may turn out damaged, and so may the one before. */
const CHECKPOINTS_KEPT = 3;

export interface CheckpointFolder extends Durability {
  /** What a restart should tell: checkpoints that were damaged, log that was torn, state that was dropped. */
  readonly warnings: readonly string[];
  /** Waits for what is under way and lets the folder go. */
  close(): Promise<void>;
}

/**
 * Opens a checkpoint folder, which is made when it is missing.
 *
 * 1. The folder is locked. What is there is read and checked; nothing is changed before all of it fits.
 * 2. The newest whole checkpoint counts, with the log after it. Damaged ones that are newer are renamed `.damaged`.
 * 3. What a killed driver left readable is made durable, before anyone acts on it.
 *
 * @throws StreamError `RG052` another driver has it, `RG053` it does not fit, `RG054` damaged, `RG055` newer, `RG057`.
 */
export async function openCheckpointFolder(options: CheckpointFolderOptions): Promise<CheckpointFolder> {
  const { files, folder } = options;
  await files.makeFolder(folder);
  const lock = await files.lock(`${folder}/lock`);
  try {
    if (options.fromScratch === true) await setAside(files, folder);
    const found = await readFolder(options);
    return new OpenFolder(options, lock, found, await prepareFolder(options, found));
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

class OpenFolder implements CheckpointFolder {
  readonly interval: Durability['interval'];
  readonly begun: number;
  readonly warnings: readonly string[];
  readonly #options: CheckpointFolderOptions;
  readonly #lock: FileLock;
  readonly #log: SegmentedLog;
  /** What was logged since the last checkpoint. */
  #records: Logged[];
  #checkpoint: Checkpoint | undefined;
  #latest: RestoredJob | undefined;
  #chain: Chain | undefined;
  #kept: readonly KeptCheckpoint[];
  #saving: Promise<void> = Promise.resolve();
  #failure: StreamError | undefined;

  constructor(options: CheckpointFolderOptions, lock: FileLock, found: FoundFolder, log: SegmentedLog) {
    this.interval = options.interval;
    this.begun = begunOf(options, found);
    this.warnings = found.warnings;
    this.#options = options;
    this.#lock = lock;
    this.#log = log;
    this.#kept = found.kept;
    this.#checkpoint = found.checkpoint;
    this.#latest = found.checkpoint && restoredFrom(found.checkpoint);
    this.#chain = chainOf(found.kept);
    this.#records = after(found.records, this.#latest?.meta);
  }

  get recovered(): Recovered {
    return { snapshot: this.#latest, log: this.#records.map(({ record }) => record) };
  }

  get addsTo(): number | undefined {
    return nextAddsTo(this.#chain, this.#options.increments ?? INCREMENTS_MAX);
  }

  latest(): RestoredJob | undefined {
    return this.#latest;
  }

  async log(record: LogRecord): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = encodeLogRecord(record);
    this.#records.push({ record, sequence: this.#log.next });
    await this.#stopOnFailure(this.#log.append(bytes));
  }

  save(snapshot: JobSnapshot): Promise<void> {
    const saved = this.#saving.then(() => this.#stopOnFailure(this.#save(snapshot)));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async close(): Promise<void> {
    await this.#saving;
    await this.#log.close();
    await this.#lock.release();
  }

  get #epoch(): number {
    return this.#latest?.meta.epoch ?? 0;
  }

  async #save(snapshot: JobSnapshot): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { files, scheduler, folder, job, mode, plan, operators, stateFileBytes } = this.#options;
    const { epoch } = snapshot.meta;
    assert(epoch > this.#epoch, `epoch ${epoch} comes after ${this.#epoch}`);
    checkAddsTo(snapshot, this.#checkpoint?.manifest.meta.epoch);
    const checkpoint = await writeCheckpoint({
      ...{ files, scheduler, snapshot, stateFileBytes },
      folder: `${folder}/checkpoints`,
      base: this.#checkpoint,
      describe: () => ({ job, plan, operators, log: this.#logAfter(snapshot.meta) }),
    });
    if (this.#latest === undefined)
      await writeJobFile(files, folder, { job, mode, plan, operators, hasCheckpoint: true, begun: this.begun });
    this.#checkpoint = checkpoint;
    this.#latest = restoredFrom(checkpoint);
    this.#records = after(this.#records, snapshot.meta);
    const kept = keptOf(checkpoint.manifest);
    this.#kept = [...this.#kept, kept];
    this.#chain = chainAfter(this.#chain, kept);
    await this.#prune();
  }

  #logAfter(meta: SnapshotMeta): { readonly from: number; readonly known: number } {
    return { from: after(this.#records, meta)[0]?.sequence ?? this.#log.next, known: this.#log.durable };
  }

  /** A name of its own first, so that no crash leaves a part of a checkpoint that looks like one. */
  async #prune(): Promise<void> {
    const { files, folder, keep = CHECKPOINTS_KEPT } = this.#options;
    const { kept, gone, logFrom } = retained(this.#kept, keep);
    const old = gone.map(({ epoch }) => checkpointPath(`${folder}/checkpoints`, epoch));
    this.#kept = kept;
    for (const path of old) await files.rename(path, `${path}.removed`);
    if (old.length > 0) await files.syncFolder(`${folder}/checkpoints`);
    for (const path of old) await files.remove(`${path}.removed`);
    await this.#log.prune(logFrom);
  }

  /** Nothing is tried again: the first failure ends the job. */
  async #stopOnFailure<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (cause) {
      this.#failure ??= cause as StreamError;
      throw cause;
    }
  }
}

/** How far the newest of them is from a whole one. */
function chainOf(kept: readonly KeptCheckpoint[]): Chain | undefined {
  return kept.reduce<Chain | undefined>(chainAfter, undefined);
}

function chainAfter(chain: Chain | undefined, { epoch, rows: size, addsTo }: KeptCheckpoint): Chain {
  return chainWith(chain, { epoch, size, isIncrement: addsTo !== undefined });
}

function after(records: readonly Logged[], meta: SnapshotMeta | undefined): Logged[] {
  return records.filter(({ record }) => meta === undefined || isAfter(record, meta));
}
