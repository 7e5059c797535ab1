/** Files and folders of the simulated disk: each as it is seen, and as it is on the platter. */

export type Node = FileNode | FolderNode;

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1);
}

/** Bytes that a file begins with room for. */
const CAPACITY_MIN = 256;

/** Bytes are only added, or cut off: what was once below `length` stays as it is in its buffer. */
export class FileNode {
  #buffer: Uint8Array;
  #length: number;
  #durable: Uint8Array;
  /** Stands for the time of the last change: the number of that change on its disk. */
  modified = 0;

  /** A file with durable content. */
  constructor(content: Uint8Array = new Uint8Array()) {
    this.#buffer = content;
    this.#length = content.length;
    this.#durable = content;
  }

  get length(): number {
    return this.#length;
  }

  get content(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  get durable(): Uint8Array {
    return this.#durable;
  }

  /** Gives the bytes as they stand in the file. */
  append(data: Uint8Array): Uint8Array {
    const end = this.#length + data.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(CAPACITY_MIN, 2 * end));
      grown.set(this.content);
      this.#buffer = grown;
    }
    this.#buffer.set(data, this.#length);
    const added = this.#buffer.subarray(this.#length, end);
    this.#length = end;
    return added;
  }

  /** A bit of what is durable is another one. */
  flip(at: number): void {
    this.#buffer = flipped(this.#buffer, at);
    this.#durable = flipped(this.#durable, at);
  }

  cut(length: number): void {
    this.#buffer = this.#buffer.slice(0, Math.min(length, this.#length));
    this.#length = this.#buffer.length;
  }

  settle(): void {
    this.#durable = this.content;
  }
}

export class FolderNode {
  readonly entries: Map<string, Node>;
  readonly durable: Map<string, Node>;

  /** A folder with durable names. */
  constructor(entries: ReadonlyMap<string, Node> = new Map()) {
    this.entries = new Map(entries);
    this.durable = new Map(entries);
  }

  /** All files in it and below, with their paths from here. */
  *files(prefix = ''): Generator<readonly [string, FileNode]> {
    for (const [name, node] of this.entries) {
      if (node instanceof FileNode) yield [prefix + name, node];
      else yield* node.files(`${prefix}${name}/`);
    }
  }

  /** Equal for folders of equal content. */
  fingerprint(): string {
    const lines = [...this.entries].map(([name, node]) => {
      const content = node instanceof FileNode ? Buffer.from(node.content).toString('latin1') : node.fingerprint();
      return `${name.length}:${name}${node instanceof FileNode ? 'f' : 'd'}${content.length}:${content}`;
    });
    return lines.sort().join('');
  }
}
