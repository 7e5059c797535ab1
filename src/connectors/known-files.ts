/** Which files of a folder are read, or being read, in which order: what must survive a restart, with a limit. */
import type { FileIdentity } from '../runtime/world.js';
import type { Fingerprint } from './file-place.js';

/** A file as it was when its turn came: plain JSON. */
export interface KnownFile extends FileIdentity {
  readonly name: string;
  readonly head: Fingerprint;
}

/** Everything that is remembered: plain JSON. */
export interface KnownFilesState {
  /** How many were forgotten: the number of the first. */
  readonly forgotten: number;
  readonly files: readonly KnownFile[];
  /** The newest that was forgotten. */
  readonly floor?: FileOrder | undefined;
}

/** Files come in this order: by time, then by name. */
export interface FileOrder {
  readonly modified: number;
  readonly name: string;
}

/** Which comes first. */
export function inOrder(a: FileOrder, b: FileOrder): number {
  return a.modified - b.modified || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Files in the order in which they were taken; each has a number, from 0. */
export class KnownFiles {
  readonly #max: number;
  #forgotten: number;
  readonly #files: KnownFile[];
  readonly #byName: Map<string, number>;
  #floor: FileOrder | undefined;

  constructor(max: number, { forgotten, files, floor }: KnownFilesState = { forgotten: 0, files: [] }) {
    this.#max = max;
    this.#forgotten = forgotten;
    this.#files = [...files];
    this.#byName = new Map(files.map(({ name }, index) => [name, forgotten + index]));
    this.#floor = floor;
  }

  /** The number of the next file. */
  get next(): number {
    return this.#forgotten + this.#files.length;
  }

  /** Undefined for one that is forgotten, or has not come. */
  at(number: number): KnownFile | undefined {
    return this.#files[number - this.#forgotten];
  }

  named(name: string): KnownFile | undefined {
    const number = this.#byName.get(name);
    return number === undefined ? undefined : this.at(number);
  }

  /** The file that lay in that place of the disk, with that length. */
  lyingAt({ device, inode, size }: FileIdentity): KnownFile | undefined {
    return this.#files.find((file) => file.inode === inode && file.device === device && file.size === size);
  }

  /** A file that is not known and not newer than what was forgotten counts as read. */
  isForgotten(file: FileOrder): boolean {
    return this.#floor !== undefined && inOrder(file, this.#floor) <= 0;
  }

  add(file: KnownFile): void {
    this.#byName.set(file.name, this.next);
    this.#files.push(file);
    if (this.#files.length <= this.#max) return;
    const oldest = this.#files.shift()!;
    if (this.#byName.get(oldest.name) === this.#forgotten) this.#byName.delete(oldest.name);
    this.#forgotten++;
    if (this.#floor === undefined || inOrder(oldest, this.#floor) > 0) {
      this.#floor = { modified: oldest.modified, name: oldest.name };
    }
  }

  state(): KnownFilesState {
    const { floor } = { floor: this.#floor };
    return { forgotten: this.#forgotten, files: [...this.#files], ...(floor === undefined ? {} : { floor }) };
  }
}
