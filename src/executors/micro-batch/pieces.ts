/** Cuts a source partition's share of a batch to what one attempt of a task takes. */
import { kindTraits } from '../../plan/kinds.js';
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import { Block } from '../../runtime/source.js';

/** The most records of one attempt of a task that gives results for each record. */
const ATTEMPT_RECORDS_MAX = 2_000;

/**
 * All of it, so that a cell is journaled once a batch, and for the combine in front of a shuffle. Only where each record gives
 * results, attempts are short, so that what they stage dies young: a batch of 10,000 lines in one attempt would cost a third
 * more (bench `micro-batch-running`).
 */
export function piecesOf(plan: Plan, stage: Stage, blocks: readonly Block[]): readonly (readonly Block[])[] {
  const isShuffled = plan.stages.some((other) => other.inputs.some((input) => input.stage === stage.id));
  if (isShuffled || blocks.length === 0 || !hasResultsPerRecord(plan, stage)) return [blocks];
  return blocks.flatMap((block) => cut(block, ATTEMPT_RECORDS_MAX)).map((block) => [block]);
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
