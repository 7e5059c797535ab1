/** Explains a plan: what micro-batch and record mode will do with it, side by side, and which guarantee holds and why. */
import { formatDuration } from '../core/time.js';
import type { Graph } from '../topology/graph.js';
import type { Guarantee } from '../topology/specs.js';
import type { AckOn } from './after-faults.js';
import { plural, rule, sideBySide } from './columns.js';
import { combinesBeforeShuffle, describeGrouping, describeOperator, describeShuffle } from './describe.js';
import { guaranteeLines } from './explain-guarantee.js';
import { idLines } from './explain-ids.js';
import { orderLines } from './explain-order.js';
import { withKeptWindows } from './kept-windows.js';
import { kindTraits } from './kinds.js';
import type { CoreOperator, Plan, Stage, StageInput } from './plan.js';

/** How the record mode is set up, and how wide the text may be. */
export interface ExplainOptions {
  readonly acking?: boolean;
  /** Default: as the job needs it. */
  readonly ackOn?: AckOn;
  /** Columns. Default 100. */
  readonly width?: number;
}

/** The whole text. */
export function explainPlan(graph: Graph, plan: Plan, options: ExplainOptions = {}): string {
  const { acking = true, ackOn, width = 100 } = options;
  const column = Math.floor((width - 3) / 2);
  const rows: (readonly [readonly string[], readonly string[]])[] = [
    [
      ['MICRO-BATCH (as Spark Streaming)', `a job of all stages every ${formatDuration(plan.settings.batchInterval)}`],
      ['RECORD AT A TIME (as Storm)', 'each record goes through all tasks at once'],
    ],
    ...plan.stages.map((stage) => [batchStage(plan, stage), recordStage(plan, stage, acking)] as const),
    [batchEnd(plan), recordEnd(plan, acking)],
  ];
  const body = rows.flatMap(([left, right], index) => [
    ...(index === 0 ? [] : [rule(column)]),
    ...sideBySide(left, right, column),
  ]);
  return `${[headline(plan), '', ...body, '', ...guaranteeLines(graph, { acking, ackOn }, width), ...orderLines(graph, width), ...idLines(plan, width)].join('\n')}\n`;
}

function headline(plan: Plan): string {
  return `${plan.name}   batch interval ${formatDuration(plan.settings.batchInterval)}   ${plan.stages.length} ${plural(plan.stages.length, 'stage')}   plan ${plan.hash}`;
}

function batchStage(plan: Plan, stage: Stage): readonly string[] {
  const head = plan.operators[stage.head]!;
  const lines = [`stage ${stage.id}: ${stage.parallelism} ${plural(stage.parallelism, 'partition')}`];
  if (head.kind === 'spout') lines.push('emits at each block interval; hears ack when the batch is done');
  if (head.kind === 'bolt' && head.windows !== undefined)
    lines.push('its windows are in its state: tuples are acked there');
  else if (head.kind === 'bolt' && head.holdsTuples) lines.push('record mode only: it holds tuples');
  if (head.kind === 'source')
    lines.push(
      head.spec.capabilities.intake === 'range'
        ? 'offset ranges, cut at each tick'
        : 'a receiver cuts blocks at each block interval',
    );
  if (head.kind === 'source' && !head.spec.capabilities.replayable)
    lines.push('blocks are logged as they are cut (--checkpoint)');
  for (const input of stage.inputs) lines.push(`<= stage ${input.stage}`);
  lines.push(...chainLines(plan, stage));
  for (const { target, input } of outputsOf(plan, stage)) {
    const combine = combinesBeforeShuffle(plan.operators[target.head]!, input.exchange) ? ', combined map-side' : '';
    lines.push(`=> stage ${target.id}: ${describeShuffle(input.exchange)}${combine}`);
  }
  return lines;
}

