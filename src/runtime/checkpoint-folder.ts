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
import { damaged, newer } from './checkpoint-errors.js';
import { checkpointPath, restoredFrom, writeCheckpoint } from './checkpoint-files.js';
import { type FoundCheckpoints, findCheckpoints, type KeptCheckpoint } from './checkpoint-finder.js';
import { checkSameJob, checkSourcesFit, checkStateFits, type JobIdentity } from './checkpoint-fit.js';
import { type JobFile, readJobFile, writeJobFile } from './checkpoint-manifest.js';
import {
  type Durability,
  isAfter,
  type JobSnapshot,
  type LogRecord,
  type Recovered,
  type RestoredJob,
  type SnapshotMeta,
  type SourcePosition,
} from './durability.js';
import { type FoundLog, readLog } from './log-reader.js';
import { resumeLog, type SegmentedLog } from './segmented-log.js';
import { decodeLogRecord, encodeLogRecord, LOG_RECORD_VERSION } from './state-codec.js';
import type { FileLock, Files, Scheduler } from './world.js';

/** Checkpoints that are kept: the newest may turn out damaged, and so may the one before. */
const CHECKPOINTS_KEPT = 3;

export interface CheckpointFolderOptions extends JobIdentity {
  readonly files: Files;
  readonly scheduler: Scheduler;
  readonly folder: string;
  readonly interval: Durability['interval'];
  /** Names of the job's sources. Undefined: not checked. */
  readonly sources?: readonly string[];
  /** Checkpoints kept, with the log since the oldest. Default 3. */
  readonly keep?: number;
  /** Begins anew. What is there goes to `replaced/`; what was there goes. */
  readonly fromScratch?: boolean;
  /** Drops state of operators that the job no longer has. */
  readonly allowNonRestored?: boolean;
  /** Bytes after which a log segment, or a state file, ends. Default 64 MiB each. */
  readonly segmentBytes?: number;
  readonly stateFileBytes?: number;
}

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

interface FoundFolder extends FoundCheckpoints {
  readonly jobFile: JobFile | undefined;
  readonly log: FoundLog;
  readonly records: readonly Logged[];
  readonly warnings: readonly string[];
}

interface Logged {
  readonly record: LogRecord;
  readonly sequence: number;
}

/** Reads and checks everything, and changes nothing. */
async function readFolder(options: CheckpointFolderOptions): Promise<FoundFolder> {
  const { files, folder, job } = options;
  const jobPath = `${folder}/job.json`;
  const names = await files.list(folder);
  const jobFile = names.includes('job.json') ? await readJobFile(files, jobPath) : undefined;
  if (jobFile !== undefined) checkSameJob(folder, jobFile, options);
  const found = await findCheckpoints(files, `${folder}/checkpoints`);
  const manifest = found.checkpoint?.manifest;
  const hasCheckpoint = jobFile?.hasCheckpoint === true;
  if (hasCheckpoint && manifest === undefined) throw damaged(`${folder}/checkpoints`, 'the checkpoints are missing');
  const operators = manifest?.operators ?? [];
  const dropped = checkStateFits(folder, operators, options.operators, options.allowNonRestored === true);
  const needs = { neededFrom: manifest?.log.from ?? 1, knownTo: manifest?.log.known ?? 0 };
  const log = await readLog({ files, folder: `${folder}/log`, job, ...needs });
  const isEmpty = manifest === undefined && log.tail === undefined;
  if (jobFile === undefined && !isEmpty) throw damaged(jobPath, 'it is missing, but there are checkpoints or a log');
  const records = log.entries.map(({ sequence, bytes }) => {
    const record = decodeLogRecord(bytes);
    if (record === undefined) throw newer(`${folder}/log`, `record ${sequence} of a newer version`, LOG_RECORD_VERSION);
    return { sequence, record };
  });
  if (options.sources !== undefined && options.allowNonRestored !== true)
    checkSourcesFit(folder, placesIn(manifest?.meta.sources ?? [], records), options.sources);
  const warnings = [...found.damaged.map(setAsideWarning), ...tornWarning(log), ...dropped.map(droppedWarning)];
  return { ...found, jobFile, log, records, warnings };
}

function placesIn(positions: readonly SourcePosition[], records: readonly Logged[]): readonly { source: string }[] {
  return [...positions, ...records.flatMap(({ record }) => rangesOf(record))];
}

function rangesOf(record: LogRecord): readonly { source: string }[] {
  switch (record.kind) {
    case 'received':
      return [record.range];
    case 'allocated':
      return record.ranges;
    case 'prepared':
      return [];
  }
}

function setAsideWarning({ path, error }: FoundCheckpoints['damaged'][number]): string {
  return `${error.message}; it is kept as '${path}.damaged', and an older checkpoint stands for it`;
}

function tornWarning({ tail }: FoundLog): readonly string[] {
  if (tail === undefined || tail.torn === 0) return [];
  return [
    `'${tail.path}' had ${tail.torn} bytes from byte ${tail.bytes} on that a crash had left unfinished; they are cut off`,
  ];
}

function droppedWarning(uid: string): string {
  return `the job has no operator '${uid}' any more: its state is dropped`;
}

