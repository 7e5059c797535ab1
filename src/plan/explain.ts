/** Explains a plan: what micro-batch and record mode will do with it, side by side, and which guarantee holds and why. */
import { unreachable } from '../core/assert.js';
import { formatDuration } from '../core/time.js';
import type { Graph } from '../topology/graph.js';
import { GUARANTEES, type Guarantee } from '../topology/specs.js';
import { combinesBeforeShuffle, describeGrouping, describeOperator, describeShuffle } from './describe.js';
import { guaranteeChain, strongestOf } from './guarantee.js';
import type { CoreOperator, Plan, Stage, StageInput } from './plan.js';

/** How the record mode is set up, and how wide the text may be. */
export interface ExplainOptions {
  readonly acking?: boolean;
  /** Columns. Default 100. */
  readonly width?: number;
}

/** The whole text. */
export function explainPlan(graph: Graph, plan: Plan, options: ExplainOptions = {}): string {
  const { acking = true, width = 100 } = options;
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
  return `${[headline(plan), '', ...body, '', ...guaranteeLines(graph, acking)].join('\n')}\n`;
}

function headline(plan: Plan): string {
  return `${plan.name}   batch interval ${formatDuration(plan.settings.batchInterval)}   ${plan.stages.length} ${plural(plan.stages.length, 'stage')}   plan ${plan.hash}`;
}

function batchStage(plan: Plan, stage: Stage): readonly string[] {
  const head = plan.operators[stage.head]!;
  const lines = [`stage ${stage.id}: ${stage.parallelism} ${plural(stage.parallelism, 'partition')}`];
  if (head.kind === 'spout' || head.kind === 'bolt') return [...lines, `${head.kind} ${head.name}: record mode only`];
  if (head.kind === 'source')
    lines.push(
      head.spec.capabilities.intake === 'range'
        ? 'offset ranges, cut at each tick'
        : 'a receiver cuts blocks, two copies each',
    );
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
  const isStateful = plan.operators.some((operator) => keepsState(operator));
  return [
    'commit',
    'sinks by (job, sink, batch, partition),',
    'then the offsets of the batch',
    ...(isStateful ? ['a stage with state waits for the batch before'] : []),
  ];
}

function keepsState(operator: CoreOperator): boolean {
  switch (operator.kind) {
    case 'window-reduce':
    case 'running-reduce':
    case 'update-state':
    case 'process':
    case 'collect-interval':
      return true;
    case 'source':
    case 'map':
    case 'flat-map':
    case 'filter':
    case 'timestamps':
    case 'spout':
    case 'bolt':
    case 'sink':
      return false;
    default:
      return unreachable(operator);
  }
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
  ];
}

function guaranteeLines(graph: Graph, acking: boolean): readonly string[] {
  const asked = graph.settings.guarantee;
  const chain = guaranteeChain(graph);
  const strongest = strongestOf(chain);
  const holds = GUARANTEES.indexOf(asked) <= GUARANTEES.indexOf(strongest);
  const isLostInRecordMode = holds && !acking && asked !== 'at-most-once';
  const answer = isLostInRecordMode ? 'and holds as micro-batches only' : holds ? 'and holds' : 'and CANNOT hold';
  const links = [...chain];
  if (!chain.some((link) => link.name.startsWith('bolt '))) {
    const firstSink = links.findIndex((link) => link.name.startsWith('sink '));
    links.splice(firstSink < 0 ? links.length : firstSink, 0, {
      node: -1,
      name: 'operators',
      strongest: 'exactly-once',
      why: 'their state is restored with the batch or the checkpoint',
    });
  }
  const nameWidth = Math.max(...links.map((link) => link.name.length));
  const lines = [
    `guarantee: ${asked} is asked, ${answer}; source x operators x sinks give ${strongest}`,
    ...links.map((link) => `  ${link.name.padEnd(nameWidth)}  ${link.strongest.padEnd(13)}  ${link.why}`),
  ];
  if (asked === 'at-most-once') lines.push(`  ${because(asked)}`);
  if (!acking && asked !== 'at-most-once')
    lines.push('  record mode without acking gives at-most-once, whatever the chain could give');
  return lines;
}

function because(asked: Guarantee): string {
  return `${asked}: a batch is committed before it is processed, and tuples are not tracked`;
}

function sideBySide(left: readonly string[], right: readonly string[], column: number): readonly string[] {
  const lines: string[] = [];
  const [a, b] = [left.flatMap((line) => wrap(line, column)), right.flatMap((line) => wrap(line, column))];
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    lines.push(`${(a[i] ?? '').padEnd(column)} │ ${b[i] ?? ''}`.trimEnd());
  return lines;
}

/** Breaks a line at blanks; what follows is indented by two more. */
function wrap(line: string, column: number): readonly string[] {
  if (line.length <= column) return [line];
  const indent = /^[\s├└│]*/.exec(line)![0].replaceAll('├', '│').replaceAll('└', ' ').slice(0, 20);
  const at = line.lastIndexOf(' ', column);
  const cut = at > indent.length ? at : column;
  return [line.slice(0, cut), ...wrap(`${indent}  ${line.slice(cut).trimStart()}`, column)];
}

function rule(column: number): string {
  return `${'─'.repeat(column)}─┼─${'─'.repeat(column)}`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
