/** How lost and duplicated records can be counted in each sink and state: read from the graph, by what `docs/semantics.md` says of faults. */
import { greatestCommonDivisor, slidesOf } from '../../plan/slides.js';
import { type Graph, inputsOf, type Node } from '../../topology/graph.js';
import { type Demand, demandsOf } from '../rules.js';

/**
 * What a result is made of, as far as the graph promises it:
 * `per record`: one source record; `per window`: all records of one place, a key (`isKeyed`) and a window end;
 * `running`: all records of a key so far; `final`: the same, of a state at the end;
 * `not countable`: what is made of a total, or of several records, which a single record may change in any way;
 * `not demanded`: depends on an order that nobody promises, so it is not demanded without a fault either.
 */
export type FaultRule = 'per record' | 'per window' | 'running' | 'final' | 'not countable' | 'not demanded';

/** The rule of one sink or state. */
export interface FaultDemand {
  readonly rule: FaultRule;
  readonly isKeyed: boolean;
  /** A source record is in a result at most once. Then the number of records that a result lacks says how many were lost. */
  readonly isOnce: boolean;
  /** Each record is in so many windows, one after the other. */
  readonly overlap: number;
  /** How far apart window ends are (us); 0 without windows. */
  readonly slide: number;
  /** The user's `update` may drop a key's state: only where none ever does can its records be counted. */
  readonly mayForget: boolean;
  /** Why nothing can be counted. */
  readonly note: string | null;
}

/** The rules of a graph's sinks by name, and of its keyed states by uid. */
export interface FaultDemands {
  readonly sinks: ReadonlyMap<string, FaultDemand>;
  readonly states: ReadonlyMap<string, FaultDemand>;
}

/** What is known of a stream. */
interface Facts extends FaultDemand {
  /** Sources upstream, by node. */
  readonly sources: ReadonlySet<number>;
}

/** Reads the rules. `partitionsOf` says how many partitions a source really has. */
export function faultDemandsOf(graph: Graph, partitionsOf: (source: string) => number): FaultDemands {
  const demands = demandsOf(graph, partitionsOf);
  const demanded = (own: FaultDemand, { rule, note, view }: Demand): FaultDemand => {
    if (view !== undefined) return { ...own, rule: 'not demanded', note };
    // Of running totals in no promised order only the last is demanded, and that is found where they can be counted.
    const isOpen = rule === 'equal final value and count per key' && own.rule === 'not countable';
    return rule === 'not demanded' || isOpen ? { ...own, rule: 'not demanded', note } : own;
  };
  const slides = slidesOf(graph);
  const facts: Facts[] = [];
  const sinks = new Map<string, FaultDemand>();
  const states = new Map<string, FaultDemand>();
  for (const node of graph.nodes) {
    const inputs = inputsOf(node).map((ref) => facts[ref.node]!);
    const own = factsOf(node, inputs, slides[node.id]!);
    facts.push(own);
    if (node.kind === 'sink') sinks.set(node.name, demanded(own, demands.sinks.get(node.name)!));
    const demand = demands.states.get(node.uid);
    if (demand === undefined) continue;
    // Whether `update` or `process` dropped a state in between, its end does not say.
    const final = node.kind === 'runningReduce' ? finalOf(own) : notCountable(node, own);
    states.set(node.uid, demanded(final, demand));
  }
  return { sinks, states };
}

