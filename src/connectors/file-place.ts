/** Places in files where reading can go on in another process, and how to tell that the files are still the same. */
import { createHash } from 'node:crypto';
import { StreamError } from '../core/errors.js';
import type { Files } from '../runtime/world.js';

/** A run of bytes of a file: how many, and what they were. */
export interface Fingerprint {
  readonly bytes: number;
  readonly hash: string;
}

/** The beginning of a line in one of a list of files: plain JSON. */
export interface FilePlace {
  /** Index in the list. */
  readonly file: number;
  /** Bytes and lines of that file before the place. */
  readonly bytes: number;
  readonly lines: number;
  /** How much of the file had been read: it may have grown since, but not shrunk. */
  readonly size: number;
  /** The file's first block, and the block right before the place. */
  readonly head: Fingerprint;
  readonly tail: Fingerprint;
}

/** Bytes of a block that is compared. */
const BLOCK_BYTES = 4_096;

/** What is known of a file while it is read. */
export class FileTrail {
  readonly #file: number;
  #head: Uint8Array;
  #known: Fingerprint | undefined;
  /** Bytes that were read, from the file's beginning. */
  size: number;
  lines: number;

  /** Goes on at a place, or begins. */
  constructor(file: number, from?: FilePlace) {
    this.#file = file;
    this.size = from?.bytes ?? 0;
    this.lines = from?.lines ?? 0;
    this.#known = this.size > 0 ? from?.head : undefined;
    this.#head = new Uint8Array();
  }

  /**
   * Tells of a chunk that was read, of which the last `pendingBytes` are no whole record yet. Gives the end of the last record in it, as
   * a place that is made when it is asked for.
   */
  read(chunk: Uint8Array, linesThen: number, pendingBytes: number): (() => FilePlace) | undefined {
    const before = this.size;
    this.size += chunk.length;
    if (this.#known === undefined && this.#head.length < BLOCK_BYTES) {
      this.#head = joined(this.#head, chunk.subarray(0, BLOCK_BYTES - this.#head.length));
    }
    const end = chunk.length - pendingBytes;
    if (end <= 0) return undefined;
    this.lines = linesThen;
    const block = joined(chunk.subarray(Math.max(0, end - BLOCK_BYTES), end), new Uint8Array());
    let tail: Fingerprint | undefined;
    return () => {
      tail ??= fingerprint(block);
      return this.#place(before + end, linesThen, tail);
    };
  }

  /** The file's beginning, as a place that is made when it is asked for. */
  beginning(): () => FilePlace {
    return () => this.#place(0, 0, fingerprint(new Uint8Array()));
  }

  #place(bytes: number, lines: number, tail: Fingerprint): FilePlace {
    if (this.#head.length === BLOCK_BYTES) this.#known ??= fingerprint(this.#head);
    const head = this.#known ?? fingerprint(this.#head);
    return { file: this.#file, bytes, lines, size: this.size, head, tail };
  }
}

/**
 * Checks that a file still is the one that an earlier process has read.
 *
 * Neither device nor inode number is compared: both change when a file is put back from a copy, or its disk mounted anew.
 *
 * @throws StreamError `RG064` with what has changed, `RG040`.
 */
export async function checkFile(path: string, place: FilePlace, files: Pick<Files, 'read' | 'size'>): Promise<void> {
  const size = await files.size(path);
  if (size < place.size) {
    throw changed(path, `was cut to ${size} bytes, but ${place.size} bytes of it were read before the restart`);
  }
  if (!(await hasBytes(path, 0, place.head, files))) {
    throw changed(path, `was replaced: its first ${place.head.bytes} bytes are not those that were read before`);
  }
  if (!(await hasBytes(path, place.bytes - place.tail.bytes, place.tail, files))) {
    throw changed(path, `was changed: the bytes before ${place.bytes} are not those that were read before the restart`);
  }
}

/** Whether those bytes stand there. */
export async function hasBytes(
  path: string,
  from: number,
  { bytes, hash }: Fingerprint,
  files: Pick<Files, 'read'>,
): Promise<boolean> {
  return fingerprint(await blockAt(path, from, bytes, files)).hash === hash;
}

/** The first block of a file. */
export async function headOf(path: string, files: Pick<Files, 'read'>): Promise<Fingerprint> {
  return fingerprint(await blockAt(path, 0, BLOCK_BYTES, files));
}

async function blockAt(path: string, from: number, bytes: number, files: Pick<Files, 'read'>): Promise<Uint8Array> {
  let block = new Uint8Array();
  if (bytes > 0) {
    for await (const chunk of files.read(path, from)) {
      block = joined(block, chunk.subarray(0, bytes - block.length));
      if (block.length === bytes) break;
    }
  }
  return block;
}

/** What says that a file is not the one that was read. */
export function changed(path: string, what: string): StreamError {
  return new StreamError(
    'RG064',
    `the file '${path}' ${what}`,
    'put the old file back, or start anew with another checkpoint folder',
  );
}

function fingerprint(bytes: Uint8Array): Fingerprint {
  return { bytes: bytes.length, hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 22) };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
