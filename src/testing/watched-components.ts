/** Wraps the bolts and spouts of a job, so that a test sees what is delivered to them and which calls their life is made of. */
import { type Bolt, isTick, type Spout, type TaskInfo, type Values } from '../topology/components.js';
import { type FunctionTable, functionId, type Graph } from '../topology/graph.js';
import { WindowRunner } from '../topology/window-runner.js';

/** One call of `execute`. */
export interface DeliveredTuple {
  readonly component: string;
  readonly task: number;
  /** Component and stream that it came from: `__system` and `__tick` for a tick. */
  readonly source: string;
  /** Which task of that component it came from. */
  readonly sourceTask: number;
  readonly stream: string;
  readonly values: unknown;
  /** Stream time (us). */
  readonly timestamp: number;
}

/** One call that a component gets once in its life, or each time that the job is set back or deactivated and activated. */
export interface LifeCall {
  readonly component: string;
  readonly task: number;
  readonly call: 'open' | 'activate' | 'deactivate' | 'close' | 'prepare' | 'cleanup';
}

/** One window that a windowed bolt got: the values of its tuples. */
export interface WindowActivation {
  readonly component: string;
  readonly task: number;
  /** Stream time (us). */
  readonly start: number;
  readonly end: number;
  readonly events: readonly unknown[];
  readonly newEvents: readonly unknown[];
  readonly expiredEvents: readonly unknown[];
}

/** Hears of what happens in components. */
export interface ComponentWatcher {
  delivered(tuple: DeliveredTuple): void;
  called(call: LifeCall): void;
  activated(window: WindowActivation): void;
}

/** The functions of a job, with wrapped components. */
export function watched(graph: Graph, functions: FunctionTable, watcher: ComponentWatcher): FunctionTable {
  const wrapped = graph.nodes.flatMap((node): (readonly [string, () => unknown])[] => {
    const id = functionId(node.id, 'create');
    const create = functions.get(id);
    if (node.kind === 'spout') return [[id, () => watchedSpout((create as () => Spout<Values>)(), watcher)]];
    if (node.kind === 'bolt') return [[id, () => watchedBolt((create as () => Bolt<Values>)(), watcher)]];
    return [];
  });
  return new Map([...functions, ...wrapped]);
}

function watchedSpout(spout: Spout<Values>, watcher: ComponentWatcher): Spout<Values> {
  let at: Pick<LifeCall, 'component' | 'task'> = { component: '', task: -1 };
  const called = (call: LifeCall['call']): void => watcher.called({ ...at, call });
  return {
    open: (collector, info) => {
      at = placeOf(info);
      called('open');
      spout.open?.(collector, info);
    },
    activate: () => {
      called('activate');
      spout.activate?.();
    },
    nextTuple: (collector) => spout.nextTuple(collector),
    ack: (id) => spout.ack?.(id),
    fail: (id) => spout.fail?.(id),
    deactivate: () => {
      called('deactivate');
      spout.deactivate?.();
    },
    close: () => {
      called('close');
      spout.close?.();
    },
  };
}

function watchedBolt(bolt: Bolt<Values>, watcher: ComponentWatcher): Bolt<Values> {
  let at: Pick<LifeCall, 'component' | 'task'> = { component: '', task: -1 };
  if (bolt instanceof WindowRunner) {
    bolt.watch = ({ start, end, events, newEvents, expiredEvents }) =>
      watcher.activated({
        ...at,
        start,
        end,
        events: events.map(({ values }) => values),
        newEvents: newEvents.map(({ values }) => values),
        expiredEvents: expiredEvents.map(({ values }) => values),
      });
  }
  return {
    prepare: (collector, info) => {
      at = placeOf(info);
      watcher.called({ ...at, call: 'prepare' });
      bolt.prepare?.(collector, info);
    },
    execute: (tuple, collector) => {
      const { sourceComponent: source, sourceTask, sourceStream: stream, values, timestamp } = tuple;
      watcher.delivered({ ...at, source, sourceTask, stream, values: isTick(tuple) ? {} : values, timestamp });
      return bolt.execute(tuple, collector);
    },
    cleanup: () => {
      watcher.called({ ...at, call: 'cleanup' });
      bolt.cleanup?.();
    },
  };
}

function placeOf({ component, task }: TaskInfo): Pick<LifeCall, 'component' | 'task'> {
  return { component, task };
}
