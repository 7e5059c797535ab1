/** Writes the reference page of all operators. It knows their doc comments and what their examples gave. */
import type { Node } from '../../src/topology/graph.js';
import { nodeTraits } from '../../src/topology/node-traits.js';
import type { Guarantee } from '../../src/topology/specs.js';
import type { Documented } from './doc-comments.js';
import { shownExample } from './example-code.js';
import { drawn, type Row } from './marbles.js';
import { STORM_NAMES } from './storm-names.js';

/** One operator with what its example gave, the same in both modes. */
export interface Tried {
  readonly operator: Documented;
  readonly inputs: Readonly<Record<string, Row>>;
  readonly outputs: Row;
  readonly late: readonly unknown[];
  /** The strongest that the example's job may ask for. */
  readonly guarantee: Guarantee;
  /** Why `compare` demands less of its results when its sources have several partitions. */
  readonly demand: string | undefined;
  /** The same where it stands behind a shuffle. */
  readonly demandBehindShuffle: string | undefined;
}

/** A part of the page. */
export interface Section {
  readonly title: string;
  readonly tried: readonly Tried[];
}

const HEAD = `# Operators

<!-- Written by \`npm run operators\` from the doc comments in src/topology; a test fails when it is not up to date. -->

Every operator of a stream, and \`t.transform\` of several, with what it means, when its results come, and what it keeps. The meaning is the
same in both modes. Spouts, bolts, joins in a bolt and their groupings (\`setSpout\`, \`setBolt\`, \`setWindowedBolt\`, \`joinBolt\`,
\`shuffleGrouping\` and so on) are in [From Storm](from-storm.md), sources and sinks in [Files and the network](connectors-files.md) and
[Brokers](connectors.md), and what may be a key in [What a job means](semantics.md#keys).

In the pictures an interval of stream time is a second, and the batch interval too. \`|\` is the border of two intervals. A line of results shows
when they come out, and not which interval they belong to: what micro-batches found in the first interval comes out at the tick that ends it.
\`(a,1)\` is a pair, \`[1,2]\` a list, \`·\` is undefined. Each example is run, in both modes, before the page is written, and again by the tests.
`;

/** The page. */
export function pageOf(sections: readonly Section[]): string {
  const contents = sections.map(({ title, tried }) => {
    const links = tried.map(({ operator: { name } }) => `[${name}](#${anchorOf(name)})`);
    return `- ${title}: ${links.join(' · ')}`;
  });
  const parts = sections.map(({ title, tried }) => `## ${title}\n\n${tried.map(operatorText).join('\n')}`);
  return `${HEAD}\n${contents.join('\n')}\n\n${parts.join('\n')}`;
}

/** As GitHub makes it of a heading. */
function anchorOf(name: string): string {
  return name.toLowerCase().replace('.', '');
}

/** Operators without a name of their own have a number, which depends on how many there are. */
function withoutNumbers(demand = ''): string {
  return demand.replace(/-\d+'/g, "'");
}

function operatorText(tried: Tried): string {
  const { operator, inputs, outputs, late, guarantee, demand, demandBehindShuffle } = tried;
  const { name, meaning, source, example } = operator;
  const { emits, keeps } = nodeTraits({ kind: kindOf(name) });
  const isSparks = /^(?:Py)?Spark/.test(source);
  const times = TIMES_OF[name] ?? TIMES[emits];
  const picture = drawn({ inputs, outputs, emits: times.drawn });
  const facts = [
    ['Emits, micro-batch', times.microBatch],
    ['Emits, record', times.record],
    ['Keeps', KEEPS_OF[name] ?? KEEPS[keeps]],
    ['Guarantee', guarantee === 'exactly-once' ? 'any, up to exactly-once' : `up to ${guarantee}`],
    ...(demand === undefined ? [] : [['`compare`, of several partitions', demand]]),
    ...(withoutNumbers(demandBehindShuffle) === withoutNumbers(demand)
      ? []
      : [['`compare`, behind a shuffle', demandBehindShuffle]]),
    ['In Spark', isSparks ? source.replace(/^Spark (?:Streaming, )?/, '') : 'no name of its own'],
    ['In Storm', STORM_NAMES[name] ?? 'no name of its own'],
    ...(source === '' || isSparks ? [] : [['From', source]]),
  ];
  const rows = facts.map(([what, text]) => `| ${what} | ${text!.replaceAll('\n', ' ').replaceAll('|', '\\|')} |`);
  const lateLine = late.length === 0 ? '' : `\nlate: ${late.map(String).join(', ')}`;
  return [
    `### ${name}`,
    meaning,
    '',
    `\`\`\`text\n${picture}${lateLine}\n\`\`\``,
    '',
    `| | |\n|---|---|\n${rows.join('\n')}`,
    '',
    `\`\`\`ts\n${shownExample(name, example, outputs)}\n\`\`\``,
    '',
  ].join('\n');
}

/** When results come, in words and in the picture. */
interface Times {
  readonly drawn: 'per record' | 'per interval';
  readonly microBatch: string;
  readonly record: string;
}

const PER_RECORD: Times = {
  drawn: 'per record',
  microBatch: 'with the batch that holds the record',
  record: 'at once, for each record',
};
const PER_INTERVAL: Times = {
  drawn: 'per interval',
  microBatch: 'with the batch that reaches the end of the interval or window',
  record: 'when stream time reaches the end of the interval or window',
};
const TIMES = { 'per record': PER_RECORD, 'per interval': PER_INTERVAL } as const;

/** Where an operator has times of its own, or works per interval though its kind of node does not. */
const TIMES_OF: Readonly<Record<string, Times>> = {
  print: PER_INTERVAL,
  foreachBatch: PER_INTERVAL,
  saveAsTextFiles: PER_INTERVAL,
  stateSnapshots: PER_INTERVAL,
  stateQuery: PER_INTERVAL,
  sessionWindow: {
    drawn: 'per interval',
    microBatch: 'with the batch that reaches the end of the session',
    record: 'when stream time reaches the end of the session',
  },
  process: {
    drawn: 'per interval',
    microBatch: 'with the batch that holds the record, or that reaches the time of the timer',
    record: 'at once for each record; of a timer when stream time reaches it',
  },
};

const KEEPS = {
  nothing: 'nothing',
  progress: 'what is open, until stream time has passed it',
  'keyed state': 'a state for each key, which `raingauge state` can show',
} as const;

const OF_OPEN_INTERVALS = 'the values of the open intervals, until stream time has passed them';
const OF_CALLS =
  'open calls, at most `concurrency` in each task, and the records that wait for theirs: as micro-batches those of the batch; record at a time a task takes no more at 4,096';

/** Where an operator keeps something though its kind of node does not: in front of its sink, or while its calls are under way. */
const KEEPS_OF: Readonly<Record<string, string>> = {
  print: OF_OPEN_INTERVALS,
  foreachBatch: OF_OPEN_INTERVALS,
  saveAsTextFiles: OF_OPEN_INTERVALS,
  to: 'nothing, but with a sink that writes interval by interval the values of the open ones',
  mapAsync: OF_CALLS,
  mapValuesAsync: OF_CALLS,
};

/** The kind of node that an operator makes: its name, but for ends of streams and for what is an output of another's node. */
function kindOf(name: string): Node['kind'] {
  if (name === 't.transform') return 'transform';
  if (name === 'stateSnapshots' || name === 'stateQuery') return 'mapWithState';
  return ['to', 'print', 'foreachBatch', 'saveAsTextFiles'].includes(name) ? 'sink' : (name as Node['kind']);
}
