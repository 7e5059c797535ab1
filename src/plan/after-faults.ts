/** What becomes of each record's effect after a fault, in both modes: told from the parts of a job and from how it is run. */
import type { Graph, Node } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import type { Guarantee, SourceCapabilities } from '../topology/specs.js';

/** When sources and spouts hear that a record is done: the option `ackOn` of record mode. */
export type AckOn = 'checkpoint' | 'update' | 'expiry';

/** How record mode is set up. */
export interface RecordSetup {
  readonly acking: boolean;
  /** Default: as the job needs it. */
  readonly ackOn?: AckOn | undefined;
}

/** What holds in one mode. `anew`: nothing was kept, and the job begins again. `no`: the mode does not run such jobs. */
export interface Held {
  readonly holds: Guarantee | 'anew' | 'no';
  readonly how: string;
}

/** One kind of fault. */
export interface AfterFault {
  readonly fault: string;
  readonly microBatch: Held;
  readonly record: Held;
}

/** Every kind of fault that a job may meet, for the guarantee that it asks for. */
export function afterFaults(graph: Graph, setup: RecordSetup): readonly AfterFault[] {
  const job = traitsOf(graph, setup);
  const row = (fault: string, microBatch: Held, record: Held): AfterFault => ({ fault, microBatch, record });
  return [
    row('a function throws, or a tuple is lost', thrownInBatches(job), thrownInRecords(job)),
    row('a worker is lost (--workers)', workerOfBatches(job), workerOfRecords(job)),
    row('the driver is lost, without --checkpoint', anew(job), anew(job)),
    row('the driver is lost, with --checkpoint', driverOfBatches(job), driverOfRecords(job)),
  ];
}

/** When sources and spouts hear that a record is done, in a run with checkpoints. As `survivalOf` in `executors/record`. */
export function ackedOn(graph: Graph, { ackOn }: Pick<RecordSetup, 'ackOn'>): AckOn {
  if (ackOn !== undefined) return ackOn;
  if (graph.settings.guarantee === 'exactly-once') return 'checkpoint';
  return graph.nodes.some(holdsTuples) ? 'update' : 'checkpoint';
}

interface Traits {
  readonly asked: Guarantee;
  readonly acking: boolean;
  readonly ackOn: AckOn;
  readonly isStateful: boolean;
  readonly hasSpouts: boolean;
  /** Bolts that keep what they know to themselves. */
  readonly hasBolts: boolean;
  /** Some of them have windows, which are in a state as micro-batches. */
  readonly hasWindows: boolean;
  /** Sources that cannot be read again; and those of them that do not wait for an answer either. */
  readonly hasReadOnce: boolean;
  readonly hasLiveSources: boolean;
}

function traitsOf(graph: Graph, setup: RecordSetup): Traits {
  const { nodes, settings } = graph;
  const hasSpouts = nodes.some(({ kind }) => kind === 'spout');
  const forgetful = nodes.filter((node) => node.kind === 'bolt').filter(({ keepsState }) => keepsState !== true);
  return {
    asked: settings.guarantee,
    acking: setup.acking && settings.guarantee !== 'at-most-once',
    ackOn: ackedOn(graph, setup),
    isStateful: nodes.some(isStateful),
    hasSpouts,
    hasBolts: forgetful.length > 0,
    hasWindows: forgetful.some(({ windows }) => windows !== undefined),
    hasReadOnce: nodes.some((node) => node.kind === 'source' && !node.spec.capabilities.replayable),
    hasLiveSources: nodes.some((node) => node.kind === 'source' && isLive(node.spec.capabilities)),
  };
}

/** What is on its way to the log has nobody who gives it again. */
function isLive({ replayable, acknowledged }: SourceCapabilities): boolean {
  return !replayable && acknowledged !== true;
}

/** State that a checkpoint holds: also what an interval sink gathers, and how far event time got. */
function isStateful(node: Node): boolean {
  if (node.kind === 'sink') return node.spec.capabilities.delivery === 'interval';
  return nodeTraits(node).keeps !== 'nothing';
}

function holdsTuples(node: Node): boolean {
  return node.kind === 'bolt' && node.holdsTuples;
}

function thrownInBatches({ asked, hasSpouts, hasBolts }: Traits): Held {
  if (asked === 'at-most-once') return { holds: 'at-most-once', how: 'there is one attempt; then onError decides' };
  const again = 'its task runs again on the same records';
  if (!hasSpouts && !hasBolts) return { holds: 'exactly-once', how: `${again}; a failed attempt leaves no trace` };
  const left = [
    ...(hasBolts ? ['what a bolt remembers by itself is not taken back'] : []),
    ...(hasSpouts ? ['what a bolt gives up in the end its spout may emit again'] : []),
  ];
  return { holds: 'at-least-once', how: [again, ...left].join('; ') };
}

