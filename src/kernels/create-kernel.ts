/** From an operator of the plan to its kernel: the only place that knows all kernels. */
import { unreachable } from '../core/assert.js';
import type { FunctionTable } from '../topology/graph.js';
import { type CollectIntervalParameters, createCollectInterval } from './collect-interval.js';
import { type Fold, type FoldParameters, foldOfKind } from './fold.js';
import { createIntervalJoin, type IntervalJoinParameters } from './interval-join.js';
import type { Kernel, KernelSetup } from './kernel.js';
import { createMapWithState, type MapWithStateFunctions, type MapWithStateParameters } from './map-with-state.js';
import { createProcess, type ProcessFunctions } from './process.js';
import { createRunningReduce, type RunningReduceFunctions } from './running-reduce.js';
import { createSessionWindow, type SessionWindowParameters } from './session-window.js';
import type { KeptKeys } from './state-space.js';
import {
  createTimestamps,
  type TimestampsKernel,
  type TimestampsParameters,
  type TimestampsSetup,
} from './timestamps.js';
import {
  createUpdateState,
  latestState,
  type UpdateStateFunctions,
  type UpdateStateParameters,
} from './update-state.js';
import { createWindowGroup, type WindowGroupFunctions, type WindowGroupParameters } from './window-group.js';
import { createWindowReduce, type WindowReduceParameters } from './window-reduce.js';

/** An operator that has a kernel. The plan's operators have this shape. */
export type KernelOperator = { readonly node: number } & (
  | ({ readonly kind: 'window-reduce' } & WindowReduceParameters)
  | ({ readonly kind: 'window-group' } & WindowGroupParameters)
  | ({ readonly kind: 'running-reduce' } & KeptKeys)
  | ({ readonly kind: 'update-state'; readonly update?: 'user' | 'latest' | undefined } & UpdateStateParameters)
  | ({ readonly kind: 'map-with-state' } & MapWithStateParameters)
  | ({ readonly kind: 'session-window' } & FoldParameters & SessionWindowParameters)
  | ({ readonly kind: 'interval-join' } & IntervalJoinParameters)
  | ({ readonly kind: 'process' } & KeptKeys)
  | ({ readonly kind: 'collect-interval' } & CollectIntervalParameters)
);

/** What the task gives to a kernel. */
export type KernelParts = Omit<KernelSetup<unknown, unknown>, 'functions' | 'parameters'>;

/** Makes an operator's kernel on its store, new or restored. */
export function createKernel(operator: KernelOperator, functions: FunctionTable, parts: KernelParts): Kernel {
  const find = <F>(role: string): F => functionOf(functions, operator.node, role) as F;
  switch (operator.kind) {
    case 'window-reduce': {
      const user = { fold: foldOf(operator, functions), inverse: find<UserReduce>('inverse') };
      return createWindowReduce({ ...parts, parameters: operator, functions: user });
    }
    case 'window-group': {
      const user: WindowGroupFunctions = { mapPartitions: find('mapPartitions') };
      return createWindowGroup({ ...parts, parameters: operator, functions: user });
    }
    case 'running-reduce': {
      const user: RunningReduceFunctions = { reduce: find('reduce') };
      return createRunningReduce({ ...parts, parameters: operator, functions: user });
    }
    case 'update-state': {
      const user: UpdateStateFunctions =
        operator.update === 'latest'
          ? { update: latestState }
          : { update: find('update'), initialState: find('initialState') };
      return createUpdateState({ ...parts, parameters: operator, functions: user });
    }
    case 'map-with-state': {
      const user: MapWithStateFunctions = { map: find('mapWithState'), initialState: find('initialState') };
      return createMapWithState({ ...parts, parameters: operator, functions: user });
    }
    case 'session-window': {
      const user = { fold: foldOf(operator, functions) };
      return createSessionWindow({ ...parts, parameters: operator, functions: user });
    }
    case 'interval-join':
      return createIntervalJoin({ ...parts, parameters: operator, functions: {} });
    case 'process': {
      const user: ProcessFunctions = { onRecord: find('onRecord'), onTimer: find('onTimer') };
      return createProcess({ ...parts, parameters: operator, functions: user });
    }
    case 'collect-interval':
      return createCollectInterval({ ...parts, parameters: operator, functions: {} });
    default:
      return unreachable(operator);
  }
}

/** The fold of a window, by which its map side may combine. */
export function foldOf(operator: { readonly node: number } & FoldParameters, functions: FunctionTable): Fold {
  return foldOfKind(operator, (role) => functionOf(functions, operator.node, role));
}

/** Makes the kernel of a `timestamps` operator on one source partition. */
export function createTimestampsKernel(
  operator: { readonly kind: 'timestamps'; readonly node: number } & TimestampsParameters,
  functions: FunctionTable,
  parts: Omit<TimestampsSetup, 'functions' | 'parameters'>,
): TimestampsKernel {
  const extract = functionOf(functions, operator.node, 'extract') as (value: unknown) => unknown;
  return createTimestamps({ ...parts, parameters: operator, functions: { extract } });
}

type UserReduce = ((a: unknown, b: unknown) => unknown) | undefined;

/** As the topology's `functionId` names it; kernels may import no more than its types, and a test compares the two. */
function functionOf(functions: FunctionTable, node: number, role: string): unknown {
  return functions.get(`${node}:${role}`);
}
