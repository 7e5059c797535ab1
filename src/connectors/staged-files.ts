/** Files of a folder that become visible by epoch: hidden names before the commit, renamed by it. It does not order its callers. */
import type { Files } from '../runtime/world.js';

/** A file that was accepted. Its hidden name is its own, also when the same file comes again. */
interface AcceptedFile {
  readonly hidden: string;
  readonly name: string;
}

interface StagedFile {
  readonly hidden: string;
  readonly name: string;
  readonly epoch: number;
}

const ACCEPTED = '.accepted-';
const STAGED = /^\.staged-(\d+)-(.+)$/;

/**
 * The files of one sink.
 *
 *      .accepted-<n>-<name>   written and synced, by whoever accepts it: of no epoch yet
 *      .staged-<epoch>-<name>   prepared
 *      <name>   committed: visible
 *
 * Each step renames and then syncs the folder, so that a crash leaves a file under one of the three names. Within an epoch, files
 * become visible in the order of `compare`. Calls must come one after the other, except `accept` and `cut`.
 */
export class StagedFiles {
  readonly #folder: string;
  readonly #files: Files;
  readonly #compare: (a: string, b: string) => number;
  #accepted: AcceptedFile[] = [];
  #sequence = 0;
  #isOpen = false;
  /** Names prepared by this process, by epoch: saves looking through a folder that grows with every interval. */
  readonly #prepared = new Map<number, Set<string>>();

  constructor(folder: string, files: Files, compare: (a: string, b: string) => number) {
    this.#folder = folder;
    this.#files = files;
    this.#compare = compare;
  }

  /** Takes a file into the epoch that is cut next. */
  accept(name: string): AcceptedFile {
    const file = { hidden: `${ACCEPTED}${++this.#sequence}-${name}`, name };
    this.#accepted.push(file);
    return file;
  }

  /** Ends an epoch: what was accepted since the last one. */
  cut(): readonly AcceptedFile[] {
    const accepted = this.#accepted;
    this.#accepted = [];
    return accepted;
  }

  async write({ hidden }: AcceptedFile, content: string | Uint8Array): Promise<void> {
    await this.#open();
    const file = await this.#files.create(`${this.#folder}/${hidden}`);
    try {
      await file.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** All of `accepted` must be written. */
  async prepare(epoch: number, accepted: readonly AcceptedFile[]): Promise<void> {
    await this.#open();
    const names = this.#prepared.get(epoch) ?? new Set();
    this.#prepared.set(epoch, names);
    if (accepted.length === 0) return;
    for (const { hidden, name } of accepted) {
      names.add(name);
      await this.#rename(hidden, `.staged-${epoch}-${name}`);
    }
    await this.#files.syncFolder(this.#folder);
  }

  async commit(epoch: number): Promise<void> {
    const prepared = this.#prepared.get(epoch);
    if (prepared === undefined) {
      await this.#show((await this.#staged()).filter((file) => file.epoch === epoch));
      return;
    }
    await this.#show(Array.from(prepared, (name) => ({ hidden: `.staged-${epoch}-${name}`, name, epoch })));
    this.#prepared.delete(epoch);
  }

  async recover(epoch: number): Promise<void> {
    await this.#files.makeFolder(this.#folder);
    this.#isOpen = true;
    this.#prepared.clear();
    const gone = (await this.#files.list(this.#folder)).filter((name) => name.startsWith(ACCEPTED));
    const staged = await this.#staged();
    for (const file of staged) if (file.epoch > epoch) gone.push(file.hidden);
    for (const name of gone) await this.#files.remove(`${this.#folder}/${name}`);
    if (gone.length > 0) await this.#files.syncFolder(this.#folder);
    const epochs = new Set(staged.map((file) => file.epoch).filter((each) => each <= epoch));
    for (const each of [...epochs].sort((a, b) => a - b)) {
      await this.#show(staged.filter((file) => file.epoch === each));
    }
  }

  /** Removes what is of no epoch, when nothing more will come. */
  async discard(accepted: readonly AcceptedFile[]): Promise<void> {
    for (const { hidden } of accepted) await this.#files.remove(`${this.#folder}/${hidden}`);
  }

  /** A run that does not go on finds nothing of an earlier one, which its own epochs could be mistaken for. */
  async #open(): Promise<void> {
    if (!this.#isOpen) await this.recover(0);
  }

  async #show(staged: readonly StagedFile[]): Promise<void> {
    if (staged.length === 0) return;
    for (const { hidden, name } of staged.toSorted((a, b) => this.#compare(a.name, b.name))) {
      await this.#rename(hidden, name);
    }
    await this.#files.syncFolder(this.#folder);
  }

  async #staged(): Promise<readonly StagedFile[]> {
    return (await this.#files.list(this.#folder)).flatMap((hidden) => {
      const match = STAGED.exec(hidden);
      return match === null ? [] : [{ hidden, name: match[2]!, epoch: Number(match[1]) }];
    });
  }

  #rename(from: string, to: string): Promise<void> {
    return this.#files.rename(`${this.#folder}/${from}`, `${this.#folder}/${to}`);
  }
}