function thrownInRecords({ asked, acking, isStateful, hasBolts }: Traits): Held {
  if (!acking) return { holds: 'at-most-once', how: 'nothing is replayed; onError decides about what throws' };
  if (asked === 'exactly-once')
    return {
      holds: 'exactly-once',
      how: 'all tasks go back to the last checkpoint, in memory or in the folder; what was not committed is not seen',
    };
  const twice = isStateful || hasBolts ? 'state and results' : 'results';
  return { holds: 'at-least-once', how: `its tuple tree is replayed: ${twice} may have it twice` };
}

function workerOfBatches({ asked, hasBolts, hasWindows }: Traits): Held {
  const how = 'its tasks only are made again: state of the last snapshot, inputs since; no result is taken twice';
  if (!hasBolts) return { holds: 'exactly-once', how };
  const bolts = `${beginEmpty(hasWindows)}, and execute again what was under way`;
  return { holds: asked === 'at-most-once' ? 'at-most-once' : 'at-least-once', how: `${how}; ${bolts}` };
}

function workerOfRecords(job: Traits): Held {
  if (!job.acking) return { holds: 'at-most-once', how: 'its tasks come back empty, and what was under way is lost' };
  if (job.asked === 'exactly-once')
    return {
      holds: 'exactly-once',
      how: 'all tasks and sources go back to the last checkpoint; what was not committed is not seen',
    };
  if (job.ackOn === 'expiry')
    return {
      holds: 'at-least-once',
      how: 'all tasks begin empty, and sources go back to the oldest record of an open window; results of closed windows do not come again',
    };
  if (job.ackOn === 'checkpoint' && job.isStateful)
    return {
      holds: 'at-least-once',
      how: 'all tasks and sources go back to the last checkpoint; results since then come again',
    };
  if (job.isStateful || job.hasBolts)
    return {
      holds: 'at-least-once',
      how: `open tuple trees are replayed; ${oldState(job)} of its tasks ${job.isStateful ? 'is that of the last checkpoint' : 'is gone'}`,
    };
  return { holds: 'at-least-once', how: 'open tuple trees are replayed: results may come twice' };
}

/** Bolts keep what they know to themselves: no checkpoint has it. */
function oldState({ isStateful, hasBolts }: Traits): string {
  if (!hasBolts) return 'the state';
  return isStateful ? 'the state (bolts: nothing)' : 'what the bolts knew';
}

/** Both modes write down what they receive before it counts. */
const LIVE = 'live input is safe once its block is in the log, and what is on its way then is lost';

function anew({ asked, hasReadOnce, hasSpouts }: Traits): Held {
  const input = hasReadOnce || hasSpouts ? 'what was read from live sources is lost' : 'all input is read again';
  const results = asked === 'at-most-once' ? ', results of before may come a second time' : ', all results come again';
  return { holds: 'anew', how: `the same command begins anew: ${input}${hasReadOnce || hasSpouts ? '' : results}` };
}

function driverOfBatches({ asked, hasLiveSources, hasSpouts, hasBolts, hasWindows }: Traits): Held {
  if (asked === 'at-most-once')
    return { holds: 'at-most-once', how: 'batches that were logged are not run again: what was in them is lost' };
  const lost = lostWithDriver({ hasLiveSources, hasSpouts, hasBolts, hasWindows });
  const live = lost.length === 0 ? '' : `; ${lost.join('; ')}`;
  if (asked === 'exactly-once')
    return {
      holds: 'exactly-once',
      how: `batches since the last checkpoint run again with the same records; of those that were committed nothing comes again${live}`,
    };
  return {
    holds: 'at-least-once',
    how: `batches since the last checkpoint run again with the same records: their results come again${live}`,
  };
}

function driverOfRecords(job: Traits): Held {
  if (job.asked === 'at-most-once')
    return { holds: 'at-most-once', how: 'sources go on behind what may have been handed out; state begins empty' };
  if (!job.acking) return { holds: 'anew', how: 'without acking there are no checkpoints: the job begins anew' };
  if (job.ackOn === 'expiry') return { holds: 'no', how: 'refused: ackOn expiry takes no checkpoints' };
  if (job.asked === 'exactly-once')
    return {
      holds: 'exactly-once',
      how: 'sources and state go on from the last checkpoint; what was not committed is not seen',
    };
  const how = 'sources and state go on from the last checkpoint: results since then come again';
  return { holds: 'at-least-once', how: [how, ...lostWithDriver({ ...job, hasWindows: false })].join('; ') };
}

function lostWithDriver(
  job: Pick<Traits, 'hasLiveSources' | 'hasSpouts' | 'hasBolts' | 'hasWindows'>,
): readonly string[] {
  return [
    ...(job.hasLiveSources ? [LIVE] : []),
    ...(job.hasSpouts ? ['a spout must emit by itself what it heard no ack of'] : []),
    ...(job.hasBolts ? [beginEmpty(job.hasWindows)] : []),
  ];
}

/** Bolts that keep what they know to themselves; as micro-batches their windows are in a state. */
function beginEmpty(hasWindows: boolean): string {
  return hasWindows ? 'bolts begin empty, but for their windows' : 'bolts begin empty';
}
