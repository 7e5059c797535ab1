/** The heap of cells: lowest order first, whatever came in between. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CellHeap } from '../../src/runtime/cell-heap.js';
import { MemoryCell } from '../../src/runtime/memory-cell.js';

it('gives cells by their order, also while more come', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat(99) }, { weight: 1, arbitrary: fc.constant('pop' as const) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap = new CellHeap();
      let model: number[] = [];
      for (const step of [...steps, ...steps.map(() => 'pop' as const)]) {
        if (step !== 'pop') {
          heap.push(new MemoryCell('', '', 0, 0, step));
          model = [...model, step].sort((a, b) => a - b);
        } else if (model.length > 0) {
          heap.pop();
          model = model.slice(1);
        }
        expect(heap.first?.order).toBe(model[0]);
      }
    }),
  );
});
