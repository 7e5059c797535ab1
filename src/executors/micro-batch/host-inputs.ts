/** Work as it was sent becomes the input of a task on a worker. It runs nothing. */
import type { Plan } from '../../plan/plan.js';
import { sourceOf } from './batch-runner.js';
import type { TaskInput } from './batch-task.js';
import { InBandInput } from './in-band-input.js';
import { KnownMessages } from './origin-codec.js';
import type { Pieces } from './pieces.js';
import type { PartitionTime } from './progress.js';
import { readable, readableTraced } from './row-codec.js';
import { BlockInput, ShuffleInput } from './task-inputs.js';
import { blocksOf, type TaskId, type TaskWork } from './task-messages.js';

type BlockWork = Extract<TaskWork, { readonly kind: 'blocks' }>;
type ShuffledWork = Exclude<TaskWork, BlockWork>;

/** Piece after piece: each sees the stream time behind the one before, so that it is made when that has run. */
export function blockInputs(plan: Plan, id: TaskId, work: BlockWork, pieces: Pieces): readonly (() => TaskInput)[] {
  const origin = { source: sourceOf(plan, plan.stages[id.stage]!), partition: id.task };
  const time: PartitionTime = { ...work.time };
  return pieces.of(blocksOf(work.blocks)).map((piece) => () => new BlockInput(piece, time, plan.step, origin));
}

export function shuffledInput(plan: Plan, id: TaskId, work: ShuffledWork): ShuffleInput | InBandInput {
  const head = plan.operators[plan.stages[id.stage]!.head]!;
  const origin = { source: head.uid, partition: id.task };
  if (work.kind === 'rows') return new ShuffleInput(work.rows.map(readable), work.news, origin);
  const known = new KnownMessages();
  const rows = work.rows.map((sent) => readableTraced(sent, known));
  return new InBandInput(rows, work.order, origin);
}
