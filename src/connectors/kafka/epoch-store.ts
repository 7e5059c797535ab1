/** Epochs of a sink that are prepared and not yet committed: in files that outlive the process, or in memory where nothing does. */
import { damaged } from '../../runtime/checkpoint-errors.js';
import type { Files, OpenFile } from '../../runtime/world.js';
import { decodeFrames, encodeFrame } from './epoch-frames.js';
import { bytesOf } from './message.js';
import type { KafkaMessage } from './port.js';

/** Messages of the epoch at hand that are held in memory before they go to its file. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
/** The largest part of an epoch. */
const PART_BYTES_MAX = 2 ** 31 - 1;

const PREPARED = /^epoch-(\d+)-(\d+)$/;

/** Keeps what is accepted until its epoch is done. Calls come one after the other, but for `add`. */
export interface EpochStore {
  /** Takes a message into the epoch that is prepared next. */
  add(message: KafkaMessage): void;
  /** True while so much waits to be written that no more should come. */
  readonly isFull: boolean;
  /** True when `spill` would write. */
  readonly isMuch: boolean;
  /** Writes what waits, when it is much. */
  spill(): Promise<void>;
  /** What was added since the last call belongs to the epoch; durable when it resolves, where anything is. */
  prepare(epoch: number): Promise<void>;
  /** The messages of an epoch, part by part; none when it has none. @throws StreamError `RG054`. */
  parts(epoch: number): AsyncIterable<readonly KafkaMessage[]>;
  /** The epoch is committed: nobody asks for it again. */
  drop(epoch: number): Promise<void>;
  /** Forgets what was added and not prepared, and epochs above `epoch`. Gives those that are left, in order. */
  recover(epoch: number): Promise<readonly number[]>;
}

/** In memory: prepared epochs live as long as the process, as its progress does. */
export class MemoryEpochs implements EpochStore {
  readonly isFull = false;
  readonly isMuch = false;
  #added: KafkaMessage[] = [];
  readonly #prepared = new Map<number, readonly KafkaMessage[]>();

  add(message: KafkaMessage): void {
    this.#added.push(message);
  }

  async spill(): Promise<void> {}

  async prepare(epoch: number): Promise<void> {
    const before = this.#prepared.get(epoch) ?? [];
    if (before.length + this.#added.length > 0) this.#prepared.set(epoch, [...before, ...this.#added]);
    this.#added = [];
  }

  async *parts(epoch: number): AsyncIterable<readonly KafkaMessage[]> {
    const messages = this.#prepared.get(epoch);
    if (messages !== undefined) yield messages;
  }

  async drop(epoch: number): Promise<void> {
    this.#prepared.delete(epoch);
  }

  async recover(epoch: number): Promise<readonly number[]> {
    this.#added = [];
    for (const prepared of this.#prepared.keys()) if (prepared > epoch) this.#prepared.delete(prepared);
    return [...this.#prepared.keys()].sort((a, b) => a - b);
  }
}

/**
 * In a folder of the checkpoint.
 *
 *      added-<n>            of no epoch yet: thrown away by a restart
 *      epoch-<epoch>-<n>    synced before it got this name, and the name synced: prepared
 */
export class FileEpochs implements EpochStore {
  readonly #folder: string;
  readonly #files: Files;
  #added: KafkaMessage[] = [];
  #addedBytes = 0;
  #number = 0;
  #open: { readonly name: string; readonly file: OpenFile; sum: number } | undefined;
  /** Names of the parts of prepared epochs: saves looking into the folder. */
  readonly #prepared = new Map<number, string[]>();

  constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  add(message: KafkaMessage): void {
    this.#added.push(message);
    this.#addedBytes += bytesOf(message);
  }

  get isFull(): boolean {
    return this.#addedBytes >= 2 * HELD_BYTES_MAX;
  }

  get isMuch(): boolean {
    return this.#addedBytes >= HELD_BYTES_MAX;
  }

  async spill(): Promise<void> {
    if (this.isMuch) await this.#write();
  }

  async prepare(epoch: number): Promise<void> {
    if (this.#added.length > 0) await this.#write();
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    await open.file.write(encodeFrame([], open.sum).bytes);
    await open.file.sync();
    await open.file.close();
    const names = this.#prepared.get(epoch) ?? [];
    this.#prepared.set(epoch, names);
    const name = partName(epoch, names.length);
    await this.#files.rename(`${this.#folder}/${open.name}`, `${this.#folder}/${name}`);
    await this.#files.syncFolder(this.#folder);
    names.push(name);
  }

  async *parts(epoch: number): AsyncIterable<readonly KafkaMessage[]> {
    for (const [number, name] of this.#prepared.get(epoch)?.entries() ?? []) {
      const path = `${this.#folder}/${name}`;
      // A crash between two removals leaves some, but then the epoch is committed, and nobody asks for them. That the last part is gone, or
      // the only one, is not noticed: nothing else says how many there were.
      if (name !== partName(epoch, number)) throw damaged(path, `part ${number} of its epoch is missing`);
      const bytes = await this.#files.readWhole(path, PART_BYTES_MAX);
      yield decodeFrames(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
  }

  async drop(epoch: number): Promise<void> {
    // A crash in between leaves the file: the number that was committed with the epoch says that it is done.
    for (const name of this.#prepared.get(epoch) ?? []) await this.#files.remove(`${this.#folder}/${name}`);
    this.#prepared.delete(epoch);
  }

  async recover(epoch: number): Promise<readonly number[]> {
    await this.#open?.file.close();
    this.#open = undefined;
    this.#added = [];
    this.#addedBytes = 0;
    this.#prepared.clear();
    await this.#files.makeFolder(this.#folder);
    const found: { readonly epoch: number; readonly part: number; readonly name: string }[] = [];
    for (const name of await this.#files.list(this.#folder)) {
      const prepared = PREPARED.exec(name);
      if (prepared !== null && Number(prepared[1]) <= epoch)
        found.push({ epoch: Number(prepared[1]), part: Number(prepared[2]), name });
      else if (prepared !== null || name.startsWith('added-')) await this.#files.remove(`${this.#folder}/${name}`);
    }
    await this.#files.syncFolder(this.#folder);
    for (const { epoch, name } of found.sort((a, b) => a.epoch - b.epoch || a.part - b.part)) {
      const names = this.#prepared.get(epoch) ?? [];
      this.#prepared.set(epoch, names);
      names.push(name);
    }
    return [...this.#prepared.keys()];
  }

  async #write(): Promise<void> {
    const messages = this.#added;
    this.#added = [];
    this.#addedBytes = 0;
    if (this.#open === undefined) {
      const name = `added-${++this.#number}`;
      this.#open = { name, file: await this.#files.create(`${this.#folder}/${name}`), sum: 0 };
    }
    const { bytes, sum } = encodeFrame(messages, this.#open.sum);
    await this.#open.file.write(bytes);
    this.#open.sum = sum;
  }
}

function partName(epoch: number, number: number): string {
  return `epoch-${epoch}-${number}`;
}
