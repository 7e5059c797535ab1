/** Looks through a folder for files whose turn has come, and finds those that changed although they were read. */
import { StreamError } from '../core/errors.js';
import type { FileIdentity, Files } from '../runtime/world.js';
import { changed, hasBytes, headOf } from './file-place.js';
import { inOrder, type KnownFile, type KnownFiles } from './known-files.js';

/** What a scan is told. Times in us. */
export interface ScanSettings {
  readonly folder: string;
  readonly pattern: string;
  readonly stableFor: number;
}

/** What a scan found. */
export interface Scanned {
  /** Files to be read now, in order. */
  readonly found: readonly KnownFile[];
  /** Files that have changed too lately. */
  readonly unstable: number;
}

type Named = FileIdentity & { readonly name: string };

/** Remembers, from scan to scan, since when files have not changed. */
export class FolderScan {
  readonly #settings: ScanSettings;
  readonly #files: Files;
  readonly #pattern: RegExp;
  readonly #isMine: (name: string) => boolean;
  readonly #seen = new Map<string, Named & { readonly since: number }>();

  /** `isMine`: whether a file of that name is this scan's to find. */
  constructor(settings: ScanSettings, files: Files, isMine: (name: string) => boolean = () => true) {
    this.#settings = settings;
    this.#files = files;
    this.#isMine = isMine;
    this.#pattern = regExpOf(settings.pattern);
  }

  /** `known`: what was read here, and then what others have read. `now` in us. @throws StreamError `RG064` for a file that is not what it was when it was read, `RG040`. */
  async scan(known: readonly [KnownFiles, ...KnownFiles[]], now: number): Promise<Scanned> {
    const present = await this.#present(this.#isMine);
    const names = new Set(present.map(({ name }) => name));
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name);
    const found: KnownFile[] = [];
    let unstable = 0;
    for (const file of present) {
      if (await this.#isRead(file, known)) this.#seen.delete(file.name);
      else if (this.#isStable(file, now)) found.push({ ...file, head: await this.#headOf(file) });
      else unstable++;
    }
    return { found, unstable };
  }

  /** The path of a file that was read before, wherever it is now in the folder. @throws StreamError `RG064`. */
  async find(file: KnownFile): Promise<string> {
    const path = `${this.#settings.folder}/${file.name}`;
    if (await this.#isThat(path, file)) return path;
    const { inode, device } = file;
    const moved = (await this.#present(() => true)).find((other) => other.inode === inode && other.device === device);
    const movedPath = `${this.#settings.folder}/${moved?.name}`;
    if (moved !== undefined && (await this.#isThat(movedPath, file))) return movedPath;
    throw changed(path, 'is gone or was replaced, and its records are not all done');
  }

  async #isThat(path: string, { size, head }: KnownFile): Promise<boolean> {
    try {
      return (await this.#files.size(path)) === size && (await hasBytes(path, 0, head, this.#files));
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** Files of the pattern, in order. What goes away while it looks was not there. */
  async #present(isWanted: (name: string) => boolean): Promise<readonly Named[]> {
    const present: Named[] = [];
    for (const name of await this.#files.list(this.#settings.folder)) {
      if (name.startsWith('.') || !this.#pattern.test(name) || !isWanted(name)) continue;
      try {
        present.push({ name, ...(await this.#files.identify(`${this.#settings.folder}/${name}`)) });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    return present.sort(inOrder);
  }

  /** Whether it was read. A name that was read stands for the same content for ever; under another name, others may have read it. */
  async #isRead(file: Named, [known, ...others]: readonly [KnownFiles, ...KnownFiles[]]): Promise<boolean> {
    const path = `${this.#settings.folder}/${file.name}`;
    const same = known.named(file.name);
    if (same !== undefined) {
      const lies = file.inode === same.inode && file.device === same.device;
      if (file.size === same.size && (lies || (await hasBytes(path, 0, same.head, this.#files)))) return true;
      throw changed(
        path,
        `${howChanged(file, same, lies)}; a file must be whole before it gets its name, or left alone for stableFor`,
      );
    }
    for (const one of [known, ...others]) {
      const moved = one.lyingAt(file);
      if (moved !== undefined && (await hasBytes(path, 0, moved.head, this.#files))) return true;
    }
    return known.isForgotten(file);
  }

  #isStable(file: Named, now: number): boolean {
    if (this.#settings.stableFor === 0) return true;
    const seen = this.#seen.get(file.name);
    const isSame = seen?.size === file.size && seen.modified === file.modified && seen.inode === file.inode;
    if (isSame) return now - seen.since >= this.#settings.stableFor;
    this.#seen.set(file.name, { ...file, since: now });
    return false;
  }

  #headOf({ name }: Named): Promise<KnownFile['head']> {
    return headOf(`${this.#settings.folder}/${name}`, this.#files);
  }
}

function howChanged(file: Named, known: KnownFile, lies: boolean): string {
  if (!lies) return 'was replaced after it was read';
  const verb = file.size > known.size ? 'grew' : 'was cut';
  return `${verb} from ${known.size} to ${file.size} bytes after it was read`;
}

/** Folders are no files, and what is not there is no failure. */
function isGone(error: unknown): boolean {
  if (!(error instanceof StreamError)) return false;
  return error.code === 'RG041' || (error.cause as { readonly code?: unknown } | undefined)?.code === 'ENOENT';
}

function regExpOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
