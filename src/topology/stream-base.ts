/** What every stream is: a handle on one output of a node. It knows how a node is added, and no operator. */
import { checkFunctions } from './check-arguments.js';
import type { GraphDraft, NewNode } from './draft.js';
import type { Node, StreamRef } from './graph.js';
import type { Placed } from './types.js';

/** The base of all streams. */
export class StreamBase<T> {
  /** For types only. */
  declare readonly element: T;
  readonly ref: StreamRef;
  protected readonly draft: GraphDraft;

  constructor(draft: GraphDraft, ref: StreamRef) {
    this.draft = draft;
    this.ref = ref;
  }

  /** Whether the stream is one of that topology. */
  static isOf(stream: StreamBase<unknown>, draft: GraphDraft): boolean {
    return stream.draft === draft;
  }

  /** Component and stream that its tuples say they come from; undefined for what operators made. */
  get origin(): string | undefined {
    const { node, output } = this.ref;
    const from = this.draft.nodes[node];
    return from?.kind === 'source' || from?.kind === 'spout' || from?.kind === 'bolt'
      ? `${from.name}/${output}`
      : undefined;
  }

  /**
   * Adds a node and gives the handle on its output. `caller` is the public method at hand, so that the place is the user's line.
   *
   * @throws StreamError `RG004` for what is no function.
   */
  protected next(
    node: NewNode<Node>,
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
    options: Placed = {},
  ): never {
    checkFunctions(functions, caller);
    return this.add(node, functions, caller, options);
  }

  /** As `next`, for functions that are checked, and data. */
  protected add(
    node: NewNode<Node>,
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
    { uid, partitions, orderSensitive }: Placed = {},
  ): never {
    const placed = {
      ...node,
      ...(partitions === undefined ? {} : { partitions }),
      ...(orderSensitive === undefined ? {} : { orderSensitive }),
    };
    return this.draft.stream(this.draft.add(placed as NewNode<Node>, functions, caller, uid)) as never;
  }

  /** The output behind another stream; that of another topology is nowhere, and validation tells of it. */
  protected refOf(other: { readonly ref: StreamRef }): StreamRef {
    return refIn(this.draft, other);
  }
}

/** The output behind a stream, as a draft knows it. */
export function refIn(draft: GraphDraft, other: { readonly ref: StreamRef }): StreamRef {
  const stream = other as StreamBase<unknown>;
  return StreamBase.isOf(stream, draft) ? stream.ref : { node: -1, output: 'default' };
}
