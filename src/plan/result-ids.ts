/** Which results have an id that is the same when they are given again: for sinks that ask for ids. Plain data from a plan. */
import { kindTraits } from './kinds.js';
import type { CoreOperator, Plan, SinkOperator } from './plan.js';

/** What names the results of one path to a sink, record at a time. */
export type Naming =
  /** The record's place in its source, or its message id, and its number among what came of it. */
  | { readonly kind: 'record'; readonly of: string }
  /** The operator, the key, and the end of the window. */
  | { readonly kind: 'window'; readonly uid: string }
  /** A result that follows from more than one record: nothing names it. */
  | { readonly kind: 'none'; readonly uid: string };

export interface ResultIds {
  /** Operators that give a record's id on, by id; from the sources on. */
  readonly carriers: ReadonlySet<number>;
  /** Operators whose results are named by key and window. */
  readonly windows: ReadonlySet<number>;
  /** By the name of each sink that asks for ids: what names its results. */
  readonly sinks: ReadonlyMap<string, readonly Naming[]>;
  /** Those of them whose results come in the same order when a batch is done again, so that batch, task and number name them. */
  readonly inBatches: ReadonlySet<string>;
}

/** Finds the ways back from each sink that asks for ids. Where none does, everything is empty, and costs nothing. */
export function resultIds({ operators }: Plan): ResultIds {
  const carriers = new Set<number>();
  const windows = new Set<number>();
  const ways = new Map<number, readonly Naming[]>();
  const namingsOf = (operator: CoreOperator): readonly Naming[] => {
    const known = ways.get(operator.id);
    if (known !== undefined) return known;
    const found = namings(operator);
    ways.set(operator.id, found);
    return found;
  };
  const namings = (operator: CoreOperator): readonly Naming[] => {
    if (hasOneResult(operator)) {
      windows.add(operator.id);
      return [{ kind: 'window', uid: operator.uid }];
    }
    if (!kindTraits(operator).isNarrow) return [{ kind: 'none', uid: operator.uid }];
    carriers.add(operator.id);
    if (operator.kind === 'source' || operator.kind === 'spout') return [{ kind: 'record', of: operator.name }];
    return operator.inputs.flatMap((input) => namingsOf(operators[input.operator]!));
  };
  const sinks = operators.filter(
    (operator): operator is SinkOperator => operator.kind === 'sink' && asksForIds(operator),
  );
  const isSame = (operator: CoreOperator): boolean =>
    !isDealtOut(operator) && operator.inputs.every((input) => isSame(operators[input.operator]!));
  return {
    carriers,
    windows,
    sinks: new Map(sinks.map((sink) => [sink.name, distinct(namingsOf(sink))])),
    inBatches: new Set(sinks.filter(isSame).map(({ name }) => name)),
  };
}

/** Records go to tasks in turn, and nobody keeps whose turn it was. */
function isDealtOut(operator: CoreOperator): boolean {
  if (operator.kind === 'map' && operator.shape === 'spread') return true;
  return operator.inputs.some(({ exchange }) => exchange !== undefined && !KEEPS_PLACES.has(exchange.kind));
}

const KEEPS_PLACES: ReadonlySet<string> = new Set(['hash', 'global']);

/** The sink takes ids. */
export function asksForIds({ spec }: SinkOperator): boolean {
  return spec.capabilities.ids === true;
}

/** At most one for each key and window end: then these name it. Joins and whole partitions give more. */
function hasOneResult(operator: CoreOperator): boolean {
  switch (operator.kind) {
    case 'window-reduce':
    case 'session-window':
    case 'update-state':
      return true;
    case 'window-group':
      return operator.gives === 'list';
    default:
      return false;
  }
}

function distinct(namings: readonly Naming[]): readonly Naming[] {
  const seen = new Map(namings.map((naming) => [JSON.stringify(naming), naming]));
  return [...seen.values()];
}
