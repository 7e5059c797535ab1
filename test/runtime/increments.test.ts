/** When a snapshot may be an increment, and which checkpoints stay because others add to them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeptCheckpoint, retained } from '../../src/runtime/checkpoint-retention.js';
import { type Chain, chainWith, nextAddsTo } from '../../src/runtime/increments.js';

describe('the next snapshot', () => {
  it('is whole at first, and then adds to the last one, so many times', () => {
    let chain: Chain | undefined;
    const told: (number | undefined)[] = [];
    for (let epoch = 1; epoch <= 8; epoch++) {
      const addsTo = nextAddsTo(chain, 3);
      told.push(addsTo);
      chain = chainWith(chain, { epoch, size: addsTo === undefined ? 100 : 1, isIncrement: addsTo !== undefined });
    }
    expect(told).toEqual([undefined, 1, 2, 3, undefined, 5, 6, 7]);
  });

  it('is whole when the increments together have outgrown the last whole one', () => {
    let chain = chainWith(undefined, { epoch: 1, size: 100, isIncrement: false });
    for (const epoch of [2, 3]) chain = chainWith(chain, { epoch, size: 50, isIncrement: true });
    expect(nextAddsTo(chain, 10)).toBe(3);
    chain = chainWith(chain, { epoch: 4, size: 1, isIncrement: true });
    expect(nextAddsTo(chain, 10)).toBeUndefined();
  });

  it('is always whole where no increments are wanted', () => {
    expect(nextAddsTo(chainWith(undefined, { epoch: 1, size: 100, isIncrement: false }), 0)).toBeUndefined();
  });
});

/** `w` is whole, `i` adds to the one before; epochs count from 1. */
function checkpoints(kinds: string): readonly KeptCheckpoint[] {
  return [...kinds].map((kind, i) => ({
    epoch: i + 1,
    logFrom: 10 * (i + 1),
    addsTo: kind === 'i' ? i : undefined,
    rows: 1,
  }));
}

describe('retention', () => {
  it.each([
    ['the newest, where all are whole', 'wwwww', 3, [3, 4, 5], 30],
    ['all that the newest adds to, with their log', 'wwwiiii', 3, [2, 3, 4, 5, 6, 7], 20],
    [
      'the last of the chain before, with what that adds to, but not its log',
      'wiiwiiii',
      3,
      [1, 2, 3, 4, 5, 6, 7, 8],
      30,
    ],
    ['nothing of older chains', 'wiwiwiii', 3, [3, 4, 5, 6, 7, 8], 40],
    ['one alone', 'wiwii', 1, [3, 4, 5], 30],
    ['the only one', 'w', 3, [1], 10],
  ])('keeps %s', (_name, kinds, keep, epochs, logFrom) => {
    const found = retained(checkpoints(kinds), keep);
    expect([found.kept.map(({ epoch }) => epoch), found.logFrom]).toEqual([epochs, logFrom]);
    expect([...found.kept, ...found.gone].length).toBe(kinds.length);
  });

  it('always leaves a checkpoint with its log, whichever one is damaged', () => {
    const kinds = fc.array(fc.constantFrom('w', 'i'), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(kinds, fc.integer({ min: 2, max: 4 }), fc.nat(), (rest, keep, pick) => {
        // As a driver prunes: behind each checkpoint.
        let kept: readonly KeptCheckpoint[] = [];
        let logFrom = 0;
        for (const checkpoint of checkpoints(`w${rest.join('')}`)) {
          ({ kept, logFrom } = retained([...kept, checkpoint], keep));
        }
        const whole = (damaged: number): readonly KeptCheckpoint[] => {
          const found: KeptCheckpoint[] = [];
          for (const each of kept) {
            const hasAll = each.addsTo === undefined || found.some(({ epoch }) => epoch === each.addsTo);
            if (hasAll && each.epoch !== damaged) found.push(each);
          }
          return found;
        };
        expect(whole(0)).toEqual(kept);
        const damaged = kept[pick % kept.length]!.epoch;
        const left = whole(damaged).at(-1);
        if (left !== undefined) expect(left.logFrom).toBeGreaterThanOrEqual(logFrom);
        const hasWholeBefore = rest.includes('w');
        if (hasWholeBefore) expect(left).toBeDefined();
      }),
    );
  });
});
