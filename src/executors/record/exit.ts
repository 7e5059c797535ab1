/** Exits: where a task's chain writes into the edges of one reading stage, by its exchange. */
import { StreamError } from '../../core/errors.js';
import type { RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Exchange } from '../../plan/plan.js';
import type { Link } from '../link.js';
import { taskOf, taskOfPair } from '../task-of-key.js';
import type { Anchors } from './anchors.js';
import type { Edge } from './edge.js';

/** What an exit needs from its task. */
export interface ExitParts {
  readonly exchange: Exchange;
  /** One edge for each task of the reading stage. */
  readonly edges: readonly Edge[];
  readonly context: RecordContext;
  readonly anchors: Anchors;
  /** The operator that reads: it gets the blame for a bad key. */
  readonly reader: CoreOperator;
  /** The first task that a shuffle gives to. */
  readonly shuffleFrom: number;
  /** A task of the reading stage that runs where this one does. */
  readonly isNear: (task: number) => boolean;
  /** For direct groupings: the task that `emitDirect` chose. */
  readonly directTask: () => number;
  /** False when a fault plan loses this record on its way; undefined in a run without faults. */
  readonly passes: (() => boolean) | undefined;
  /** What no tree tracks may be lost too. Not where a kernel gives it since stream time went on: it could not be given again. */
  readonly losesUntracked: boolean;
}

/** The link into the edges. */
export function exitLink(parts: ExitParts): Link {
  const { edges } = parts;
  return {
    push: pushBy(parts),
    advance: (watermark) => {
      for (const edge of edges) edge.watermark(watermark);
    },
    end: (finalWatermark, highest) => {
      for (const edge of edges) edge.end(finalWatermark, highest);
    },
  };
}

function pushBy(parts: ExitParts): Link['push'] {
  const { exchange, edges, reader } = parts;
  const only = edges.length === 1 ? edges[0]! : undefined;
  const write = writer(parts);
  switch (exchange.kind) {
    case 'hash':
      if (only !== undefined) return (value) => write(only, value);
      return (value) => write(edges[taskOfPair(reader, value, edges.length)]!, value);
    case 'fields': {
      if (only !== undefined) return (value) => write(only, value);
      const { fields } = exchange;
      return (value) => {
        const record = value as Readonly<Record<string, unknown>>;
        const key = fields.length === 1 ? record[fields[0]!] : fields.map((field) => record[field]);
        write(edges[taskOf(reader, key, edges.length)]!, value);
      };
    }
    case 'shuffle':
      return inTurn(edges, parts.shuffleFrom, write);
    case 'localOrShuffle': {
      const near = edges.filter((_, task) => parts.isNear(task));
      const chosen = near.length > 0 ? near : edges;
      return inTurn(chosen, parts.shuffleFrom % chosen.length, write);
    }
    case 'all':
      return (value) => {
        for (const edge of edges) write(edge, value);
      };
    case 'global':
      return (value) => write(edges[0]!, value);
    case 'direct':
      return (value) => {
        const task = parts.directTask();
        const edge = edges[task];
        if (edge === undefined) throw noSuchTask(reader, task, edges.length);
        write(edge, value);
      };
  }
}

function inTurn(edges: readonly Edge[], from: number, write: (edge: Edge, value: unknown) => void): Link['push'] {
  let next = from;
  return (value) => {
    next = next + 1 === edges.length ? 0 : next + 1;
    write(edges[next]!, value);
  };
}

function noSuchTask(reader: CoreOperator, task: number, tasks: number): StreamError {
  const message = `emitDirect to task ${task} of '${reader.uid}', whose tasks are 0 to ${tasks - 1}`;
  return new StreamError('RG036', message, 'choose a task below the reader’s parallelism');
}

/** Writes one record with the anchors of the record at hand. Called for every record on every edge: no allocation. */
function writer({ context, anchors, passes, losesUntracked }: ExitParts): (edge: Edge, value: unknown) => void {
  return (edge, value) => {
    anchors.draw();
    if (passes !== undefined && (losesUntracked || anchors.outRoot >= 0) && !passes()) return;
    const at = edge.claim();
    const { values, times, ids, extras } = edge.ring;
    values[at] = value;
    times[2 * at] = context.timestamp;
    times[2 * at + 1] = context.windowEnd;
    const place = 4 * at;
    ids[place] = anchors.outRoot;
    if (anchors.outRoot < 0) return;
    ids[place + 1] = anchors.outGeneration;
    ids[place + 2] = anchors.outHigh;
    ids[place + 3] = anchors.outLow;
    if (extras !== undefined) extras[at] = anchors.outExtra;
  };
}
