/**
 * Provenance as a decoration of the graph: neither executors, kernels nor the oracle know of it. It imports only what a worker can load
 * too, since a worker must decorate the job that it loads in the same way.
 */
import { slidesOf } from '../../plan/slides.js';
import { functionId, type Node, type Topology } from '../../topology/graph.js';
import { inOrder } from '../../topology/in-order.js';
import { isCount, rewriteCount, rewriteCountByValue } from './traced-counts.js';
import {
  lookingAtPlain,
  tracedFlatMap,
  tracedFlatMapValues,
  tracedInverse,
  tracedKeyBy,
  tracedMap,
  tracedMapValues,
  tracedReduce,
  tracedUpdate,
} from './traced-functions.js';
import { tracedOnRecord, tracedOnTimer } from './traced-process.js';

type Functions = Map<string, unknown>;
type Decorate = (user: never) => unknown;

/**
 * The same job on traced records (`withIds` makes them): every record and every result carries which source records it is made of.
 *
 * 1. User functions get and give plain values; what they give is made of what they got.
 * 2. Pairs stay pairs with plain keys; windows, keys and settings stay, so plain results are the same.
 * 3. Counts become reduces (`traced-counts.ts`), and `keyBy` a `map`, under the same uid.
 *
 * The job must have no spout or bolt: only running them says what a tuple is made of.
 */
export function withProvenance(job: Topology): Topology {
  const { nodes, settings } = job.graph;
  const slides = slidesOf(job.graph);
  const functions: Functions = new Map(job.functions);
  const decorated: Node[] = nodes.map((node) => (node.kind === 'keyBy' ? { ...node, kind: 'map' } : node));
  for (const node of nodes) {
    if (!isCount(node)) {
      decorateFunctions(node, functions);
      continue;
    }
    const put = (id: number, suffix: string, parts: object, roles: Readonly<Record<string, unknown>>): void => {
      decorated[id] = { ...parts, id, uid: `${node.uid}${suffix}`, place: node.place } as Node;
      for (const [role, value] of Object.entries(roles)) functions.set(functionId(id, role), value);
    };
    const rewriting: Parameters<typeof rewriteCountByValue>[1] = {
      add(suffix, parts, roles) {
        const id = decorated.length;
        put(id, suffix, parts, roles);
        return { node: id, output: 'default' };
      },
      last: (suffix, parts, roles) => put(node.id, suffix, parts, roles),
    };
    const slide = slides[node.id]! as typeof settings.batchInterval;
    if (node.kind === 'countByValue') rewriteCountByValue(node, rewriting);
    else rewriteCount(node, { window: 'window' in node ? node.window : slide, slide }, rewriting);
  }
  // New nodes were appended, and stand now behind who reads them.
  const ordered = inOrder({ nodes: decorated, functions });
  return { graph: { ...job.graph, nodes: ordered.nodes }, functions: ordered.functions };
}

function decorateFunctions(node: Node, functions: Functions): void {
  const decorate = (role: string, by: Decorate, newRole = role): void => {
    const user = functions.get(functionId(node.id, role));
    if (user === undefined) return;
    functions.delete(functionId(node.id, role));
    functions.set(functionId(node.id, newRole), by(user as never));
  };
  switch (node.kind) {
    case 'map':
      return decorate('map', tracedMap);
    case 'flatMap':
      return decorate('flatMap', tracedFlatMap);
    case 'filter':
      return decorate('filter', lookingAtPlain);
    case 'keyBy':
      return decorate('keyBy', tracedKeyBy, 'map');
    case 'mapValues':
      return decorate('mapValues', tracedMapValues);
    case 'flatMapValues':
      return decorate('flatMapValues', tracedFlatMapValues);
    case 'branch':
      for (const arm of node.arms) decorate(`arm:${arm}`, lookingAtPlain);
      return;
    case 'timestamps':
      return decorate('extract', lookingAtPlain);
    case 'reduceByKey':
    case 'runningReduce':
      return decorate('reduce', tracedReduce);
    case 'reduceByKeyAndWindow':
      decorate('reduce', tracedReduce);
      return decorate('inverse', tracedInverse);
    case 'updateStateByKey':
      return decorate('update', tracedUpdate);
    case 'process':
      decorate('onRecord', tracedOnRecord);
      return decorate('onTimer', tracedOnTimer);
    default:
      return;
  }
}
