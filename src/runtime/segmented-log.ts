/** An append-only log of byte records in segments, synced in groups. It knows nothing of what the records say. */
import { assert } from '../core/assert.js';
import { errnoOf, unsafe } from './file-errors.js';
import { encodeRecordHeader, encodeSegmentHeader, PAYLOAD_BYTES_MAX } from './log-format.js';
import { type FoundLog, type LogEntry, type LogNeeds, type LogSegment, readLog, segmentPath } from './log-reader.js';
import type { Files, OpenFile } from './world.js';

/** Bytes after which a segment ends: small enough that pruning frees space, large enough that segments stay few. */
const SEGMENT_BYTES = 67_108_864;
/** Payloads below this are copied together, so that a group of small records is one write. */
const COPIED_BYTES_MAX = 16_384;
/** Bytes of one such write. */
const WRITE_BYTES = 262_144;

export interface SegmentedLogOptions extends LogNeeds {
  /** Default 64 MiB. */
  readonly segmentBytes?: number;
}

/**
 * Opens a log: reads it, cuts a torn end off, and goes on in a new segment.
 *
 * @throws StreamError `RG053`, `RG054`, `RG055` as `readLog`, before anything is changed; `RG057`.
 */
export async function openSegmentedLog(
  options: SegmentedLogOptions,
): Promise<{ readonly log: SegmentedLog; readonly entries: readonly LogEntry[]; readonly torn: number }> {
  await options.files.makeFolder(options.folder);
  const found = await readLog(options);
  const log = await resumeLog(options, found);
  return { log, entries: found.entries, torn: found.tail?.torn ?? 0 };
}

/** Makes durable what `readLog` found, cuts off what it found torn, and goes on behind it. */
export async function resumeLog(options: SegmentedLogOptions, found: FoundLog): Promise<SegmentedLog> {
  const { files, folder } = options;
  // Also without a torn end: what a killed driver wrote can be read and need not be durable yet.
  if (found.tail !== undefined) await files.truncate(found.tail.path, found.tail.bytes);
  if (found.unborn !== undefined) await files.remove(found.unborn);
  await files.syncFolder(folder);
  return new SegmentedLog(options, found);
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * 1. Appends of one turn, and those that come while a sync is under way, share the next sync.
 * 2. A segment's beginning and its name are durable before its first record is written.
 * 3. After a failed write or sync nothing is tried again: the disk may have forgotten what it reported as an error.
 */
export class SegmentedLog {
  readonly #files: Files;
  readonly #folder: string;
  readonly #job: string;
  readonly #segmentBytes: number;
  #segments: LogSegment[];
  #number: number;
  /** Sequence of the next record to be written, and to be appended. */
  #written: number;
  #next: number;
  #file: OpenFile | undefined;
  #bytes = 0;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #failure: unknown;

  constructor({ files, folder, job, segmentBytes = SEGMENT_BYTES }: SegmentedLogOptions, found: FoundLog) {
    this.#files = files;
    this.#folder = folder;
    this.#job = job;
    this.#segmentBytes = segmentBytes;
    this.#segments = [...found.segments];
    this.#number = found.segments.at(-1)?.number ?? 0;
    this.#written = found.next;
    this.#next = found.next;
  }

  /** Sequence that the next append gets. */
  get next(): number {
    return this.#next;
  }

  /** Sequence of the last record that is durable. */
  get durable(): number {
    return this.#written - 1;
  }

  /** Resolves when the record is durable. The bytes must not be changed before. @throws StreamError `RG057`, from then on always. */
  append(bytes: Uint8Array): Promise<void> {
    assert(bytes.length <= PAYLOAD_BYTES_MAX, `a log record has ${bytes.length} bytes`);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Removes the segments that hold nothing from `before` on. The newest stays, so that the log knows where it is. */
  async prune(before: number): Promise<void> {
    const old = this.#segments.filter(({ number, last }) => last < before && number !== this.#number);
    if (old.length === 0) return;
    this.#segments = this.#segments.filter((segment) => !old.includes(segment));
    for (const { path } of old) await this.#files.remove(path);
    await this.#files.syncFolder(this.#folder);
  }

  /** Waits for what was appended. */
  async close(): Promise<void> {
    await this.#flushing;
    const file = this.#file;
    this.#file = undefined;
    if (this.#failure === undefined) await file?.close();
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (cause) {
        await this.#fail(cause, group);
      }
    }
    this.#flushing = undefined;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const file = this.#file ?? (await this.#begin());
    for (const part of joined(group, this.#written)) {
      await file.write(part);
      this.#bytes += part.length;
    }
    await file.sync();
    this.#written += group.length;
    const { number, path } = this.#segments.at(-1)!;
    this.#segments[this.#segments.length - 1] = { number, path, last: this.#written - 1 };
    if (this.#bytes < this.#segmentBytes) return;
    this.#file = undefined;
    await file.close();
  }

  async #begin(): Promise<OpenFile> {
    const number = this.#number + 1;
    const path = segmentPath(this.#folder, number);
    const file = await this.#files.create(path);
    this.#file = file;
    const header = encodeSegmentHeader({ job: this.#job, segment: number, first: this.#written });
    await file.write(header);
    await file.sync();
    await this.#files.syncFolder(this.#folder);
    this.#number = number;
    this.#bytes = header.length;
    this.#segments.push({ number, path, last: this.#written - 1 });
    return file;
  }

  async #fail(cause: unknown, group: readonly Waiting[]): Promise<void> {
    this.#failure = unsafe(segmentPath(this.#folder, this.#number), cause);
    const waiting = [...group, ...this.#waiting];
    this.#waiting = [];
    for (const { reject } of waiting) reject(this.#failure);
    const file = this.#file;
    this.#file = undefined;
    // The file is given up: what closing it says changes nothing.
    await file?.close().catch(errnoOf);
  }
}

/** The bytes of a group: small records copied together, large ones as they are. */
function* joined(group: readonly Waiting[], first: number): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const [back, { bytes: payload }] of group.entries()) {
    small.push(encodeRecordHeader(first + back, back, payload));
    bytes += small.at(-1)!.length;
    if (payload.length < COPIED_BYTES_MAX) {
      small.push(payload);
      bytes += payload.length;
      if (bytes < WRITE_BYTES) continue;
    }
    yield Buffer.concat(small);
    if (payload.length >= COPIED_BYTES_MAX) yield payload;
    small = [];
    bytes = 0;
  }
  if (small.length > 0) yield Buffer.concat(small);
}
