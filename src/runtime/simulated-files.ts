/** Files in memory for simulations and tests: the same contract and the same errors as on a disk. */
import { StreamError } from '../core/errors.js';
import type { Files, Scheduler, Timer } from './world.js';

/** Bytes of one chunk: small, so that lines cross chunks in tests as they do on a disk. */
const CHUNK_BYTES = 4_096;

/** Paths to contents. A folder exists while a file lies in it. */
export class SimulatedFiles implements Files {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, contents: Readonly<Record<string, string | Uint8Array>> = {}) {
    this.#scheduler = scheduler;
    for (const [path, content] of Object.entries(contents)) this.#contents.set(path, bytesOf(content));
  }

  /** The paths of all files, in order of their names. */
  get paths(): readonly string[] {
    return [...this.#contents.keys()].sort();
  }

  /** A file's whole content. @throws StreamError `RG040`, `RG041`. */
  text(path: string): string {
    return new TextDecoder().decode(this.#content(path));
  }

  async *read(path: string, from = 0): AsyncIterable<Uint8Array> {
    const content = this.#content(path);
    for (let at = from; at < content.length; at += CHUNK_BYTES) yield content.slice(at, at + CHUNK_BYTES);
  }

  async size(path: string): Promise<number> {
    return this.#content(path).length;
  }

  async writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
    this.#contents.set(path, bytesOf(content));
    this.#changed(path);
  }

  async append(path: string, content: string | Uint8Array): Promise<void> {
    const old = this.#contents.get(path) ?? new Uint8Array();
    const added = bytesOf(content);
    const joined = new Uint8Array(old.length + added.length);
    joined.set(old);
    joined.set(added, old.length);
    this.#contents.set(path, joined);
    this.#changed(path);
  }

  watch(path: string, changed: () => void): Timer {
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers.add(changed));
    return { cancel: () => void watchers.delete(changed) };
  }

  #content(path: string): Uint8Array {
    const content = this.#contents.get(path);
    if (content !== undefined) return content;
    if (this.paths.some((other) => other.startsWith(`${path.replace(/\/$/, '')}/`))) {
      throw new StreamError('RG041', `'${path}' is a folder, but a file is needed`, 'name a file in it');
    }
    throw new StreamError('RG040', `there is no file '${path}'`, 'check the path and the folder you are in');
  }

  #changed(path: string): void {
    for (const changed of this.#watchers.get(path) ?? []) this.#scheduler.soon(changed);
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content.slice();
}
