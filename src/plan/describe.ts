/** Short texts for nodes, operators and exchanges: what `graph` and `explain` write on a line. */
import { formatDuration } from '../core/time.js';
import type { CallNode, Grouping, Node } from '../topology/graph.js';
import type { CoreOperator, Exchange, MapAsyncOperator } from './plan.js';

/** A node in the user's words: `counts: reduceByKeyAndWindow 5 s every 1 s, inverse`. `slide` is that of its output (us). */
export function describeNode(node: Node, slide: number): string {
  switch (node.kind) {
    case 'source':
      return `source ${node.name} (${node.spec.kind})`;
    case 'sink':
      return `sink ${node.name} (${node.spec.kind})`;
    case 'spout':
    case 'bolt':
      return `${node.kind} ${node.name}${node.parallelism > 1 ? ` x ${node.parallelism}` : ''}`;
    case 'reduceByKeyAndWindow':
    case 'reduceByWindow':
    case 'countByWindow':
    case 'countByValueAndWindow':
    case 'groupByKeyAndWindow':
    case 'window': {
      const inverse = node.kind.startsWith('reduce') && node.inverse ? ', inverse' : '';
      return `${named(node)} ${formatDuration(node.window)} every ${formatDuration(slide)}${inverse}`;
    }
    case 'combineByKey':
    case 'aggregate':
    case 'distinct':
    case 'top': {
      const over = node.window === undefined ? '' : ` ${formatDuration(node.window)} every ${formatDuration(slide)}`;
      return `${named(node)}${node.max === undefined ? '' : ` ${node.max}`}${over}`;
    }
    case 'sessionWindow':
      return `${named(node)} with a gap of ${formatDuration(node.gap)}`;
    case 'intervalJoin':
      return `${named(node)} from ${formatDuration(node.before)} before to ${formatDuration(node.after)} after`;
    case 'repartition':
      return `${named(node)} to ${node.partitions}`;
    case 'partitionBy':
      return node.partitions === undefined ? named(node) : `${named(node)} to ${node.partitions}`;
    case 'mapAsync':
    case 'mapValuesAsync':
      return `${named(node)}, ${callsOf(node)}`;
    case 'timestamps':
      return `${named(node)}, up to ${formatDuration(node.maxOutOfOrderness)} out of order`;
    case 'branch':
      return `${named(node)} ${node.arms.join(' | ')}`;
    default:
      return named(node);
  }
}

function callsOf({ concurrency, timeout, ordered }: CallNode | MapAsyncOperator): string {
  return `${concurrency} calls at a time of up to ${formatDuration(timeout)}${ordered ? '' : ', in any order'}`;
}

/** `map` for an operator without a name of its own, else `counts: reduceByKey`. */
function named(node: { readonly uid: string; readonly kind: string; readonly id: number }): string {
  return node.uid === `${node.kind}-${node.id}` ? node.kind : `${node.uid}: ${node.kind}`;
}

/** A core operator on one line. */
export function describeOperator(operator: CoreOperator): string {
  switch (operator.kind) {
    case 'source':
      return `read ${operator.name} (${operator.spec.kind})`;
    case 'sink':
      return `sink ${operator.name} (${operator.spec.kind}, per ${operator.delivery})`;
    case 'map':
      return `${MAP_WORDS[operator.shape]} ${operator.uid}`;
    case 'flat-map':
      return `${FLAT_MAP_WORDS[operator.shape]} ${operator.uid}`;
    case 'filter':
      return `filter ${operator.uid}`;
    case 'branch':
      return `branch ${operator.uid} (${operator.arms.join(', ')})`;
    case 'map-async':
      return `${operator.shape === 'value' ? 'mapAsync' : 'mapValuesAsync'} ${operator.uid} (${callsOf(operator)})`;
    case 'timestamps':
      return `timestamps ${operator.uid}`;
    case 'window-reduce':
      return `window ${operator.uid}: ${formatDuration(operator.window)} every ${formatDuration(operator.slide)}${operator.inverse === 'none' ? '' : ', inverse'}`;
    case 'window-group':
      return `gather ${operator.uid} (${operator.gives}): ${formatDuration(operator.window)} every ${formatDuration(operator.slide)}`;
    case 'collect-interval':
      return `collect each interval of ${formatDuration(operator.slide)}`;
    default:
      return `${operator.kind} ${operator.uid}`;
  }
}

const FLAT_MAP_WORDS = {
  value: 'flatMap',
  'pair-values': 'flatMapValues',
  'left-of': 'results of',
  'right-of': 'states of',
} as const;

const MAP_WORDS = {
  value: 'map',
  'pair-values': 'mapValues',
  key: 'keyBy',
  'pair-key': 'partitionBy',
  unit: 'pair with 1:',
  constant: 'count one:',
  pair: 'partitionBy',
  'drop-key': 'drop key:',
  'null-key': 'one key:',
  'keep-key': 'keep key:',
  left: 'left side:',
  right: 'right side:',
  'left-record': 'left side:',
  'right-record': 'right side:',
  spread: 'spread:',
} as const;

/** Storm's name of a grouping, with its fields. */
export function describeGrouping(grouping: Grouping | Exchange): string {
  switch (grouping.kind) {
    case 'hash':
      return 'fields grouping by key';
    case 'forward':
      return 'task to task';
    case 'fields':
    case 'partialKey':
      return `${grouping.kind} grouping by ${grouping.fields.join(', ')}`;
    case 'shuffle':
      return grouping.loadAware === true ? 'load-aware shuffle grouping' : 'shuffle grouping';
    default:
      return `${grouping.kind} grouping`;
  }
}

/** What Spark would call the exchange. */
export function describeShuffle(exchange: Exchange): string {
  switch (exchange.kind) {
    case 'hash':
      return 'shuffle by hash of the key';
    case 'forward':
      return 'partition by partition';
    case 'global':
      return 'gather in one partition';
    default:
      return `shuffle (${describeGrouping(exchange)})`;
  }
}

/** True when values are reduced before the shuffle, so that one value per key and pane crosses it. */
export function combinesBeforeShuffle(target: CoreOperator, exchange: Exchange): boolean {
  return exchange.kind === 'hash' && target.kind === 'window-reduce';
}
