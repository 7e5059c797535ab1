/** `checkInverse`: an inverse that takes back something else than what was put in is named, whatever the totals are. */
import { describe, expect, it } from 'vitest';
import { type AnyStream, a, add, type Case, numbers, pairs, runner, subtract, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

describe.each(VARIANTS)('%s', (_name, variant) => {
  const run = runner(variant);

  it('an inverse that is none is named when it is checked, of a window of all elements too', async () => {
    const reduce = { window: times(2), reduce: Math.max, inverse: (total: number, left: number) => total - left };
    const build: Case['build'] = (t) => numbers(t).reduceByWindow({ uid: 'max', ...reduce, checkInverse: true });
    await expect(run(build, { in: [[3, 5]] })).rejects.toMatchObject({
      code: 'RG037',
      operator: 'max',
      message: expect.stringContaining('with a = 3 and b = 5, inverse(reduce(a, b), b) is 0') as unknown,
      hint: expect.stringContaining('mend inverse') as unknown,
    });
  });

  it.each<readonly [what: string, leave: (counts: Map<string, number>, name: string, n: number) => unknown]>([
    ['right', (counts, name, n) => (n === 0 ? counts.delete(name) : counts.set(name, n))],
    ['wrong', (counts, name, n) => counts.set(name, n)],
  ])('an inverse on maps that is %s is told by what they hold', async (what, leave) => {
    const mapped = (x: Map<string, number>, y: Map<string, number>, n: (a: number, b: number) => number) => {
      const counts = new Map(x);
      for (const [name, count] of y) leave(counts, name, n(counts.get(name) ?? 0, count));
      return counts;
    };
    const build: Case['build'] = (t) =>
      pairs(t)
        .mapValues((n) => new Map([[`n${n}`, 1]]))
        .reduceByKeyAndWindow({
          window: times(2),
          reduce: (x, y) => mapped(x, y, add),
          inverse: (x, y) => mapped(x, y, subtract),
          checkInverse: true,
        })
        .map(([, counts]) => [...counts]);
    const ran = run(build, { in: [[a(1), a(1), a(2)], []] });
    if (what === 'right') {
      const counts = [
        ['n1', 2],
        ['n2', 1],
      ];
      expect((await ran).outputs['out']).toEqual([[counts], [counts]]);
    } else {
      const message = 'with a = [["n1",2]] and b = [["n2",1]], inverse(reduce(a, b), b) is [["n1",2],["n2",0]]';
      await expect(ran).rejects.toMatchObject({ code: 'RG037', message: expect.stringContaining(message) as unknown });
    }
  });

  it('an inverse that is none is named when it is checked', async () => {
    const reduce = { window: times(2), reduce: Math.max, inverse: (total: number, left: number) => total - left };
    const build = (t: Parameters<Case['build']>[0]): AnyStream =>
      pairs(t).reduceByKeyAndWindow({ ...reduce, checkInverse: true });
    await expect(run(build, { in: [[a(3), a(5)]] })).rejects.toMatchObject({
      code: 'RG037',
      message: expect.stringContaining('with a = 3 and b = 5, inverse(reduce(a, b), b) is 0') as unknown,
    });
    const right = (t: Parameters<Case['build']>[0]): AnyStream =>
      pairs(t).reduceByKeyAndWindow({ window: times(2), reduce: add, inverse: subtract, checkInverse: true });
    expect((await run(right, { in: [[a(0.1), a(0.2)]] })).outputs['out']![0]).toHaveLength(1);
  });
});
