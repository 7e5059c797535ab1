/** Reads a log and decides whether it is whole, torn by a crash, or damaged. It changes nothing on the disk. */
import { StreamError } from '../core/errors.js';
import { damaged, newer } from './checkpoint-errors.js';
import { LOG_VERSION, parseRecord, parseSegmentHeader, provesDurable, type SegmentHeader } from './log-format.js';
import type { Files } from './world.js';

/** The longest segment that is read: one of the usual length and one record of the greatest length fit. */
const SEGMENT_BYTES_MAX = 0x4000_0000;

/** What a restart knows about its log before it looks. */
export interface LogNeeds {
  readonly files: Files;
  readonly folder: string;
  readonly job: string;
  /** The first sequence that is needed. Default 1, the first of all. */
  readonly neededFrom?: number;
  /** The last sequence of which another file tells that it was durable: a log that ends before it is damaged. Default 0. */
  readonly knownTo?: number;
}

/** One record of the log. */
export interface LogEntry {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** A segment, and the last sequence that it can hold. */
export interface LogSegment {
  readonly number: number;
  readonly path: string;
  readonly last: number;
}

export interface FoundLog {
  readonly entries: readonly LogEntry[];
  readonly segments: readonly LogSegment[];
  /** Sequence of the next record. */
  readonly next: number;
  /** The newest segment, with the length of its whole records and how many bytes follow them. */
  readonly tail: { readonly path: string; readonly bytes: number; readonly torn: number } | undefined;
  /** A segment whose making a crash cut short: nothing was ever in it. */
  readonly unborn: string | undefined;
}

/**
 * Reads what is needed, from the newest segment back.
 *
 * Only the end of the newest segment may be torn: by records that no later sync had confirmed. Anything else that does not
 * fit is damage, and what is after it must not be lost by starting without it.
 *
 * @throws StreamError `RG053` for the log of another job, `RG054` with segment and byte, `RG055`.
 */
export async function readLog(needs: LogNeeds): Promise<FoundLog> {
  const { files, folder, neededFrom = 1, knownTo = 0 } = needs;
  const numbers = numbersOf(await files.list(folder));
  const unborn = await unbornSegment(needs, numbers.at(-1));
  if (unborn !== undefined) numbers.pop();
  const entries: LogEntry[][] = [];
  const segments: LogSegment[] = [];
  let next: number | undefined;
  let tail: FoundLog['tail'];
  let first = Number.POSITIVE_INFINITY;
  let i = numbers.length - 1;
  for (; i >= 0 && first > neededFrom; i--) {
    const path = segmentPath(folder, numbers[i]!);
    if (tail !== undefined && numbers[i]! + 1 !== numbers[i + 1]!) throw missing(folder, numbers[i]! + 1);
    const segment = await readSegment(needs, numbers[i]!, tail === undefined ? undefined : first);
    entries.unshift(segment.entries.filter(({ sequence }) => sequence >= neededFrom));
    segments.unshift({ number: numbers[i]!, path, last: segment.next - 1 });
    next ??= segment.next;
    tail ??= { path, bytes: segment.bytes, torn: segment.torn };
    first = segment.first;
  }
  if (first > neededFrom && (tail !== undefined || neededFrom > 1)) throw missing(folder, (numbers[i + 1] ?? 2) - 1);
  if ((next ?? 1) <= knownTo) throw tooShort(folder, (next ?? 1) - 1, knownTo);
  for (; i >= 0; i--) {
    const path = segmentPath(folder, numbers[i]!);
    segments.unshift({ number: numbers[i]!, path, last: first - 1 });
    const found = parseSegmentHeader(await beginningOf(files, path));
    if (found.state === 'whole') first = found.header.first;
  }
  return { entries: entries.flat(), segments, next: next ?? 1, tail, unborn };
}

export function segmentPath(folder: string, number: number): string {
  return `${folder}/seg-${String(number).padStart(8, '0')}.log`;
}

function numbersOf(names: readonly string[]): number[] {
  const numbers = names.flatMap((name) => /^seg-(\d{8,10})\.log$/.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => a - b);
}

interface ReadSegment {
  readonly entries: readonly LogEntry[];
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
  readonly torn: number;
}

/** `firstOfNext` is undefined for the newest segment, whose end may be torn. */
async function readSegment(needs: LogNeeds, number: number, firstOfNext: number | undefined): Promise<ReadSegment> {
  const path = segmentPath(needs.folder, number);
  const content = await needs.files.readWhole(path, SEGMENT_BYTES_MAX);
  const { first, start } = headerOf(needs, number, path, content);
  const entries: LogEntry[] = [];
  let next = first;
  let at = start;
  while (at < content.length) {
    const found = parseRecord(content, at);
    if (found.state === 'newer') throw newer(path, 'a record', LOG_VERSION);
    if (found.state === 'bad') {
      const wasDurable = next <= (needs.knownTo ?? 0) || provesDurable(content, at, next);
      if (firstOfNext !== undefined || wasDurable) throw damaged(path, `${found.why}, at byte ${at}`);
      break;
    }
    if (found.sequence !== next) {
      throw damaged(path, `record ${found.sequence} stands where ${next} belongs, at byte ${at}`);
    }
    entries.push({ sequence: next, bytes: found.payload });
    next += 1;
    at = found.end;
  }
  if (firstOfNext !== undefined && next !== firstOfNext) {
    throw damaged(
      path,
      `it ends before record ${next}, at byte ${at}, but the next segment begins with ${firstOfNext}`,
    );
  }
  return { entries, first, next, bytes: at, torn: content.length - at };
}

function headerOf(
  { job }: LogNeeds,
  number: number,
  path: string,
  content: Uint8Array,
): { readonly first: number; readonly start: number } {
  const found = parseSegmentHeader(content);
  if (found.state === 'newer') throw newer(path, `version ${found.version}`, LOG_VERSION);
  if (found.state === 'bad') throw damaged(path, 'the beginning of the segment is wrong, at byte 0');
  const { header } = found;
  if (header.segment !== number) throw damaged(path, `it is segment ${header.segment} by its content, at byte 0`);
  if (header.job !== job) throw otherJob(path, header, job);
  return { first: header.first, start: found.bytes };
}

/** A segment's beginning is durable before the first record goes in, so one without a beginning and without records is new. */
async function unbornSegment({ files, folder }: LogNeeds, number: number | undefined): Promise<string | undefined> {
  if (number === undefined) return undefined;
  const path = segmentPath(folder, number);
  const content = await files.readWhole(path, SEGMENT_BYTES_MAX);
  return parseSegmentHeader(content).state === 'bad' && !provesDurable(content, 0, 0) ? path : undefined;
}

async function beginningOf(files: Files, path: string): Promise<Uint8Array> {
  for await (const chunk of files.read(path)) return chunk;
  return new Uint8Array();
}

function missing(folder: string, number: number): StreamError {
  return damaged(segmentPath(folder, number), 'the segment is missing');
}

function tooShort(folder: string, last: number, known: number): StreamError {
  return damaged(folder, `the log ends with record ${last}, but a checkpoint had seen record ${known}`);
}

function otherJob(path: string, header: SegmentHeader, job: string): StreamError {
  const message = `'${path}' is the log of the job '${header.job}', and this is '${job}'`;
  return new StreamError('RG053', message, 'name another folder, or run that job');
}