function factsOf(node: Node, inputs: readonly Facts[], slide: number): Facts {
  const input = inputs[0]!;
  switch (node.kind) {
    case 'source':
    case 'spout':
      return { ...FRESH, sources: new Set([node.id]) };
    case 'sink':
    case 'mapValues':
    case 'mapValuesAsync':
    case 'timestamps':
      return input;
    case 'peek':
    case 'repartition':
    case 'partitionBy':
      return input;
    case 'map':
    case 'mapAsync':
    case 'keyBy':
      if (input.rule === 'running' || input.mayForget) return notCountable(node, input);
      return input.rule === 'per window' ? { ...input, isKeyed: false } : input;
    case 'filter':
    case 'branch':
      return input.rule === 'per record' ? input : notCountable(node, input);
    case 'flatMap':
    case 'flatMapValues':
    case 'joinTable':
    case 'leftOuterJoinTable':
      return input.rule === 'per record' ? { ...input, isOnce: false } : notCountable(node, input);
    case 'union':
      return unionOf(node, inputs);
    case 'countByValue':
    case 'countByValueAndWindow':
      // Here a total is the key.
      return input.rule === 'per record' ? aggregated(node, input, slide) : notCountable(node, input);
    case 'reduceByKey':
    case 'count':
    case 'reduceByKeyAndWindow':
    case 'countByWindow':
    case 'combineByKey':
      return aggregated(node, input, slide);
    case 'reduce':
    case 'reduceByWindow':
    case 'aggregate':
      // One result for all records of a window. If it is a pair, its key may be that of any of them.
      return { ...aggregated(node, input, slide), isKeyed: false };
    case 'updateStateByKey':
      // A state is in every later result: windows without end.
      return canAggregate(input)
        ? { ...windowed(input, slide, Number.POSITIVE_INFINITY), mayForget: true }
        : notCountable(node, input);
    case 'runningReduce':
      return canAggregate(input)
        ? { ...input, rule: 'running', isOnce: input.isOnce && input.overlap === 1, overlap: 1, slide: 0 }
        : notCountable(node, input);
    default:
      return { ...notCountable(node, input), sources: new Set(inputs.flatMap((each) => [...each.sources])) };
  }
}

const FRESH: Omit<Facts, 'sources'> = {
  rule: 'per record',
  isKeyed: true,
  isOnce: true,
  overlap: 1,
  slide: 0,
  mayForget: false,
  note: null,
};

function aggregated(node: Node, input: Facts, slide: number): Facts {
  if (!canAggregate(input) || ('isFiltered' in node && node.isFiltered)) return notCountable(node, input);
  const window = 'window' in node ? (node.window ?? slide) : slide;
  return windowed(input, slide, Math.max(1, Math.ceil(window / slide)));
}

function windowed(input: Facts, slide: number, overlap: number): Facts {
  return { ...input, rule: 'per window', isOnce: input.isOnce && input.overlap === 1, overlap, slide };
}

/** Totals that move between keys when they change would come in under other keys. */
function canAggregate({ rule, isKeyed, mayForget }: Facts): boolean {
  return rule === 'per record' || (rule === 'per window' && isKeyed && !mayForget);
}

function unionOf(node: Node, inputs: readonly Facts[]): Facts {
  const [first, ...others] = inputs as readonly [Facts, ...Facts[]];
  const sources = new Set(inputs.flatMap((input) => [...input.sources]));
  const isOfOneKind = others.every((other) => other.rule === first.rule);
  const isMixed = !isOfOneKind || inputs.some((input) => input.mayForget);
  if (isMixed || first.rule === 'running') return { ...notCountable(node, first), sources };
  const isApart = sources.size === inputs.reduce((total, input) => total + input.sources.size, 0);
  return {
    ...first,
    sources,
    isKeyed: inputs.every((input) => input.isKeyed),
    isOnce: isApart && inputs.every((input) => input.isOnce),
    overlap: Math.max(...inputs.map((input) => input.overlap)),
    slide: inputs.map((input) => input.slide).reduce(greatestCommonDivisor),
  };
}

function finalOf(facts: Facts): FaultDemand {
  if (facts.rule === 'not countable') return facts;
  return { ...facts, rule: 'final', isKeyed: true, overlap: 1, slide: 0 };
}

function notCountable({ kind, uid }: Node, input: Facts): Facts {
  if (input.rule === 'not countable') return input;
  const what =
    input.rule === 'per record'
      ? 'makes its results of several records, and may make anything of one more or less'
      : 'may make anything of a total that a record more or less has changed';
  const note = `${kind} '${uid}' ${what}`;
  return { ...FRESH, sources: input.sources, rule: 'not countable', note };
}
