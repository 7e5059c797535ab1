/** Where a task of a component stands in its job, from the plan alone: so both modes, and workers, say the same. */
import type { TaskInfo } from '../topology/components.js';
import { nameOf } from './kinds.js';
import type { Plan, Stage } from './plan.js';

/** What a task knows of its place. */
type TaskPlace = Omit<TaskInfo, 'metrics' | 'state'>;

/** Ids count all tasks of the job from 1, stage by stage. */
export function taskPlace(plan: Plan, stage: Stage, task: number): TaskPlace {
  const head = plan.operators[stage.head]!;
  const component = nameOf(head);
  const componentTasks = tasksByComponent(plan);
  const readers = plan.stages.flatMap((reader) =>
    reader.inputs.filter((input) => input.stage === stage.id).map((input) => ({ reader, input })),
  );
  return {
    component,
    task,
    parallelism: stage.parallelism,
    id: componentTasks[component]![task]!,
    componentTasks,
    streams: 'streams' in head ? head.streams.map(({ name }) => name) : ['default'],
    sources: stage.inputs.map(({ stage: writer, output, exchange }) => ({
      component: headName(plan, plan.stages[writer]!),
      stream: output,
      grouping: exchange.kind,
    })),
    targets: readers.map(({ reader, input }) => ({
      component: headName(plan, reader),
      stream: ownStream(plan, stage, input.operator, input.output),
      grouping: input.exchange.kind,
    })),
  };
}

function tasksByComponent({ stages, operators }: Plan): Readonly<Record<string, readonly number[]>> {
  let next = 1;
  const ids = stages.map(({ head, parallelism }) => {
    const tasks = Array.from({ length: parallelism }, () => next++);
    return [nameOf(operators[head]!), tasks] as const;
  });
  return Object.fromEntries(ids);
}

function headName({ operators }: Plan, { head }: Stage): string {
  return nameOf(operators[head]!);
}

/** The component's own stream from which an operator of its chain, or itself, writes. */
function ownStream(plan: Plan, stage: Stage, operator: number, output: string): string {
  if (operator === stage.head) return output;
  const within = plan.operators[operator]!.inputs.find((input) => stage.operators.includes(input.operator))!;
  return ownStream(plan, stage, within.operator, within.output);
}
