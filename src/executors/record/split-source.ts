/** A source whose chain runs on a worker: the driver's end of the chain, and how far the records are processed. */
import type { RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator } from '../../plan/plan.js';
import type { Chain } from '../chain.js';
import { NOWHERE } from '../link.js';
import type { Deliveries } from '../watermark-places.js';
import type { Anchors } from './anchors.js';
import type { Edge } from './edge.js';
import { exitLink } from './exit.js';
import type { Progress, WatermarkHold } from './hold.js';
import type { PendingTuples } from './pending.js';

/** What the driver's end is made from. */
export interface SplitChainParts {
  readonly edge: Edge;
  readonly context: RecordContext;
  readonly anchors: Anchors;
  readonly pending: PendingTuples;
  readonly head: CoreOperator;
}

/**
 * In place of the chain: one edge to its task. A record's place in the sequence goes along where the end of its window would stand,
 * since a record that was just read has none; a record that is delivered again has it below zero.
 */
export function splitChain({ edge, context, anchors, pending, head }: SplitChainParts): Chain {
  const exit = exitLink({
    exchange: { kind: 'global' },
    edges: [edge],
    context,
    anchors,
    reader: head,
    shuffleFrom: 0,
    isNear: () => true,
    directTask: () => 0,
    passes: undefined,
    losesUntracked: false,
  });
  const link = {
    ...exit,
    push: (value: unknown): void => {
      context.windowEnd = pending.replaying >= 0 ? -1 - pending.replaying : pending.next - 1;
      exit.push(value);
    },
  };
  return { head: NOWHERE, output: () => link, gates: () => [] };
}

/** In place of the holds of a split chain, which are on the worker: tells it how far the records are processed. */
export class ToldProgress implements Pick<WatermarkHold, 'release' | 'isEmpty' | 'arrived' | 'passed'> {
  /** What is told goes before a barrier. */
  readonly isEmpty = true;
  /** The holds of the worker count. */
  readonly arrived = Number.POSITIVE_INFINITY;
  readonly passed = Number.POSITIVE_INFINITY;
  readonly #pending: PendingTuples;
  readonly #tell: () => void;
  #told = 0;

  constructor(pending: PendingTuples, tell: () => void) {
    this.#pending = pending;
    this.#tell = tell;
  }

  release(): void {
    const { processed } = this.#pending;
    if (processed === this.#told) return;
    this.#told = processed;
    this.#tell();
  }
}

/** The pending tuples of a source as its chain on a worker knows them. */
export class RemoteProgress implements Progress, Deliveries {
  processed = 0;
  next = 0;
  replaying = -1;
  replays = 0;
  readonly window: number;

  constructor(window: number) {
    this.window = window;
  }

  /** The next record is at hand, by its place as `splitChain` sends it. */
  enter(place: number): void {
    if (place >= 0) {
      this.next = place + 1;
      this.replaying = -1;
    } else {
      this.replaying = -1 - place;
      this.replays++;
    }
  }
}
