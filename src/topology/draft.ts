/** The graph while it is being built: nodes appended by streams and components, frozen at the end. */
import type { Place } from '../core/errors.js';
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
    const id = this.nodes.length;
    const full = { ...node, id, uid: uid ?? `${node.kind}-${id}`, place: placeOf(caller) } as Node;
    this.nodes.push(full);
    for (const [role, value] of Object.entries(functions)) {
      if (value !== undefined) this.functions.set(functionId(id, role), value);
    }
    return { node: id, output: 'default' };
  }

  /** Gives a node one more function. */
  addFunction(node: number, role: string, value: unknown): void {
    this.functions.set(functionId(node, role), value);
  }

  /** Replaces a bolt that got a further grouping: the only node that grows after it was added. */
  replace(node: Node): void {
    this.nodes[node.id] = node;
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