/** Makes what was found durable and tidy. */
async function prepareFolder(options: CheckpointFolderOptions, found: FoundFolder): Promise<SegmentedLog> {
  const { files, folder, job, mode, plan, operators, segmentBytes } = options;
  const checkpoints = `${folder}/checkpoints`;
  await files.makeFolder(`${folder}/log`);
  await files.makeFolder(checkpoints);
  const names = await files.list(checkpoints);
  for (const { path } of found.damaged) await files.rename(path, `${checkpoints}/${freeName(names, path)}`);
  await files.syncFolder(checkpoints);
  // Only now, when the checkpoint that was found cannot get lost any more, may the job's file tell of one.
  const jobFile: JobFile = { job, mode, plan, operators, hasCheckpoint: found.checkpoint !== undefined };
  if (JSON.stringify(found.jobFile) === JSON.stringify(jobFile)) await files.syncFolder(folder);
  else await writeJobFile(files, folder, jobFile);
  for (const path of found.leftovers) await files.remove(path);
  const size = segmentBytes === undefined ? {} : { segmentBytes };
  return resumeLog({ files, folder: `${folder}/log`, job, ...size }, found.log);
}

function freeName(names: readonly string[], path: string): string {
  const name = `${path.slice(path.lastIndexOf('/') + 1)}.damaged`;
  for (let i = 1; ; i++) {
    const free = i === 1 ? name : `${name}-${i}`;
    if (!names.includes(free)) return free;
  }
}

const OWN_NAMES: readonly string[] = ['job.json', 'log', 'checkpoints', 'connectors'];

/** Where sources and sinks keep what belongs to the job's progress. It goes aside with it. */
export function connectorsFolder(folder: string): string {
  return `${folder}/connectors`;
}

/** The job's file goes first: a crash in between leaves a folder that is refused, and not one that looks whole. */
async function setAside(files: Files, folder: string): Promise<void> {
  const names = (await files.list(folder)).filter((name) => OWN_NAMES.includes(name));
  if (names.length === 0) return;
  const aside = `${folder}/replaced`;
  await files.remove(aside);
  await files.makeFolder(aside);
  for (const name of names.toSorted((a, b) => Number(b === 'job.json') - Number(a === 'job.json'))) {
    await files.rename(`${folder}/${name}`, `${aside}/${name}`);
    await files.syncFolder(aside);
    await files.syncFolder(folder);
  }
}

class OpenFolder implements CheckpointFolder {
  readonly interval: Durability['interval'];
  readonly warnings: readonly string[];
  readonly #options: CheckpointFolderOptions;
  readonly #lock: FileLock;
  readonly #log: SegmentedLog;
  /** What was logged since the last checkpoint. */
  #records: Logged[];
  #latest: RestoredJob | undefined;
  #kept: readonly KeptCheckpoint[];
  #saving: Promise<void> = Promise.resolve();
  #failure: StreamError | undefined;

  constructor(options: CheckpointFolderOptions, lock: FileLock, found: FoundFolder, log: SegmentedLog) {
    this.interval = options.interval;
    this.warnings = found.warnings;
    this.#options = options;
    this.#lock = lock;
    this.#log = log;
    this.#kept = found.kept;
    this.#latest = found.checkpoint === undefined ? undefined : restoredFrom(found.checkpoint);
    this.#records = after(found.records, this.#latest?.meta);
  }

  get recovered(): Recovered {
    return { snapshot: this.#latest, log: this.#records.map(({ record }) => record) };
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
    const checkpoint = await writeCheckpoint({
      ...{ files, scheduler, snapshot, stateFileBytes },
      folder: `${folder}/checkpoints`,
      describe: () => ({ job, plan, operators, log: this.#logAfter(snapshot.meta) }),
    });
    if (this.#latest === undefined)
      await writeJobFile(files, folder, { job, mode, plan, operators, hasCheckpoint: true });
    this.#latest = restoredFrom(checkpoint);
    this.#records = after(this.#records, snapshot.meta);
    this.#kept = [...this.#kept, { epoch, logFrom: checkpoint.manifest.log.from }];
    await this.#prune();
  }

  #logAfter(meta: SnapshotMeta): { readonly from: number; readonly known: number } {
    return { from: after(this.#records, meta)[0]?.sequence ?? this.#log.next, known: this.#log.durable };
  }

  /** A name of its own first, so that no crash leaves a part of a checkpoint that looks like one. */
  async #prune(): Promise<void> {
    const { files, folder, keep = CHECKPOINTS_KEPT } = this.#options;
    const old = this.#kept.slice(0, -keep).map(({ epoch }) => checkpointPath(`${folder}/checkpoints`, epoch));
    this.#kept = this.#kept.slice(-keep);
    for (const path of old) await files.rename(path, `${path}.removed`);
    if (old.length > 0) await files.syncFolder(`${folder}/checkpoints`);
    for (const path of old) await files.remove(`${path}.removed`);
    await this.#log.prune(this.#kept[0]!.logFrom);
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

function after(records: readonly Logged[], meta: SnapshotMeta | undefined): Logged[] {
  return records.filter(({ record }) => meta === undefined || isAfter(record, meta));
}
