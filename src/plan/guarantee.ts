/** Guarantees: what source x operators x sinks can give together, and which part falls short of what was asked. */
import { StreamError } from '../core/errors.js';
import type { BoltNode, Graph, Node } from '../topology/graph.js';
import { GUARANTEES, type Guarantee, type SourceSpec } from '../topology/specs.js';

/** One part of the chain, with the strongest guarantee that it allows and why. */
export interface GuaranteeLink {
  readonly node: number;
  readonly name: string;
  readonly strongest: Guarantee;
  readonly why: string;
}

/** What each part allows. The job can have at most the weakest of them. */
export function guaranteeChain(graph: Graph): readonly GuaranteeLink[] {
  return graph.nodes.flatMap((node) => {
    const link = linkOf(node);
    return link === undefined ? [] : [{ node: node.id, ...link }];
  });
}

/** The strongest guarantee of a whole chain. */
export function strongestOf(chain: readonly GuaranteeLink[]): Guarantee {
  return GUARANTEES[Math.min(GUARANTEES.length - 1, ...chain.map((link) => GUARANTEES.indexOf(link.strongest)))]!;
}

function linkOf(node: Node): Omit<GuaranteeLink, 'node'> | undefined {
  switch (node.kind) {
    case 'source':
      return { name: `source ${node.name}`, ...linkOfSource(node.spec) };
    case 'spout':
      return {
        name: `spout ${node.name}`,
        strongest: 'at-least-once',
        why: 'a user-written spout replays by itself, and has no offset to rewind to',
      };
    case 'bolt':
      return { name: `bolt ${node.name}`, ...linkOfBolt(node) };
    case 'sink': {
      const { kind, capabilities } = node.spec;
      const strongest = capabilities.guarantee;
      return { name: `sink ${node.name}`, strongest, why: whyOfSink(kind, strongest) };
    }
    default:
      return undefined;
  }
}

/** What a bolt knows must be restored, and no tuple may be half done when it is saved. */
function linkOfBolt({ keepsState = false, holdsTuples }: BoltNode): Pick<GuaranteeLink, 'strongest' | 'why'> {
  if (holdsTuples) return { strongest: 'at-least-once', why: 'it holds tuples, so a checkpoint finds it half done' };
  if (!keepsState) return { strongest: 'at-least-once', why: 'a bolt has no snapshot and restore' };
  return { strongest: 'exactly-once', why: 'what it keeps in its state is restored' };
}

/** From its block in the log on each record counts exactly once. Before, only a source that waits for an answer still has it. */
function linkOfSource({
  kind,
  capabilities,
}: Pick<SourceSpec<unknown>, 'kind' | 'capabilities'>): Pick<GuaranteeLink, 'strongest' | 'why'> {
  if (capabilities.replayable) return { strongest: 'exactly-once', why: `${kind} can be read again from an offset` };
  if (capabilities.acknowledged === true)
    return {
      strongest: 'exactly-once',
      why: `${kind} keeps what it gave until it is durable: with --checkpoint that is when its block is in the log`,
    };
  return { strongest: 'at-least-once', why: whyReadOnce(kind) };
}

function whyReadOnce(kind: string): string {
  if (kind === 'http')
    return 'http cannot be read again; its clients send again what they got no receipt or answer for';
  return `${kind} cannot be read again: with --checkpoint what was received is logged before it counts; what is still on its way then is lost with the driver`;
}

function whyOfSink(kind: string, strongest: Guarantee): string {
  if (strongest !== 'exactly-once') return `${kind} cannot take a result back when it is given again`;
  switch (kind) {
    case 'text-file':
      return 'text-file shows the files of an epoch when it is committed';
    case 'memory':
      return 'memory shows the results of an epoch when it is committed, and lives as long as the process';
    case 'kafka':
      return 'kafka commits an epoch and its number in one transaction';
    case 'none':
      return 'none drops results, so that none is there twice';
    default:
      return `${kind} shows each interval or result once`;
  }
}

/** A problem for each part that cannot keep the guarantee that the job declares. */
export function guaranteeProblems(graph: Graph): StreamError[] {
  const asked = graph.settings.guarantee;
  return guaranteeChain(graph).flatMap((link) => {
    if (GUARANTEES.indexOf(link.strongest) >= GUARANTEES.indexOf(asked)) return [];
    const place = graph.nodes[link.node]?.place;
    return [
      new StreamError(
        'RG017',
        `${asked} cannot hold: ${link.name} is at most ${link.strongest} (${link.why})`,
        remedy(link),
        { place },
      ),
    ];
  });
}

function remedy(link: GuaranteeLink): string {
  if (link.name.startsWith('sink'))
    return `ask for ${link.strongest}, or write to textFile(…) or memory(), which commit by epoch`;
  if (link.name.startsWith('source'))
    return `ask for ${link.strongest}, or read from textFile(…) or generator(…), which can be read again`;
  if (link.name.startsWith('bolt'))
    return `ask for ${link.strongest}, or keep what it knows in its state, with t.setStatefulBolt(…), and ack within execute`;
  return `ask for ${link.strongest}, or use t.source(…) and the operators of streams, which keep state that can be restored`;
}
