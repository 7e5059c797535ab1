/**
 * A disk with a cache that a loss of power empties: what was written or named and not synced may be there afterwards, or
 * not, or in part. It knows nothing of what is in its files.
 */
import { assert } from '../core/assert.js';
import type { Prng } from '../core/prng.js';
import { FileNode, FolderNode, type Node } from './simulated-nodes.js';

/** A change that is visible and not yet durable. */
type Operation =
  | { readonly kind: 'write'; readonly file: FileNode; readonly data: Uint8Array; readonly at: number }
  | { readonly kind: 'cut'; readonly file: FileNode; readonly length: number }
  /** Names of one step: both or none are changed when a rename reaches the disk. */
  | { readonly kind: 'names'; readonly changes: readonly NameChange[] };

interface NameChange {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: Node | undefined;
}

/** What became of an operation: how many of its bytes are there, and whether zeros stand for the rest. */
interface Fate {
  readonly kept: number;
  readonly isExtended: boolean;
}

const ALL: Fate = { kept: Number.POSITIVE_INFINITY, isExtended: false };
const NONE: Fate = { kept: 0, isExtended: false };
const ZEROS: Fate = { kept: 0, isExtended: true };

export class SimulatedDisk {
  readonly root: FolderNode;
  #pending: Operation[] = [];
  #changes = 0;

  constructor(root: FolderNode = new FolderNode()) {
    this.root = root;
  }

  write(file: FileNode, data: Uint8Array): void {
    if (data.length === 0) return;
    const at = file.length;
    file.modified = ++this.#changes;
    this.#pending.push({ kind: 'write', file, data: file.append(data), at });
  }

  cut(file: FileNode, length: number): void {
    file.cut(length);
    file.modified = ++this.#changes;
    this.#pending.push({ kind: 'cut', file, length });
  }

  rename(changes: readonly NameChange[]): void {
    for (const change of changes) setName(change.folder.entries, change);
    this.#pending.push({ kind: 'names', changes });
  }

  syncFile(file: FileNode): void {
    file.settle();
    this.#pending = this.#pending.filter((operation) => operation.kind === 'names' || operation.file !== file);
  }

  /** A rename between two folders takes what came before it in the other one along. */
  syncFolder(folder: FolderNode): void {
    const touched = new Set([folder]);
    const kept: Operation[] = [];
    const settled: NameChange[] = [];
    for (const operation of this.#pending.toReversed()) {
      if (operation.kind === 'names' && operation.changes.some((change) => touched.has(change.folder))) {
        for (const change of operation.changes) touched.add(change.folder);
        settled.unshift(...operation.changes);
      } else kept.unshift(operation);
    }
    for (const change of settled) setName(change.folder.durable, change);
    this.#pending = kept;
  }

  /** What a loss of power now may leave, each state once. @throws AssertionError when there are more than `max` ways to it. */
  *crashStates(max: number): Generator<SimulatedDisk> {
    const choices = this.#pending.map(fatesOf);
    const ways = choices.reduce((product, fates) => product * fates.length, 1);
    assert(ways <= max, `${ways} ways to crash with ${choices.length} operations that are not synced; at most ${max}`);
    const seen = new Set<string>();
    for (let way = 0; way < ways; way++) {
      let rest = way;
      const disk = this.#after(
        choices.map((fates) => {
          const fate = fates[rest % fates.length]!;
          rest = Math.floor(rest / fates.length);
          return fate;
        }),
      );
      const text = disk.root.fingerprint();
      if (!seen.has(text)) yield disk;
      seen.add(text);
    }
  }

  /** One of the states that a loss of power may leave; tears a write at any byte. */
  crashed(prng: Prng): SimulatedDisk {
    return this.#after(
      this.#pending.map((operation) => {
        const draw = prng.below(4);
        if (draw === 0) return NONE;
        if (draw === 1 || operation.kind !== 'write') return ALL;
        return { kept: prng.below(operation.data.length), isExtended: draw === 2 };
      }),
    );
  }

  #after(fates: readonly Fate[]): SimulatedDisk {
    const contents = new Map<FileNode, Uint8Array>();
    const names = new Map<FolderNode, Map<string, Node>>();
    for (const [i, operation] of this.#pending.entries()) {
      const fate = fates[i]!;
      if (fate === NONE) continue;
      if (operation.kind === 'names') {
        for (const change of operation.changes) {
          const entries = names.get(change.folder) ?? new Map(change.folder.durable);
          names.set(change.folder, entries);
          setName(entries, change);
        }
      } else {
        const content = contents.get(operation.file) ?? operation.file.durable;
        contents.set(operation.file, applied(content, operation, fate));
      }
    }
    const copyOf = (node: Node): Node => {
      if (node instanceof FileNode) return new FileNode((contents.get(node) ?? node.durable).slice());
      const entries = names.get(node) ?? node.durable;
      return new FolderNode(new Map([...entries].map(([name, inner]) => [name, copyOf(inner)])));
    };
    return new SimulatedDisk(copyOf(this.root) as FolderNode);
  }
}

function fatesOf(operation: Operation): readonly Fate[] {
  if (operation.kind !== 'write') return [NONE, ALL];
  const half = operation.data.length >> 1;
  return half === 0 ? [NONE, ZEROS, ALL] : [NONE, { kept: half, isExtended: false }, ZEROS, ALL];
}

function applied(content: Uint8Array, operation: Exclude<Operation, { kind: 'names' }>, fate: Fate): Uint8Array {
  if (operation.kind === 'cut') return content.slice(0, operation.length);
  const kept = operation.data.subarray(0, Math.min(fate.kept, operation.data.length));
  const end = operation.at + (fate.isExtended ? operation.data.length : kept.length);
  const grown = new Uint8Array(Math.max(content.length, end));
  grown.set(content);
  grown.set(kept, operation.at);
  return grown;
}

function setName(entries: Map<string, Node>, { name, node }: NameChange): void {
  if (node === undefined) entries.delete(name);
  else entries.set(name, node);
}

/** An absolute path begins with an empty name, so that paths come back as they were given. */
export function segmentsOf(path: string): readonly string[] {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? [] : trimmed.split('/');
}
