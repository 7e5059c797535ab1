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
  tracedCombiner,
  tracedFlatMap,
  tracedFlatMapValues,
  tracedInverse,
  tracedKeyBy,
  tracedMap,
  tracedMapAsync,
  tracedMapValues,
  tracedMapValuesAsync,
  tracedRecordCombiner,
  tracedRecordInverse,
  tracedRecordReduce,
  tracedReduce,
  tracedStates,
  tracedUpdate,
} from './traced-functions.js';
import { type GroupRewriting, rewriteGroup } from './traced-groups.js';
import { tracedMapWithState, tracedOnRecord, tracedOnTimer } from './traced-process.js';

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
  const decorated: Node[] = nodes.map(renamed);
  for (const node of nodes) {
    const put = (id: number, suffix: string, parts: object, roles: Readonly<Record<string, unknown>>): void => {
      decorated[id] = { ...parts, id, uid: `${node.uid}${suffix}`, place: node.place } as Node;
      for (const [role, value] of Object.entries(roles)) functions.set(functionId(id, role), value);
    };
    const rewriting: Parameters<typeof rewriteCountByValue>[1] & GroupRewriting = {
      add(suffix: string, parts: object, roles: Readonly<Record<string, unknown>>) {
        const id = decorated.length;
        put(id, suffix, parts, roles);
        return { node: id, output: 'default' };
      },
      last: (suffix: string, parts: object, roles: Readonly<Record<string, unknown>>) =>
        put(node.id, suffix, parts, roles),
      user: (role) => job.functions.get(functionId(node.id, role)),
    };
    if (isCount(node)) {
      const slide = slides[node.id]! as typeof settings.batchInterval;
      if (node.kind.startsWith('countByValue')) rewriteCountByValue(node, rewriting);
      else rewriteCount(node, { window: 'window' in node ? node.window : slide, slide }, rewriting);
    } else if (!rewriteGroup(node, rewriting)) decorateFunctions(node, functions);
  }
  // New nodes were appended, and stand now behind who reads them.
  const ordered = inOrder({ nodes: decorated, functions });
  return { graph: { ...job.graph, nodes: ordered.nodes }, functions: ordered.functions };
}

/** `keyBy` is a `map`, and a join with a table a `flatMap`, under the same uid. */
function renamed(node: Node): Node {
  switch (node.kind) {
    case 'keyBy':
      return { ...node, kind: 'map' };
    case 'joinTable':
    case 'leftOuterJoinTable':
      return { ...node, kind: 'flatMap' };
    default:
      return node;
  }
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
    case 'mapAsync':
      return decorate('mapAsync', tracedMapAsync);
    case 'mapValuesAsync':
      return decorate('mapValuesAsync', tracedMapValuesAsync);
    case 'peek':
      decorate('peek', lookingAtPlain);
      return decorate('map', tracedMap);
    case 'flatMap':
    case 'joinTable':
    case 'leftOuterJoinTable':
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
    case 'sessionWindow':
      return decorate('reduce', tracedReduce);
    case 'reduce':
    case 'reduceByWindow':
      decorate('reduce', tracedRecordReduce);
      return decorate('inverse', tracedRecordInverse);
    case 'combineByKey':
      decorate('createCombiner', tracedCombiner);
      decorate('mergeValue', tracedReduce);
      return decorate('mergeCombiners', tracedReduce);
    case 'aggregate':
      decorate('createCombiner', tracedRecordCombiner);
      decorate('mergeValue', tracedRecordReduce);
      return decorate('mergeCombiners', tracedRecordReduce);
    case 'reduceByKeyAndWindow':
      decorate('filter', lookingAtPlain);
      decorate('reduce', tracedReduce);
      return decorate('inverse', tracedInverse);
    case 'updateStateByKey':
      decorate('initialState', tracedStates);
      return decorate('update', tracedUpdate);
    case 'mapWithState':
      decorate('initialState', tracedStates);
      return decorate('mapWithState', tracedMapWithState);
    case 'process':
      decorate('onRecord', tracedOnRecord);
      return decorate('onTimer', tracedOnTimer);
    default:
      return;
  }
}
