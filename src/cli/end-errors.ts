/** Gives an error of a source or sink its place: the flag that named it, else its line in the job. */
import { type ErrorCode, StreamError } from '../core/errors.js';
import type { Graph, SinkNode, SourceNode } from '../topology/graph.js';
import { withEnds } from '../topology/with-ends.js';
import type { Ends } from './ends.js';
import type { JobFlags } from './flags.js';
import { UsageError } from './usage-error.js';

/** What connectors report about files, connections and their contents. */
const CODES: readonly ErrorCode[] = [
  'RG006',
  'RG040',
  'RG041',
  'RG042',
  'RG043',
  'RG044',
  'RG045',
  'RG046',
  'RG048',
  'RG050',
];

/** The same error with a place, when it is one of a connector that has none. */
export function placedAtEnd(
  error: unknown,
  graph: Graph,
  flags: Pick<JobFlags, 'source' | 'sink'>,
  ends: Ends,
): unknown {
  if (!(error instanceof StreamError) || error.place !== undefined || !CODES.includes(error.code)) return error;
  const node = endOf(error.message, withEnds({ graph, functions: new Map() }, ends).graph);
  if (node === undefined) return error;
  const { code, message, hint, cause } = error;
  const uri = (node.kind === 'source' ? flags.source : flags.sink)?.[node.name];
  if (uri !== undefined) return new UsageError(code, message, hint, `${node.name}=${uri}`);
  return new StreamError(code, message, hint, { place: node.place, cause });
}

/** The end that a message is about: it quotes a path of it, names its host and port, or its name. */
function endOf(message: string, graph: Graph): SourceNode | SinkNode | undefined {
  const ends = graph.nodes.filter((node) => node.kind === 'source' || node.kind === 'sink');
  return ends.find(({ name, spec: { options } }) => {
    const { host, port } = options;
    const texts = Object.values(options)
      .flat()
      .filter((value) => typeof value === 'string');
    const isQuoted = [name, ...texts].some((text) => message.includes(`'${text}'`));
    return isQuoted || (host !== undefined && message.includes(`${String(host)}:${String(port)}`));
  });
}
