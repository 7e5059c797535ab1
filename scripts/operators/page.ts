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
}

/** A part of the page. */
export interface Section {
  readonly title: string;
  readonly tried: readonly Tried[];
}

const HEAD = `# Operators

<!-- Written by \`npm run operators\` from the doc comments in src/topology; a test fails when it is not up to date. -->

Every operator of a stream, with what it means, when its results come, and what it keeps. The meaning is the same in both modes.

In the pictures an interval of stream time is a second, and the batch interval too. \`|\` is the border of two intervals. A line of results shows
when they come out, and not which interval they belong to: what micro-batches found in the first interval comes out at the tick that ends it.
\`(a,1)\` is a pair, \`[1,2]\` a list, \`·\` is undefined. Each example is run, in both modes, before the page is written, and again by the tests.
`;

/** The page. */
export function pageOf(sections: readonly Section[]): string {
  const contents = sections.map(({ title, tried }) => {
    const links = tried.map(({ operator: { name } }) => `[${name}](#${name.toLowerCase()})`);
    return `- ${title}: ${links.join(' · ')}`;
  });
  const parts = sections.map(({ title, tried }) => `## ${title}\n\n${tried.map(operatorText).join('\n')}`);
  return `${HEAD}\n${contents.join('\n')}\n\n${parts.join('\n')}`;
}

function operatorText({ operator, inputs, outputs, late, guarantee, demand }: Tried): string {
  const { name, meaning, source, example } = operator;
  const { emits, keeps } = nodeTraits({ kind: kindOf(name) });
  const times = TIMES_OF[name] ?? TIMES[emits];
  const picture = drawn({ inputs, outputs, emits: times.drawn });
  const facts = [
    ['Emits, micro-batch', times.microBatch],
    ['Emits, record', times.record],
    ['Keeps', KEEPS[keeps]],
    ['Guarantee', guarantee === 'exactly-once' ? 'any, up to exactly-once' : `up to ${guarantee}`],
    ...(demand === undefined ? [] : [['`compare`, of several partitions', demand]]),
    ['In Spark', source.startsWith('Spark') ? source.replace(/^Spark (?:Streaming, )?/, '') : 'no name of its own'],
    ['In Storm', STORM_NAMES[name] ?? 'no name of its own'],
    ...(source === '' || source.startsWith('Spark') ? [] : [['From', source]]),
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

/** The kind of node that an operator makes: its name, but for ends of streams and for what is an output of another's node. */
function kindOf(name: string): Node['kind'] {
  if (name === 'stateSnapshots' || name === 'stateQuery') return 'mapWithState';
  return ['to', 'print', 'foreachBatch', 'saveAsTextFiles'].includes(name) ? 'sink' : (name as Node['kind']);
}
