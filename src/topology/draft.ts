/** The graph while it is being built: nodes appended by streams and components, frozen at the end. */
import { type Place, StreamError } from '../core/errors.js';
import { functionId, type Node, type StreamRef } from './graph.js';

/** A node without what the draft adds to it. */
export type NewNode<N extends Node> = N extends Node ? Omit<N, 'id' | 'uid' | 'place'> : never;

/** Makes the handle on an output. Given to the draft, so that a class of streams need not know those built on it. */
export type MakeStream = (draft: GraphDraft, ref: StreamRef) => unknown;

/** Collects nodes and functions. Streams hold it; users never see it. */
export class GraphDraft {
  readonly nodes: Node[] = [];
  readonly functions = new Map<string, unknown>();
  readonly #makeStream: MakeStream;
  #isSealed = false;

  constructor(makeStream: MakeStream) {
    this.#makeStream = makeStream;
  }

  /** The handle on an output, with all operators; what it may do is a matter of types. */
  stream(ref: StreamRef): unknown {
    return this.#makeStream(this, ref);
  }

  /** Appends a node. `caller` is the public method, so that `place` is the line of the user who called it. */
  add(
    node: NewNode<Node>,
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
    uid?: string,
  ): StreamRef {
    this.#checkOpen(caller);
    const id = this.nodes.length;
    const full = { ...node, id, uid: uid ?? `${node.kind}-${id}`, place: placeOf(caller) } as Node;
    this.nodes.push(full);
    for (const [role, value] of Object.entries(functions)) {
      if (value !== undefined) this.functions.set(functionId(id, role), value);
    }
    return { node: id, output: 'default' };
  }

  /** Gives a node one more function. `caller` as for `add`. */
  addFunction(node: number, role: string, value: unknown, caller: (...args: never[]) => unknown): void {
    this.#checkOpen(caller);
    this.functions.set(functionId(node, role), value);
  }

  /** Replaces a node that grows after it was added: a bolt gets a further grouping, `mapWithState` another output. */
  replace(node: Node, caller: (...args: never[]) => unknown): void {
    this.#checkOpen(caller);
    this.nodes[node.id] = node;
  }

  /** The topology is built: nothing more is taken. */
  seal(): void {
    this.#isSealed = true;
  }

  #checkOpen(caller: (...args: never[]) => unknown): void {
    if (!this.#isSealed) return;
    throw new StreamError(
      'RG023',
      `${caller.name}() was called on a topology that is built`,
      'call it within the function that builds the topology, before it returns',
      { place: placeOf(caller) },
    );
  }
}

/** The first line of the stack outside `caller`: where the user called it. */
export function placeOf(caller: (...args: never[]) => unknown): Place | undefined {
  const holder: { stack?: string } = {};
  const capture = (Error as { captureStackTrace?: (target: object, above: unknown) => void }).captureStackTrace;
  if (capture === undefined) return undefined;
  capture(holder, caller);
  const frame = (holder.stack ?? '').split('\n').find((line) => /^\s+at /.test(line));
  const match = frame === undefined ? null : /\(?((?:file:\/\/)?[^\s()]+):(\d+):(\d+)\)?$/.exec(frame);
  if (match === null) return undefined;
  return {
    file: decodeURI(match[1]!.replace(/^file:\/\//, '').replace(/\?.*$/, '')),
    line: Number(match[2]),
    column: Number(match[3]),
  };
}
