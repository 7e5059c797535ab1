/** Files in memory for simulations and tests: the same contract and the same errors as on a disk, and crashes on demand. */
import { assert } from '../core/assert.js';
import type { Prng } from '../core/prng.js';
import { anotherFile, lockHeld, notAFile, tooLarge, unreadable, unsafe } from './file-errors.js';
import { SimulatedDisk, segmentsOf } from './simulated-disk.js';
import { FileNode, FolderNode, type Node } from './simulated-nodes.js';
import type { FileIdentity, FileLock, FilePlaceOnDisk, Files, OpenFile, Scheduler, Timer } from './world.js';

/** Bytes of one chunk: small, so that lines cross chunks in tests as they do on a disk. */
const CHUNK_BYTES = 4_096;
/** The process that holds the locks of a simulation. */
const SIMULATED_PID = 1;

/**
 * Paths to contents. A folder exists once it was made or a file lies in it; folders themselves are durable at once.
 *
 * A loss of power may lose, tear or reorder what was not synced (`crash`, `crashStates`); the end of a process (`kill`)
 * loses nothing but its locks and open files. `onStep` is called between any two steps in which the host could fail.
 */
export class SimulatedFiles implements Files {
  /** Set by tests that look at every step: named by what was done. */
  onStep: ((step: string) => void) | undefined;
  #disk: SimulatedDisk;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #scheduler: Scheduler;
  readonly #locks = new Set<string>();
  /** Numbers of files that were asked for. */
  readonly #inodes = new WeakMap<FileNode, number>();
  #inodeLast = 0;
  /** Counts processes: open files of an earlier one are dead. */
  #process = 0;

  constructor(scheduler: Scheduler, contents: Readonly<Record<string, string | Uint8Array>> = {}) {
    this.#scheduler = scheduler;
    this.#disk = new SimulatedDisk();
    for (const [path, content] of Object.entries(contents)) {
      const [folder, name] = this.#place(path);
      const node = new FileNode(bytesOf(content));
      folder.entries.set(name, node);
      folder.durable.set(name, node);
    }
  }