function recordStage(plan: Plan, stage: Stage, acking: boolean): readonly string[] {
  const head = plan.operators[stage.head]!;
  const isSpout = head.kind === 'source' || head.kind === 'spout';
  const lines = [
    `${isSpout ? 'spout' : 'bolt'} ${componentOf(plan, stage)}: ${stage.parallelism} ${plural(stage.parallelism, 'task')}`,
  ];
  if (isSpout) lines.push(acking ? 'emits with a message id, replays what fails' : 'emits without message ids');
  for (const input of stage.inputs) lines.push(`<= ${componentOf(plan, plan.stages[input.stage]!)}`);
  lines.push(...chainLines(plan, stage));
  for (const { target, input } of outputsOf(plan, stage))
    lines.push(`=> ${componentOf(plan, target)}: ${describeGrouping(input.exchange)}`);
  return lines;
}

/** The name of a stage among Storm's components. */
function componentOf(plan: Plan, stage: Stage): string {
  const head = plan.operators[stage.head]!;
  return head.kind === 'source' || head.kind === 'spout' || head.kind === 'bolt' ? head.name : head.uid;
}

/** The operators of a stage as a tree: what follows without an exchange is fused and runs in one call. */
function chainLines(plan: Plan, stage: Stage): readonly string[] {
  const lines: string[] = [];
  const drawn = new Set<number>();
  const draw = (id: number, start: string, rest: string): void => {
    const text = describeOperator(plan.operators[id]!);
    lines.push(`${start}${text}${drawn.has(id) ? ' (above)' : ''}`);
    if (drawn.has(id)) return;
    drawn.add(id);
    const next = followersOf(plan, stage, id);
    for (const follower of next) {
      const [first, inner] = next.length === 1 ? ['', ''] : follower === next.at(-1) ? ['└ ', '  '] : ['├ ', '│ '];
      draw(follower, `${rest}${first}`, `${rest}${inner}`);
    }
  };
  draw(stage.head, '  ', '  ');
  return lines;
}

function followersOf(plan: Plan, stage: Stage, id: number): readonly number[] {
  return stage.operators.filter(
    (candidate) => candidate !== stage.head && plan.operators[candidate]!.inputs.some((input) => input.operator === id),
  );
}

function outputsOf(plan: Plan, stage: Stage): readonly { readonly target: Stage; readonly input: StageInput }[] {
  return plan.stages.flatMap((target) =>
    target.inputs.filter((input) => input.stage === stage.id).map((input) => ({ target, input })),
  );
}

function batchEnd(plan: Plan): readonly string[] {
  const isStateful = plan.operators.some((operator) => keepsState(withKeptWindows(operator)));
  return [
    'each batch, one after another',
    ...BATCH_STEPS[plan.settings.guarantee],
    ...(isStateful ? ['checkpoint: now and then all state, with the offsets behind that batch'] : []),
  ];
}

/** What is done with a batch, in order. The log is that of `--checkpoint`. */
const BATCH_STEPS: Readonly<Record<Guarantee, readonly string[]>> = {
  'at-most-once': ['its ranges are logged, then it is processed, once'],
  'at-least-once': ['its ranges are logged while it is processed; then its results are written'],
  'exactly-once': [
    'its ranges are logged while it is processed; sinks prepare its results, the log says so, sinks commit them',
  ],
};

function keepsState(operator: CoreOperator): boolean {
  return operator.kind !== 'timestamps' && kindTraits(operator).isStateful;
}

function recordEnd(plan: Plan, acking: boolean): readonly string[] {
  if (!acking) return ['no acker', 'nothing is tracked: a lost tuple stays lost'];
  const spouts = plan.stages.filter((stage) => stage.inputs.length === 0).map((stage) => componentOf(plan, stage));
  const bolts = plan.stages.filter((stage) => stage.inputs.length > 0).map((stage) => componentOf(plan, stage));
  return [
    'acker: one XOR for each tuple tree',
    ...spouts.map((name) => `${name} -> acker: init`),
    ...(bolts.length === 0
      ? ['trees of one node: acked by the spout task']
      : bolts.map((name) => `${name} -> acker: ack or fail`)),
    ...spouts.map((name) => `acker -> ${name}: done or failed`),
    ...(plan.settings.guarantee === 'at-most-once'
      ? []
      : ['checkpoint: a barrier behind the records, when no tree is open']),
  ];
}
