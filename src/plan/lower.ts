/** Lowering: graph nodes to core operators. The only place that knows how a derived operator is made of core ones. */
import type { Graph, IntervalNode, Node, SinkNode, StreamRef, WindowNode } from '../topology/graph.js';
import type { CoreOperator, Exchange, OperatorInput } from './plan.js';
import { greatestCommonDivisor, slidesOf } from './slides.js';

/** Where a stream comes from once unions are dissolved. */
type Origin = { readonly operator: number; readonly output: string };
type Draft = CoreOperator extends infer O
  ? O extends CoreOperator
    ? Omit<O, 'id' | 'node' | 'uid' | 'place'>
    : never
  : never;

const HASH: Exchange = { kind: 'hash' };

/** The core operators of a valid graph, in topological order. */
export function lower(graph: Graph): readonly CoreOperator[] {
  const lowering = new Lowering(graph);
  for (const node of graph.nodes) lowering.lower(node);
  return lowering.operators;
}

class Lowering {
  readonly operators: CoreOperator[] = [];
  readonly #graph: Graph;
  readonly #slides: readonly number[];
  readonly #origins = new Map<string, readonly Origin[]>();
  /** Nodes whose stream is made once per interval: `auto` sinks behind them act per interval. */
  readonly #perInterval = new Set<number>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#slides = slidesOf(graph);
  }

  lower(node: Node): void {
    switch (node.kind) {
      case 'source':
        return this.#end(node, {
          kind: 'source',
          inputs: [],
          slide: this.#slide(node),
          name: node.name,
          spec: node.spec,
        });
      case 'map':
      case 'mapValues':
      case 'keyBy': {
        const shape = node.kind === 'map' ? 'value' : node.kind === 'keyBy' ? 'key' : 'pair-values';
        return this.#narrow(node, node.input, { kind: 'map', shape });
      }
      case 'flatMap':
      case 'flatMapValues':
        return this.#narrow(node, node.input, {
          kind: 'flat-map',
          shape: node.kind === 'flatMap' ? 'value' : 'pair-values',
        });
      case 'filter':
        return this.#narrow(node, node.input, { kind: 'filter', arm: undefined, before: [] });
      case 'union':
        this.#origins.set(
          `${node.id}:default`,
          node.inputs.flatMap((input) => this.#originsOf(input)),
        );
        if (node.inputs.every((input) => this.#perInterval.has(input.node))) this.#perInterval.add(node.id);
        return;
      case 'branch':
        if (this.#perInterval.has(node.input.node)) this.#perInterval.add(node.id);
        node.arms.forEach((arm, index) => {
          const inputs = this.#forward(node.input);
          const operator = this.#add(node, {
            kind: 'filter',
            arm,
            before: node.arms.slice(0, index),
            inputs,
            slide: this.#slide(node),
          });
          this.#origins.set(`${node.id}:${arm}`, [{ operator, output: 'default' }]);
        });
        return;
      case 'timestamps': {
        const { maxOutOfOrderness, idleTimeout } = node;
        const inputs = this.#forward(node.input);
        const operator = this.#add(node, {
          kind: 'timestamps',
          maxOutOfOrderness,
          idleTimeout,
          inputs,
          slide: this.#slide(node),
        });
        this.#origins.set(`${node.id}:default`, [{ operator, output: 'default' }]);
        this.#origins.set(`${node.id}:late`, [{ operator, output: 'late' }]);
        return;
      }
      case 'reduceByKey':
      case 'countByValue':
      case 'count':
        return this.#interval(node);
      case 'reduceByKeyAndWindow':
      case 'countByWindow':
        return this.#window(node);
      case 'runningReduce':
        return this.#end(node, {
          kind: 'running-reduce',
          inputs: this.#exchange(node.input, HASH),
          slide: this.#slide(node),
        });
      case 'updateStateByKey':
        this.#perInterval.add(node.id);
        return this.#end(node, {
          kind: 'update-state',
          inputs: this.#exchange(node.input, HASH),
          slide: this.#slide(node),
          maxEmptyIntervals: this.#graph.settings.maxEmptyIntervals,
        });
      case 'process':
        return this.#end(node, { kind: 'process', inputs: this.#exchange(node.input, HASH), slide: this.#slide(node) });
      case 'spout':
      case 'bolt': {
        const inputs =
          node.kind === 'spout' ? [] : node.inputs.flatMap(({ stream, grouping }) => this.#exchange(stream, grouping));
        const { name, streams, parallelism } = node;
        const common = { name, streams, parallelism, inputs, slide: this.#slide(node) };
        const operator =
          node.kind === 'spout'
            ? this.#add(node, { kind: 'spout', ...common })
            : this.#add(node, { kind: 'bolt', ...common, tickEvery: node.tickEvery, holdsTuples: node.holdsTuples });
        for (const stream of streams)
          this.#origins.set(`${node.id}:${stream.name}`, [{ operator, output: stream.name }]);
        return;
      }
      case 'sink':
        return this.#sink(node);
    }
  }

  /** `reduceByKey`, `countByValue`, `count`: a window of one interval. */
  #interval(node: IntervalNode): void {
    const slide = this.#slide(node);
    const isReduce = node.kind === 'reduceByKey';
    const input = isReduce
      ? node.input
      : this.#pairWithOne(node, node.input, node.kind === 'count' ? 'constant' : 'unit');
    this.#windowReduce(node, input, {
      window: slide,
      slide,
      reduce: isReduce ? 'user' : 'sum',
      inverse: 'none',
      emitEmpty: node.kind === 'count',
      keepEmptyKeys: false,
    });
  }

  #window(node: WindowNode): void {
    const slide = this.#slide(node);
    const { window, keepEmptyKeys } = node;
    if (node.kind === 'countByWindow') {
      const input = this.#pairWithOne(node, node.input, 'constant');
      return this.#windowReduce(node, input, {
        window,
        slide,
        reduce: 'sum',
        inverse: 'difference',
        emitEmpty: true,
        keepEmptyKeys,
      });
    }
    const inverse = node.inverse && (window !== slide || keepEmptyKeys) ? 'user' : 'none';
    this.#windowReduce(node, node.input, { window, slide, reduce: 'user', inverse, emitEmpty: false, keepEmptyKeys });
  }

  #windowReduce(
    node: IntervalNode | WindowNode,
    input: StreamRef | number,
    shape: {
      window: number;
      slide: number;
      reduce: 'user' | 'sum';
      inverse: 'none' | 'user' | 'difference';
      emitEmpty: boolean;
      keepEmptyKeys: boolean;
    },
  ): void {
    const { slide } = shape;
    const { maxEmptyIntervals } = this.#graph.settings;
    const inputs =
      typeof input === 'number'
        ? [{ operator: input, output: 'default', exchange: HASH }]
        : this.#exchange(input, HASH);
    const operator = this.#add(node, {
      kind: 'window-reduce',
      ...shape,
      pane: greatestCommonDivisor(shape.window, slide),
      maxEmptyIntervals,
      inputs,
    });
    const last = shape.emitEmpty
      ? this.#add(node, {
          kind: 'map',
          shape: 'drop-key',
          inputs: [{ operator, output: 'default', exchange: undefined }],
          slide,
        })
      : operator;
    this.#perInterval.add(node.id);
    this.#origins.set(`${node.id}:default`, [{ operator: last, output: 'default' }]);
  }

  #pairWithOne(node: Node, input: StreamRef, shape: 'unit' | 'constant'): number {
    return this.#add(node, { kind: 'map', shape, inputs: this.#forward(input), slide: this.#slides[input.node]! });
  }

  #sink(node: SinkNode): void {
    const { delivery } = node.spec.capabilities;
    const isInterval = delivery === 'interval' || (delivery === 'auto' && this.#perInterval.has(node.input.node));
    const slide = this.#slide(node);
    const { maxEmptyIntervals } = this.#graph.settings;
    const common = { name: node.name, spec: node.spec, slide } as const;
    if (!isInterval) {
      this.#add(node, { kind: 'sink', ...common, delivery: 'record', inputs: this.#forward(node.input) });
      return;
    }
    const collect = this.#add(node, {
      kind: 'collect-interval',
      inputs: this.#exchange(node.input, { kind: 'global' }),
      slide,
      maxEmptyIntervals,
    });
    this.#add(node, {
      kind: 'sink',
      ...common,
      delivery: 'interval',
      inputs: [{ operator: collect, output: 'default', exchange: undefined }],
    });
  }

  #narrow(
    node: Node,
    input: StreamRef,
    operator:
      | { readonly kind: 'map'; readonly shape: 'value' | 'key' | 'pair-values' }
      | { readonly kind: 'flat-map'; readonly shape: 'value' | 'pair-values' }
      | { readonly kind: 'filter'; readonly arm: undefined; readonly before: readonly string[] },
  ): void {
    if (this.#perInterval.has(input.node)) this.#perInterval.add(node.id);
    this.#end(node, { ...operator, inputs: this.#forward(input), slide: this.#slide(node) });
  }

  #end(node: Node, operator: Draft): void {
    this.#origins.set(`${node.id}:default`, [{ operator: this.#add(node, operator), output: 'default' }]);
  }

  #add(node: Node, operator: Draft): number {
    const id = this.operators.length;
    this.operators.push({ ...operator, id, node: node.id, uid: node.uid, place: node.place } as CoreOperator);
    return id;
  }

  #slide(node: Node): number {
    return this.#slides[node.id]!;
  }

  #forward(input: StreamRef): readonly OperatorInput[] {
    return this.#originsOf(input).map((origin) => ({ ...origin, exchange: undefined }));
  }

  #exchange(input: StreamRef, exchange: Exchange): readonly OperatorInput[] {
    return this.#originsOf(input).map((origin) => ({ ...origin, exchange }));
  }

  #originsOf(input: StreamRef): readonly Origin[] {
    return this.#origins.get(`${input.node}:${input.output}`) ?? [];
  }
}
