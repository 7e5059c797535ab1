/** `--source NAME=URI` and `--sink NAME=URI`: specs in place of the topology's, found by name. */

import { StreamError, StreamErrors } from '../core/errors.js';
import { suggest } from '../host/suggest.js';
import type { Graph } from '../topology/graph.js';
import type { SinkSpec, SourceSpec } from '../topology/specs.js';
import { parseSinkUri, parseSourceUri } from '../topology/uri.js';
import type { JobFlags } from './flags.js';
import { UsageError } from './usage-error.js';

/** Specs by the names of the ends that they replace. */
export interface Ends {
  readonly sources: Readonly<Record<string, SourceSpec<unknown>>>;
  readonly sinks: Readonly<Record<string, SinkSpec<never>>>;
}

/** Reads the ends that the flags name. @throws StreamErrors with `RG005` for a name that the job lacks, `RG006` for a URI. */
export function readEnds(graph: Graph, flags: Pick<JobFlags, 'source' | 'sink'>): Ends {
  const problems: StreamError[] = [];
  const sources = readAll('source', graph, flags.source ?? {}, parseSourceUri, problems);
  const sinks = readAll('sink', graph, flags.sink ?? {}, parseSinkUri, problems);
  if (problems.length > 0) throw new StreamErrors(problems);
  return { sources, sinks };
}

function readAll<S>(
  kind: 'source' | 'sink',
  graph: Graph,
  uris: Readonly<Record<string, string>>,
  parse: (uri: string) => S,
  problems: StreamError[],
): Readonly<Record<string, S>> {
  const names = graph.nodes.flatMap((node) => (node.kind === kind ? [node.name] : []));
  const specs: Record<string, S> = {};
  for (const [name, uri] of Object.entries(uris)) {
    const at = `${name}=${uri}`;
    if (!names.includes(name)) {
      problems.push(
        new UsageError(
          'RG005',
          `'${graph.name}' has no ${kind} named '${name}'`,
          suggest(name, names, `its ${kind}s`),
          at,
        ),
      );
      continue;
    }
    try {
      specs[name] = parse(uri);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      problems.push(new UsageError(error.code, `--${kind} ${name}: ${error.message}`, error.hint, at));
    }
  }
  return specs;
}
