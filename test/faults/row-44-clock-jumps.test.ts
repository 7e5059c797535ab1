/** The driver's clock jumps: forward at any time, back while the driver is down. */
import { expect, it } from 'vitest';
import { simulate } from '../../src/compare/simulate/simulate.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import { GUARANTEES } from '../../src/topology/specs.js';
import shop from '../compare/simulate/shop.js';
import { MODES } from './both-modes.js';

const JUMPS = [
  ['jump:clock@30%+1h'],
  ['jump:clock@30%+3s', 'kill:driver@50%'],
  ['jump:clock@40%-20s', 'kill:driver@60%', 'jump:clock@80%+50ms'],
];

it.each(MODES.flatMap((mode) => GUARANTEES.map((guarantee) => [mode, guarantee] as const)))(
  'fault row 44: a clock that jumps changes no answer, %s, %s',
  async (mode, guarantee) => {
    for (const [index, jumps] of JUMPS.entries()) {
      const faults = jumps.map(parseFault);
      const { failure } = await simulate(shop, {
        seeds: 2,
        seed: 1 + 10 * index,
        mode,
        guarantee,
        faults,
        records: 80,
        twice: 0,
      });
      expect(failure?.violations, `seed ${failure?.seed}, ${jumps.join(' ')}`).toBeUndefined();
    }
  },
);
