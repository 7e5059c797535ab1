/** Cuts a source partition's share of a batch to what one attempt of a task takes. */
import { kindTraits } from '../../plan/kinds.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import { Block } from '../../runtime/source.js';

/** What a job's first attempts take, and what one takes that gives ten results for each record. */
const RECORDS_AT_FIRST = 2_000;
const RECORDS_MIN = 200;
const RECORDS_MAX = 10_000;
/** More of them would outlive a collection before their attempt commits (bench `micro-batch-running`). */
const RESULTS_AIMED_AT = 20_000;

/**
 * Cuts what a task of the first stage gets in a batch. All of it is one attempt, so that a cell is journaled once a batch, and for the combine in front of
 * a shuffle. Only where each record gives results, attempts are as long as what they stage dies young: how long that is, the batches before show.
 */
export class Pieces {
  readonly #isCut: boolean;
  #recordsMax = RECORDS_AT_FIRST;
  /** Since they were last measured. */
  #records = 0;
  #results = 0;

  constructor(plan: Plan, stage: Stage) {
    const isShuffled = plan.stages.some((other) => other.inputs.some((input) => input.stage === stage.id));
    this.#isCut = !isShuffled && hasResultsPerRecord(plan, stage);
  }

  of(blocks: readonly Block[]): readonly (readonly Block[])[] {
    if (!this.#isCut || blocks.length === 0) return [blocks];
    if (this.#records > 0) this.#measure();
    return blocks.flatMap((block) => cut(block, this.#recordsMax)).map((block) => [block]);
  }

  /** What a piece gave, by sink. */
  gave(records: number, results: Iterable<{ readonly length: number }>): void {
    if (!this.#isCut) return;
    this.#records += records;
    for (const { length } of results) this.#results += length;
  }

  #measure(): void {
    const max = Math.floor((RESULTS_AIMED_AT * this.#records) / Math.max(this.#results, 1));
    this.#recordsMax = Math.min(Math.max(max, RECORDS_MIN), RECORDS_MAX);
    this.#records = 0;
    this.#results = 0;
  }
}

function hasResultsPerRecord({ operators }: Plan, stage: Stage): boolean {
  const isPerRecord = (operator: CoreOperator): boolean =>
    !kindTraits(operator).isPerInterval &&
    (operator.inputs.length === 0 || operator.inputs.some((input) => isPerRecord(operators[input.operator]!)));
  return stage.operators.some((id) => operators[id]!.kind === 'sink' && isPerRecord(operators[id]!));
}

/** A block as blocks of at most `max` records; heartbeats keep their places, the end stays with the last. */
function cut(block: Block, max: number): readonly Block[] {
  const count = block.values.length;
  if (count <= max) return [block];
  const pieces: Block[] = [];
  for (let from = 0; from < count; from += max) {
    const to = Math.min(from + max, count);
    const piece = new Block();
    piece.firstOffset = block.firstOffset + from;
    piece.values = block.values.slice(from, to);
    piece.timestamps = block.timestamps.subarray(from, to);
    const isLast = to === count;
    const within = block.heartbeats.filter(({ at }) => at >= from && (at < to || isLast));
    piece.heartbeats = within.map(({ at, watermark }) => ({ at: at - from, watermark }));
    piece.ended = isLast && block.ended;
    pieces.push(piece);
  }
  return pieces;
}
