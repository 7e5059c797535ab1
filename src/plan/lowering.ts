/** What lowering keeps while it goes through a graph: the core operators so far, and where each stream comes from. */
import type { Graph, Node, StreamRef } from '../topology/graph.js';
import type { CoreOperator, Exchange, OperatorInput } from './plan.js';
import { slidesOf } from './slides.js';

/** Where a stream comes from once unions are dissolved. */
export type Origin = { readonly operator: number; readonly output: string };

/** A core operator without what it gets when it is added. */
export type OperatorDraft = CoreOperator extends infer O
  ? O extends CoreOperator
    ? Omit<O, 'id' | 'node' | 'uid' | 'place'>
    : never
  : never;

/** Keys with state in one task where nobody says otherwise: fewer than a map can hold, and than memory does with states of any size. */
const KEYS_MAX = 10_000_000;

/** By the first part of a pair. */
export const HASH: Exchange = { kind: 'hash' };

/** Grows by one node after the other. */
export class Lowering {
  readonly operators: CoreOperator[] = [];
  readonly graph: Graph;
  readonly #slides: readonly number[];
  readonly #origins = new Map<string, readonly Origin[]>();
  /** For each operator the heads of the stages in which it will run. */
  readonly #heads: ReadonlySet<number>[] = [];
  /** Nodes whose stream is made once per interval: `auto` sinks behind them act per interval. */
  readonly #perInterval = new Set<number>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.#slides = slidesOf(graph);
  }

  get maxEmptyIntervals(): number {
    return this.graph.settings.maxEmptyIntervals;
  }

  /** The limit on the keys that have state in each task of the node. */
  maxKeys({ maxKeys }: { readonly maxKeys?: number | undefined }): number {
    return maxKeys ?? this.graph.settings.maxKeys ?? KEYS_MAX;
  }

  /** Adds an operator. A node has one operator at most that keeps state under its own uid; others have a `suffix`. */
  add(node: Node, operator: OperatorDraft, suffix = ''): number {
    const id = this.operators.length;
    const isHead = operator.inputs.length === 0 || operator.inputs.some(({ exchange }) => exchange !== undefined);
    const { partitions } = node;
    this.operators.push({
      ...operator,
      ...(isHead && partitions !== undefined ? { partitions } : {}),
      id,
      node: node.id,
      uid: `${node.uid}${suffix}`,
      place: node.place,
    } as CoreOperator);
    this.#heads.push(
      isHead ? new Set([id]) : new Set(operator.inputs.flatMap((input) => [...this.#heads[input.operator]!])),
    );
    return id;
  }

  /** Adds a node's last operator, whose output is the node's. */
  end(node: Node, operator: OperatorDraft): void {
    this.setOutput(node, 'default', [{ operator: this.add(node, operator), output: 'default' }]);
  }

  setOutput(node: Node, output: string, origins: readonly Origin[]): void {
    this.#origins.set(`${node.id}:${output}`, origins);
  }

  originsOf(input: StreamRef): readonly Origin[] {
    return this.#origins.get(`${input.node}:${input.output}`) ?? [];
  }

  markPerInterval(node: Node): void {
    this.#perInterval.add(node.id);
  }

  isPerInterval(input: StreamRef): boolean {
    return this.#perInterval.has(input.node) || input.output === 'snapshots';
  }

  /** The slide of a node's output (us). */
  slide(node: Node): number {
    return this.#slides[node.id]!;
  }

  slideOf(input: StreamRef): number {
    return this.#slides[input.node]!;
  }

  /** A stream as an input within the same task. */
  forward(input: StreamRef | number): readonly OperatorInput[] {
    return this.exchange(input, undefined);
  }

  /** A stream, or an operator's output, as an input behind an exchange. */
  exchange(input: StreamRef | number, exchange: Exchange | undefined): readonly OperatorInput[] {
    const origins = typeof input === 'number' ? [{ operator: input, output: 'default' }] : this.originsOf(input);
    return origins.map((origin) => ({ ...origin, exchange }));
  }

  /** True when all of a stream runs in the tasks of one stage: then each of them has a partition of it. */
  isInOneStage(input: StreamRef): boolean {
    return this.#headsOf(input).length === 1;
  }

  /** True when all tasks that have a part of the stream hear of the same end. Partitions of a source end each for itself. */
  endsAtOnce(input: StreamRef): boolean {
    const [head, ...others] = this.#headsOf(input).map((id) => this.operators[id]!);
    return others.length === 0 && (head!.kind !== 'source' || head!.spec.capabilities.partitions === 1);
  }

  #headsOf(input: StreamRef): readonly number[] {
    return this.originsOf(input).flatMap(({ operator }) => [...this.#heads[operator]!]);
  }
}
