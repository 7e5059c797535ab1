/** How kernels find their functions and their users find the state. */
import { describe, expect, it } from 'vitest';
import { createKernel, type KernelOperator } from '../../src/kernels/create-kernel.js';
import { stateOf } from '../../src/kernels/state-space.js';
import type { CoreOperator } from '../../src/plan/plan.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import { functionId } from '../../src/topology/graph.js';

const kinds = [
  'window-reduce',
  'window-group',
  'running-reduce',
  'update-state',
  'map-with-state',
  'process',
  'collect-interval',
] as const;

describe('createKernel', () => {
  it('takes every operator of the plan that has a kernel', () => {
    type Stateful = Extract<CoreOperator, { readonly kind: (typeof kinds)[number] }>;
    const accepts: (operator: Stateful) => KernelOperator = (operator) => operator;
    expect(accepts).toBeTypeOf('function');
  });

  it('finds functions as the topology names them', () => {
    const functions = new Map([[functionId(7, 'reduce'), (a: number, b: number) => a * b]]);
    const store = createMemoryStore();
    const out: unknown[] = [];
    const context = { timestamp: 0, windowEnd: Number.NaN };
    const parts = { store, context, emit: (value: unknown) => out.push(value), count: () => {} };
    const kernel = createKernel({ kind: 'running-reduce', node: 7 }, functions, parts);
    for (const value of [2, 3, 7]) kernel.onRecord(['a', value]);
    expect(out).toEqual([
      ['a', 2],
      ['a', 6],
      ['a', 42],
    ]);
    expect([...stateOf(store)]).toEqual([['a', 42]]);
  });

  it('says that an operator without state of its own has none', () => {
    expect([...stateOf(createMemoryStore())]).toEqual([]);
  });
});