  /** The paths of all files, in order of their names. */
  get paths(): readonly string[] {
    return [...this.#disk.root.files()].map(([path]) => path).sort();
  }

  /** A file's whole content. @throws StreamError `RG040`, `RG041`. */
  text(path: string): string {
    return new TextDecoder().decode(this.#file(path).content);
  }

  /** Equal for files of equal names and contents. */
  get fingerprint(): string {
    return this.#disk.root.fingerprint();
  }

  /** The process ends: what it wrote is there, its locks and open files are gone. */
  kill(): void {
    this.#process += 1;
    this.#locks.clear();
    this.#watchers.clear();
  }

  /** The power goes: what was not synced is there or not, or in part, as `prng` says. */
  crash(prng: Prng): void {
    this.kill();
    this.#disk = this.#disk.crashed(prng);
  }

  /** The disk gives back another bit than was written, in a byte that was synced. Doing it again puts it back. */
  flip(path: string, at: number): void {
    const node = this.#file(path);
    assert(at < node.durable.length, `'${path}' has no durable byte ${at}`);
    node.flip(at);
  }

  /** Everything that a loss of power at this moment may leave. @throws AssertionError when there are more than `max` ways to it. */
  *crashStates(max: number): Generator<SimulatedFiles> {
    for (const disk of this.#disk.crashStates(max)) {
      const files = new SimulatedFiles(this.#scheduler);
      files.#disk = disk;
      yield files;
    }
  }

  async *read(path: string, from = 0, of?: FilePlaceOnDisk): AsyncIterable<Uint8Array> {
    const node = this.#file(path);
    if (of !== undefined && this.#inodeOf(node) !== of.inode) throw anotherFile(path);
    const { content } = node;
    for (let at = from; at < content.length; at += CHUNK_BYTES) yield content.slice(at, at + CHUNK_BYTES);
  }

  async size(path: string): Promise<number> {
    return this.#file(path).length;
  }

  async readWhole(path: string, max: number): Promise<Uint8Array> {
    const { content } = this.#file(path);
    if (content.length > max) throw tooLarge(path, content.length, max);
    return content.slice();
  }

  async identify(path: string): Promise<FileIdentity> {
    const node = this.#file(path);
    return { size: node.length, modified: node.modified, device: 1, inode: this.#inodeOf(node) };
  }

  async writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
    const [folder, name] = this.#place(path);
    const temporary = `${name}.${SIMULATED_PID}.tmp`;
    const node = new FileNode();
    this.#name('create', [{ folder, name: temporary, node }]);
    this.#disk.write(node, bytesOf(content));
    this.#step('write');
    this.#disk.syncFile(node);
    this.#step('sync');
    this.#name('rename', [
      { folder, name: temporary, node: undefined },
      { folder, name, node },
    ]);
    this.#disk.syncFolder(folder);
    this.#step('sync folder');
    this.#changed(path);
  }

  async append(path: string, content: string | Uint8Array): Promise<void> {
    const [folder, name] = this.#place(path);
    let node = folder.entries.get(name);
    if (node instanceof FolderNode) throw notAFile(path);
    if (node === undefined) {
      node = new FileNode();
      this.#name('create', [{ folder, name, node }]);
    }
    this.#disk.write(node, bytesOf(content));
    this.#step('write');
    this.#changed(path);
  }

  watch(path: string, changed: () => void): Timer {
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers.add(changed));
    return { cancel: () => void watchers.delete(changed) };
  }

  async create(path: string): Promise<OpenFile> {
    const [folder, name] = this.#existingPlace(path);
    if (folder.entries.has(name)) throw unsafe(path, { code: 'EEXIST' });
    const node = new FileNode();
    this.#name('create', [{ folder, name, node }]);
    const opened = this.#process;
    const whileOpen = (step: string, run: () => void): void => {
      if (opened !== this.#process) throw unsafe(path, { code: 'EBADF' });
      run();
      this.#step(step);
      this.#changed(path);
    };
    return {
      write: async (bytes) => whileOpen('write', () => this.#disk.write(node, bytes)),
      sync: async () => whileOpen('sync', () => this.#disk.syncFile(node)),
      close: async () => undefined,
    };
  }

  async list(folder: string): Promise<readonly string[]> {
    const node = this.#find(folder);
    return node instanceof FolderNode ? [...node.entries.keys()].sort() : [];
  }

  async makeFolder(path: string): Promise<void> {
    this.#folder(segmentsOf(path));
    this.#disk.syncFolder(this.#existingPlace(path)[0]);
    this.#step('sync folder');
  }

  async rename(from: string, to: string): Promise<void> {
    const [folder, name] = this.#existingPlace(from);
    const [target, targetName] = this.#existingPlace(to);
    const node = folder.entries.get(name);
    if (node === undefined) throw unsafe(from, { code: 'ENOENT' });
    const old = target.entries.get(targetName);
    if (old instanceof FolderNode && old.entries.size > 0) throw unsafe(to, { code: 'EEXIST' });
    this.#name('rename', [
      { folder, name, node: undefined },
      { folder: target, name: targetName, node },
    ]);
    this.#changed(to);
  }

  async remove(path: string): Promise<void> {
    const node = this.#find(path);
    if (node === undefined) return;
    const [folder, name] = this.#existingPlace(path);
    this.#remove(folder, name, node);
  }

  async truncate(path: string, bytes: number): Promise<void> {
    const node = this.#file(path);
    if (bytes < node.length) {
      this.#disk.cut(node, bytes);
      this.#step('truncate');
    }
    this.#disk.syncFile(node);
    this.#step('sync');
  }

  async syncFolder(path: string): Promise<void> {
    const node = this.#find(path);
    if (!(node instanceof FolderNode)) throw unsafe(path, { code: 'ENOENT' });
    this.#disk.syncFolder(node);
    this.#step('sync folder');
  }

  async lock(path: string): Promise<FileLock> {
    this.#existingPlace(path);
    if (this.#locks.has(path)) throw lockHeld(path, SIMULATED_PID);
    this.#locks.add(path);
    const taken = this.#process;
    return {
      release: async () => {
        if (taken === this.#process) this.#locks.delete(path);
      },
    };
  }

  #remove(folder: FolderNode, name: string, node: Node): void {
    if (node instanceof FolderNode) for (const [inner, child] of [...node.entries]) this.#remove(node, inner, child);
    this.#name('remove', [{ folder, name, node: undefined }]);
  }

  #inodeOf(node: FileNode): number {
    const inode = this.#inodes.get(node) ?? ++this.#inodeLast;
    this.#inodes.set(node, inode);
    return inode;
  }

  #name(step: string, changes: Parameters<SimulatedDisk['rename']>[0]): void {
    this.#disk.rename(changes);
    this.#step(step);
  }

  #step(step: string): void {
    this.onStep?.(step);
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#disk.root;
    for (const segment of segmentsOf(path)) {
      node = node instanceof FolderNode ? node.entries.get(segment) : undefined;
    }
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#find(path);
    if (node instanceof FileNode) return node;
    throw node === undefined ? unreadable(path, { code: 'ENOENT' }) : notAFile(path);
  }

  /** The folder of those names, made where it is missing. */
  #folder(segments: readonly string[]): FolderNode {
    let folder = this.#disk.root;
    for (const [i, segment] of segments.entries()) {
      let next = folder.entries.get(segment);
      if (next instanceof FileNode) throw unsafe(segments.slice(0, i + 1).join('/'), { code: 'EEXIST' });
      if (next === undefined) {
        next = new FolderNode();
        this.#name('make folder', [{ folder, name: segment, node: next }]);
        this.#disk.syncFolder(folder);
        this.#step('sync folder');
      }
      folder = next;
    }
    return folder;
  }

  #place(path: string): readonly [FolderNode, string] {
    const segments = segmentsOf(path);
    return [this.#folder(segments.slice(0, -1)), segments.at(-1) ?? ''];
  }

  #existingPlace(path: string): readonly [FolderNode, string] {
    const segments = segmentsOf(path);
    const folder = this.#find(segments.slice(0, -1).join('/'));
    if (!(folder instanceof FolderNode)) throw unsafe(path, { code: 'ENOENT' });
    return [folder, segments.at(-1) ?? ''];
  }

  #changed(path: string): void {
    for (const changed of this.#watchers.get(path) ?? []) this.#scheduler.soon(changed);
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content);
}
