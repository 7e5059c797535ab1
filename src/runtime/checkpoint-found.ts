/** What is in a checkpoint folder when a driver opens it: read and checked, and then made durable and tidy. */
import { damaged, newer } from './checkpoint-errors.js';
import { type FoundCheckpoints, findCheckpoints } from './checkpoint-finder.js';
import { checkSameJob, checkSourcesFit, checkStateFits, type JobIdentity } from './checkpoint-fit.js';
import { type JobFile, readJobFile, writeJobFile } from './checkpoint-manifest.js';
import type { Durability, LogRecord, SourcePosition } from './durability.js';
import { type FoundLog, readLog } from './log-reader.js';
import { resumeLog, type SegmentedLog } from './segmented-log.js';
import { decodeLogRecord, LOG_RECORD_VERSION } from './state-codec.js';
import type { Files, Scheduler } from './world.js';

export interface CheckpointFolderOptions extends JobIdentity {
  readonly files: Files;
  readonly scheduler: Scheduler;
  readonly folder: string;
  readonly interval: Durability['interval'];
  /** The time (us): when the job begins, if nothing is there. */
  readonly now?: number;
  /** Names of the job's sources. Undefined: not checked. */
  readonly sources?: readonly string[];
  /** Checkpoints kept at least, with what they add to, and the log since the oldest that may be asked for. Default 3. */
  readonly keep?: number;
  /** The most increments to a whole checkpoint; 0: each is whole. Default 10. */
  readonly increments?: number | undefined;
  /** Begins anew. What is there goes to `replaced/`; what was there goes. */
  readonly fromScratch?: boolean;
  /** False: an older checkpoint may not stand for a newer one that is damaged, since results up to that one were seen. Default true. */
  readonly fallsBack?: boolean;
  /** Drops state of operators that the job no longer has. */
  readonly allowNonRestored?: boolean;
  /** Bytes after which a log segment, or a state file, ends. Default 64 MiB each. */
  readonly segmentBytes?: number;
  readonly stateFileBytes?: number;
}

export interface FoundFolder extends FoundCheckpoints {
  readonly jobFile: JobFile | undefined;
  readonly log: FoundLog;
  readonly records: readonly Logged[];
  readonly warnings: readonly string[];
}

/** A record of the log, and its number. */
export interface Logged {
  readonly record: LogRecord;
  readonly sequence: number;
}

/** Reads and checks everything, and changes nothing. */
export async function readFolder(options: CheckpointFolderOptions): Promise<FoundFolder> {
  const { files, folder, job } = options;
  const jobPath = `${folder}/job.json`;
  const names = await files.list(folder);
  const jobFile = names.includes('job.json') ? await readJobFile(files, jobPath) : undefined;
  if (jobFile !== undefined) checkSameJob(folder, jobFile, options);
  const found = await findCheckpoints(files, `${folder}/checkpoints`);
  const manifest = found.checkpoint?.manifest;
  if (options.fallsBack === false) refuseOlder(found);
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

/** With exactly-once a checkpoint that commits an epoch cannot be gone back behind: its results would be seen twice. */
function refuseOlder({ checkpoint, damaged: broken }: FoundCheckpoints): void {
  const epoch = checkpoint?.manifest.meta.epoch ?? 0;
  const newest = broken.find((each) => each.epoch > epoch);
  if (newest === undefined) return;
  const seen = `the results up to epoch ${newest.epoch} may have been seen, and would be seen twice from epoch ${epoch} on`;
  throw damaged(newest.path, `${newest.error.message}; ${seen}: exactly-once cannot hold`, newest.error);
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

/** When the job began. The folder of an earlier version does not say so. */
export function begunOf({ now = 0 }: CheckpointFolderOptions, { jobFile }: FoundFolder): number {
  return jobFile === undefined ? now : (jobFile.begun ?? 0);
}

/** Makes what was found durable and tidy. */
export async function prepareFolder(options: CheckpointFolderOptions, found: FoundFolder): Promise<SegmentedLog> {
  const { files, folder, job, mode, plan, operators, segmentBytes } = options;
  const checkpoints = `${folder}/checkpoints`;
  await files.makeFolder(`${folder}/log`);
  await files.makeFolder(checkpoints);
  const names = await files.list(checkpoints);
  for (const { path } of found.damaged) await files.rename(path, `${checkpoints}/${freeName(names, path)}`);
  await files.syncFolder(checkpoints);
  // Only now, when the checkpoint that was found cannot get lost any more, may the job's file tell of one.
  const hasCheckpoint = found.checkpoint !== undefined;
  const jobFile: JobFile = { job, mode, plan, operators, hasCheckpoint, begun: begunOf(options, found) };
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
export async function setAside(files: Files, folder: string): Promise<void> {
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
