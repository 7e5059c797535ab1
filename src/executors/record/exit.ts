/** Exits: where a task's chain writes into the edges of one reading stage. */
import type { RecordContext } from '../../kernels/kernel.js';
import { type GroupingParts, pushBy } from '../grouping.js';
import type { Link } from '../link.js';
import type { Anchors } from './anchors.js';
import type { Edge } from './edge.js';

/** What an exit needs from its task. */
export interface ExitParts extends Omit<GroupingParts, 'tasks'> {
  /** One edge for each task of the reading stage. */
  readonly edges: readonly Edge[];
  readonly context: RecordContext;
  readonly anchors: Anchors;
  /** False when a fault plan loses this record on its way; undefined in a run without faults. */
  readonly passes: (() => boolean) | undefined;
  /** What no tree tracks may be lost too. Not where a kernel gives it since stream time went on: it could not be given again. */
  readonly losesUntracked: boolean;
}

/** The link into the edges. */
export function exitLink(parts: ExitParts): Link {
  const { edges } = parts;
  return {
    push: pushBy({ ...parts, tasks: edges.length }, writer(parts)),
    advance: (watermark) => {
      for (const edge of edges) edge.watermark(watermark);
    },
    end: (finalWatermark, highest) => {
      for (const edge of edges) edge.end(finalWatermark, highest);
    },
  };
}

/** Writes one record with the anchors of the record at hand. Called for every record on every edge: no allocation. */
function writer(parts: ExitParts): (task: number, value: unknown) => void {
  const { context, anchors, passes, losesUntracked, edges } = parts;
  const withIds = edges[0]?.ring.recordIds !== undefined;
  return (task, value) => {
    const edge = edges[task]!;
    anchors.draw();
    // Also of what is lost on its way: what comes behind it keeps its number when all comes again.
    const id = withIds ? context.identity?.next() : undefined;
    if (passes !== undefined && (losesUntracked || anchors.outRoot >= 0) && !passes()) return;
    const at = edge.claim();
    const { values, times, ids, extras, recordIds } = edge.ring;
    values[at] = value;
    times[2 * at] = context.timestamp;
    times[2 * at + 1] = context.windowEnd;
    if (recordIds !== undefined) recordIds[at] = id;
    const place = 4 * at;
    ids[place] = anchors.outRoot;
    if (anchors.outRoot < 0) return;
    ids[place + 1] = anchors.outGeneration;
    ids[place + 2] = anchors.outHigh;
    ids[place + 3] = anchors.outLow;
    if (extras !== undefined) extras[at] = anchors.outExtra;
  };
}
