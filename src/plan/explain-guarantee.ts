/** Explains the guarantee of a job: what each part allows, which is the weakest, and what holds after each kind of fault. */
import type { Graph } from '../topology/graph.js';
import { GUARANTEES } from '../topology/specs.js';
import { type AckOn, ackedOn, afterFaults, type Held, type RecordSetup } from './after-faults.js';
import { rule, sideBySide, wrap } from './columns.js';
import { type GuaranteeLink, guaranteeChain, strongestOf } from './guarantee.js';

/** The lines, up to `width` wide. */
export function guaranteeLines(graph: Graph, setup: RecordSetup, width: number): readonly string[] {
  return [...chainLines(graph, setup, width), '', ...faultLines(graph, setup, width)];
}

function chainLines(graph: Graph, { acking }: RecordSetup, width: number): readonly string[] {
  const asked = graph.settings.guarantee;
  const chain = guaranteeChain(graph);
  const strongest = strongestOf(chain);
  const holds = GUARANTEES.indexOf(asked) <= GUARANTEES.indexOf(strongest);
  const isLostInRecordMode = holds && !acking && asked !== 'at-most-once';
  const answer = isLostInRecordMode ? 'and holds as micro-batches only' : holds ? 'and holds' : 'and CANNOT hold';
  const links = withOperators(chain);
  const nameWidth = Math.max('weakest'.length, ...links.map((link) => link.name.length));
  const line = (name: string, gives: string, why: string): readonly string[] =>
    wrap(`  ${name.padEnd(nameWidth)}  ${gives.padEnd(13)}  ${why}`, width, nameWidth + 19);
  const weakest = links.filter((link) => link.strongest === strongest).map(({ name }) => name);
  const isBounded = strongest !== 'exactly-once';
  return [
    `guarantee: ${asked} is asked, ${answer}; source x operators x sinks give ${strongest}`,
    ...links.flatMap((link) => line(link.name, link.strongest, link.why)),
    ...(isBounded
      ? line(
          'weakest',
          strongest,
          `${weakest.join(', ')}: ${weakest.length === 1 ? 'it allows' : 'they allow'} no more`,
        )
      : []),
    ...(asked === 'at-most-once' ? [`  ${AT_MOST_ONCE}`] : []),
    ...(!acking && asked !== 'at-most-once'
      ? ['  record mode without acking gives at-most-once, whatever the chain could give']
      : []),
  ];
}

const AT_MOST_ONCE = 'at-most-once: a batch is committed before it is processed, and tuples are not tracked';

/** What stands between sources and sinks, in its place. Bolts are links of their own. */
function withOperators(chain: readonly GuaranteeLink[]): readonly Omit<GuaranteeLink, 'node'>[] {
  if (chain.some((link) => link.name.startsWith('bolt '))) return chain;
  const firstSink = chain.findIndex((link) => link.name.startsWith('sink '));
  return chain.toSpliced(firstSink < 0 ? chain.length : firstSink, 0, {
    node: -1,
    name: 'operators',
    strongest: 'exactly-once',
    why: 'their state is restored with the batch or the checkpoint',
  });
}

function faultLines(graph: Graph, setup: RecordSetup, width: number): readonly string[] {
  const column = Math.floor((width - 3) / 2);
  const rows = afterFaults(graph, setup).flatMap(({ fault, microBatch, record }) => [
    rule(column),
    fault,
    ...sideBySide([shown(microBatch)], [shown(record)], column),
  ]);
  return [
    ...sideBySide(['AFTER A FAULT, as micro-batches'], ['record at a time'], column),
    ...rows,
    ...ackOnLines(graph, setup).flatMap((line) => wrap(line, width)),
  ];
}

function shown({ holds, how }: Held): string {
  switch (holds) {
    case 'anew':
    case 'no':
      return `  ${how}`;
    default:
      return `  ${holds}: ${how}`;
  }
}

function ackOnLines(graph: Graph, setup: RecordSetup): readonly string[] {
  if (!setup.acking || graph.settings.guarantee === 'at-most-once') return [];
  return ['', `ackOn ${ackedOn(graph, setup)}: ${HEARD[ackedOn(graph, setup)]}`];
}

const HEARD: Readonly<Record<AckOn, string>> = {
  checkpoint: 'where checkpoints are taken, sources and spouts hear that a record is done when one holds it',
  update: 'sources and spouts hear that a record is done when it is processed',
  expiry: 'sources and spouts hear that a record is done when the windows that it is in have closed',
};
