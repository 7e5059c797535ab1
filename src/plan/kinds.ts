/** What each core operator kind is like, as executors need to know it: so that a new kind touches none of them. */
import type { CoreOperator, MapAsyncOperator, WindowGroupOperator } from './plan.js';

/** One kind's ways. */
interface KindTraits {
  /** It keeps something that a checkpoint must hold. */
  readonly isStateful: boolean;
  /** Watermarks pass it in sequence, at the place between two records where they stand. */
  readonly isNarrow: boolean;
  /** Its results come at the ends of intervals, and not for each record. */
  readonly isPerInterval: boolean;
}

const NARROW: KindTraits = { isStateful: false, isNarrow: true, isPerInterval: false };
const PER_RECORD: KindTraits = { isStateful: true, isNarrow: false, isPerInterval: false };
const PER_INTERVAL: KindTraits = { isStateful: true, isNarrow: false, isPerInterval: true };

const KINDS: Readonly<Record<CoreOperator['kind'], KindTraits>> = {
  source: NARROW,
  map: NARROW,
  'flat-map': NARROW,
  filter: NARROW,
  branch: NARROW,
  'map-async': { ...NARROW, isNarrow: false },
  timestamps: { ...NARROW, isStateful: true },
  'window-reduce': PER_INTERVAL,
  'window-group': PER_INTERVAL,
  'running-reduce': PER_RECORD,
  'update-state': PER_INTERVAL,
  'map-with-state': PER_RECORD,
  'session-window': PER_RECORD,
  'interval-join': PER_RECORD,
  process: PER_RECORD,
  'collect-interval': PER_INTERVAL,
  spout: NARROW,
  bolt: { ...NARROW, isNarrow: false },
  sink: NARROW,
};

const STATEFUL_BOLT: KindTraits = { ...KINDS.bolt, isStateful: true };

/** What an operator's kind is like; of a bolt it depends on what its user says. */
export function kindTraits(
  operator: Pick<CoreOperator, 'kind'> & { readonly keepsState?: boolean | undefined },
): KindTraits {
  return operator.keepsState === true ? STATEFUL_BOLT : KINDS[operator.kind];
}

/** A record's result comes later: the tasks of its stage make calls, wait for them, and give their chain what came of them. */
export function isAsync(operator: CoreOperator): operator is MapAsyncOperator {
  return operator.kind === 'map-async';
}

/** What the lists of a window hold, by what is given of them. */
const GATHERED: Readonly<Record<WindowGroupOperator['gives'], string>> = {
  list: 'pairs',
  cogroup: 'pairs of two streams',
  join: 'pairs of two streams',
  leftOuterJoin: 'pairs of two streams',
  rightOuterJoin: 'pairs of two streams',
  fullOuterJoin: 'pairs of two streams',
  each: 'values',
  glom: 'values',
  mapPartitions: 'values',
};

/** The kind with what its state depends on: state of other windows, or of lists that hold something else, would give other results without a word. */
export function stateKindOf(operator: CoreOperator): string {
  const { kind } = operator;
  if (kind === 'window-group')
    return `${kind} of ${GATHERED[operator.gives]}, ${operator.window / 1_000} ms each ${operator.slide / 1_000} ms`;
  if (kind === 'collect-interval')
    return `${kind}${operator.isSided === true ? ' of two streams' : ''} each ${operator.slide / 1_000} ms`;
  if ('window' in operator) return `${kind} of ${operator.window / 1_000} ms each ${operator.slide / 1_000} ms`;
  if (kind === 'bolt' && operator.windows !== undefined) {
    const { unit, length, slideUnit, slide, lag } = operator.windows;
    return `${kind} with windows of ${length} by ${unit} each ${slide} by ${slideUnit}, lag ${lag}`;
  }
  if (kind === 'session-window') return `${kind} with a gap of ${operator.gap / 1_000} ms`;
  if (kind === 'interval-join') return `${kind} from ${-operator.before / 1_000} to ${operator.after / 1_000} ms`;
  return kindTraits(operator).isPerInterval ? `${kind} each ${operator.slide / 1_000} ms` : kind;
}

/** Records begin there. */
export function isSpout(operator: CoreOperator): boolean {
  return operator.kind === 'source' || operator.kind === 'spout';
}

/** The component's name: the user's, without the prefix of a source's uid. */
export function nameOf(operator: CoreOperator): string {
  return operator.kind === 'source' || operator.kind === 'spout' || operator.kind === 'bolt'
    ? operator.name
    : operator.uid;
}
