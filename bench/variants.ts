/** All variants by name, and the groups in which they are compared. */
import type { Variant } from './measurement.js';
import { GROWTHS, OPERATORS } from './operators.js';
import * as acker from './variants/acker.js';
import { checkpoint } from './variants/checkpoint.js';
import { microBatchUnder, recordUnder } from './variants/guarantees.js';
import { microBatchHeap, recordHeap } from './variants/heap.js';
import { halfRateLatency } from './variants/latency.js';
import * as nulls from './variants/null-operators.js';
import { restarts } from './variants/restart.js';
import * as spoutBolt from './variants/spout-bolt.js';
import { stateUpdates } from './variants/state.js';
import { twoThreadsByHand } from './variants/two-threads-by-hand.js';
import { windowSlide } from './variants/window-slide.js';
import * as wordCount from './variants/word-count.js';
import * as byHand from './variants/word-count-by-hand.js';
import * as workers from './variants/workers.js';
import * as log from './variants/write-ahead-log.js';

/** Variants of one job: they run in the same rounds, and their checksums must agree. */
export interface Group {
  readonly name: string;
  /** One unit of the work that is counted. */
  readonly unit: string;
  /** False: each variant does something else, and only its own rounds must agree. */
  readonly isOneJob: boolean;
  /** The name by which groups that belong together can be asked for. */
  readonly family?: string;
  /** It takes long, and is left out unless it is asked for. */
  readonly isOnlyWhenNamed?: true;
  readonly variants: Readonly<Record<string, Variant>>;
}

const OPERATORS_FAMILY = { unit: 'record', family: 'operators', isOnlyWhenNamed: true } as const;

export const GROUPS: readonly Group[] = [
  {
    name: 'word-count',
    unit: 'line',
    isOneJob: true,
    variants: {
      'hand-loop': byHand.handLoop,
      'rx-subjects': byHand.rxSubjects,
      'rx-pipe': byHand.rxPipe,
      'array-batch': byHand.arrayBatch,
      'combine-loop': byHand.combineLoop,
      'micro-batch': wordCount.microBatch,
      'micro-batch-combine': wordCount.microBatchCombine,
      'micro-batch-running': wordCount.microBatchRunning,
      'micro-batch-update-state': wordCount.microBatchUpdateState,
      record: wordCount.recordWithoutAcking,
      'record-running': wordCount.recordRunning,
      'record-acking': wordCount.recordWithAcking,
      'record-rings': wordCount.recordRingsWithoutAcking,
      'record-rings-acking': wordCount.recordRingsWithAcking,
    },
  },
  {
    name: 'null-operators',
    unit: 'root',
    isOneJob: true,
    variants: {
      'null-rx-subjects': nulls.rxSubjects,
      'null-record': nulls.recordWithoutAcking,
      'null-record-acking': nulls.recordWithAcking,
      'null-record-rings': nulls.recordRingsWithoutAcking,
      'null-record-rings-acking': nulls.recordRingsWithAcking,
    },
  },
  {
    name: 'spout-bolt',
    unit: 'tuple',
    isOneJob: true,
    variants: { 'spout-bolt': spoutBolt.withoutAcking, 'spout-bolt-acking': spoutBolt.withAcking },
  },
  {
    name: 'acker',
    unit: 'edge',
    isOneJob: true,
    variants: { 'acker-slab': acker.slabAcker, 'acker-bigint': acker.bigIntAcker },
  },
  {
    name: 'window-slide',
    unit: 'slide',
    isOneJob: false,
    variants: {
      'window-4': windowSlide(4, 'no inverse'),
      'window-16': windowSlide(16, 'no inverse'),
      'window-64': windowSlide(64, 'no inverse'),
      'window-inverse-4': windowSlide(4, 'inverse'),
      'window-inverse-16': windowSlide(16, 'inverse'),
      'window-inverse-64': windowSlide(64, 'inverse'),
    },
  },
  {
    name: 'write-ahead-log',
    unit: 'line',
    isOneJob: true,
    variants: {
      'log-none': log.withoutLog,
      'log-overlapped': log.overlappedLog,
      'log-synced': log.syncedLog,
      'log-and-snapshots': log.logAndSnapshots,
      'journal-none': log.withoutJournal,
      journal: log.withJournal,
    },
  },
  { name: 'checkpoint', unit: 'key', isOneJob: true, variants: { checkpoint } },
  {
    name: 'state',
    unit: 'update',
    isOneJob: true,
    variants: {
      'state-memory-few': stateUpdates('memory', 'few'),
      'state-lmdb-few': stateUpdates('lmdb', 'few'),
      'state-memory-many': stateUpdates('memory', 'many'),
      'state-lmdb-many': stateUpdates('lmdb', 'many'),
    },
  },
  {
    name: 'workers-merged',
    unit: 'line',
    isOneJob: true,
    family: 'workers',
    variants: {
      'hand-loop-one-thread': fiveTimes(byHand.handLoop),
      'hand-loop-two-threads': fiveTimes(twoThreadsByHand),
      'one-partition': fiveTimes(workers.onePartition),
      'round-robin-thread': fiveTimes(workers.roundRobin('thread')),
      'round-robin-workers': fiveTimes(workers.roundRobin('workers')),
    },
  },
  {
    name: 'workers-keyed',
    unit: 'line',
    isOneJob: true,
    family: 'workers',
    variants: {
      'keyed-thread': fiveTimes(workers.keyed('micro-batch', 'thread')),
      'keyed-workers': fiveTimes(workers.keyed('micro-batch', 'workers')),
      'keyed-record-thread': fiveTimes(workers.keyed('record', 'thread')),
      'keyed-record-workers': fiveTimes(workers.keyed('record', 'workers')),
    },
  },
  {
    name: 'guarantees',
    unit: 'line',
    isOneJob: true,
    variants: {
      'micro-batch-at-least-once': microBatchUnder('at-least-once'),
      'micro-batch-exactly-once': microBatchUnder('exactly-once'),
      'record-at-least-once': recordUnder('at-least-once'),
      'record-exactly-once': recordUnder('exactly-once'),
    },
  },
  { name: 'latency', unit: 'line', isOneJob: false, variants: { latency: halfRateLatency } },
  {
    name: 'heap',
    unit: 'record',
    isOneJob: false,
    variants: { 'heap-record': recordHeap, 'heap-micro-batch': microBatchHeap },
  },
  {
    name: 'restart',
    unit: 'restart',
    isOneJob: true,
    family: 'restart',
    isOnlyWhenNamed: true,
    variants: { 'restart-micro-batch': restarts('micro-batch'), 'restart-record': restarts('record') },
  },
  ...OPERATORS.map((operator) => ({ ...operator, ...OPERATORS_FAMILY, isOneJob: true })),
  { ...OPERATORS_FAMILY, name: 'operators-growth', isOneJob: false, variants: GROWTHS },
];

/** The variant of that name. */
export function variantNamed(name: string): Variant | undefined {
  for (const { variants } of GROUPS) if (Object.hasOwn(variants, name)) return variants[name];
  return undefined;
}

/** So many lines that what each thread does once, to load and to compile, is as little of the whole as in a job that runs for longer than seconds. */
function fiveTimes(variant: Variant): Variant {
  return ({ lines, seed }) => variant({ lines: 5 * lines, seed });
}
