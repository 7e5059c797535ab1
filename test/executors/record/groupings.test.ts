/** Groupings as Storm has them, beyond those that every job uses: which task gets which tuple, and what cannot be. */

import { describe, expect, it } from 'vitest';
import { prng } from '../../../src/core/prng.js';
import { Anchors } from '../../../src/executors/record/anchors.js';
import { Edge } from '../../../src/executors/record/edge.js';
import { EdgeIds } from '../../../src/executors/record/edge-ids.js';
import { exitLink } from '../../../src/executors/record/exit.js';
import { runTuples, type TupleRun } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { BoltDeclarer, Component } from '../../../src/topology/component-streams.js';
import type { CustomGrouping } from '../../../src/topology/components.js';
import type { JobSettings } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { placing } from '../placing-bolt.js';

interface Word {
  readonly word: string;
  readonly n: number;
}
interface Placed extends Word {
  readonly task: number;
}

const words = (count: number, distinct = count) =>
  Array.from({ length: count }, (_, n) => ({ id: n, values: { word: `w${n % distinct}`, n } }));

type Group = (bolt: BoltDeclarer<Word, Placed>, spout: Component<Word>) => BoltDeclarer<Word, Placed>;

const run = (group: Group, messages = words(40, 10), tasks = 4, settings: Partial<JobSettings> = {}) =>
  runTuples(
    topology('grouped', settings, (t) => {
      const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
      group(t.setBolt('place', placing<Word>, { parallelism: tasks }), spout).to('out', memory());
    }),
    { spouts: { words: { messages } } },
  );

/** By word: how many of its tuples each task got. */
const placesOf = ({ outputs }: TupleRun) => {
  const places = new Map<string, Map<number, number>>();
  for (const { word, task } of outputs['out'] as Placed[]) {
    const counts = places.get(word) ?? new Map<number, number>();
    places.set(word, counts.set(task, (counts.get(task) ?? 0) + 1));
  }
  return places;
};

describe('partialKey', () => {
  it('gives a key at most two tasks, and is more even than a fields grouping', async () => {
    const partial = await run((bolt, spout) => bolt.partialKeyGrouping(spout, 'word'), words(400, 5));
    const sizes = [...placesOf(partial).values()].map((counts) => counts.size);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 2]);
    const byFields = await run((bolt, spout) => bolt.fieldsGrouping(spout, 'word'), words(400, 5));
    const unevenness = ({ executed }: TupleRun): number =>
      Math.max(...executed['place']!) - Math.min(...executed['place']!);
    expect(unevenness(partial)).toBeLessThan(unevenness(byFields));
  });

  it('spares the tasks of a hot key', async () => {
    const hot = words(1_000, 1);
    const { executed } = await run((bolt, spout) => bolt.partialKeyGrouping(spout, 'word'), hot);
    expect(executed['place']!.toSorted((a, b) => b - a)).toEqual([500, 500, 0, 0]);
    const byFields = await run((bolt, spout) => bolt.fieldsGrouping(spout, 'word'), hot);
    expect(byFields.executed['place']!.toSorted((a, b) => b - a)).toEqual([1_000, 0, 0, 0]);
  });

  it('goes by several fields, and one task gets all', async () => {
    const pairs = Array.from({ length: 40 }, (_, id) => ({
      id,
      values: { word: `w${id % 2}`, n: id % 4 < 2 ? 0 : 1 },
    }));
    const places = placesOf(await run((bolt, spout) => bolt.partialKeyGrouping(spout, 'word', 'n'), pairs, 8));
    expect([...places.values()].every((counts) => counts.size > 2)).toBe(true);
    const alone = await run((bolt, spout) => bolt.partialKeyGrouping(spout, 'word'), words(4), 1);
    expect(alone.executed).toEqual({ place: [4] });
  });

  it('refuses what is no key, blames the reader, and the message fails', async () => {
    const objects = [{ id: 1, values: { word: {} as string, n: 1 } }];
    await expect(run((bolt, spout) => bolt.partialKeyGrouping(spout, 'word'), objects)).rejects.toMatchObject({
      code: 'RG033',
      operator: 'place',
    });
  });

  it('without fields is no grouping', async () => {
    await expect(run((bolt, spout) => bolt.partialKeyGrouping(spout))).rejects.toMatchObject({
      problems: [{ code: 'RG018', message: "'place' has a partialKey grouping without fields" }],
    });
    await expect(async () => run((bolt, spout) => bolt.partialKeyGrouping(spout, '' as 'word'))).rejects.toMatchObject({
      code: 'RG018',
      hint: "name it: partialKeyGrouping(words, 'word')",
    });
  });
});

describe('a field that a tuple lacks', () => {
  it.each<[string, Group, unknown, string, string]>([
    [
      'fields',
      (bolt, spout) => bolt.fieldsGrouping(spout, 'wrod' as 'word'),
      { word: 'a', n: 1 },
      'has word, n',
      "did you mean 'word'?",
    ],
    [
      'fields, the second',
      (bolt, spout) => bolt.fieldsGrouping(spout, 'n', 'wrod' as 'word'),
      { word: 'a', n: 1 },
      'has word, n',
      "did you mean 'word'?",
    ],
    [
      'partialKey',
      (bolt, spout) => bolt.partialKeyGrouping(spout, 'wrod' as 'word'),
      { n: 1 },
      'has n',
      'group by a field that every tuple of the stream has',
    ],
    [
      'fields of null',
      (bolt, spout) => bolt.fieldsGrouping(spout, 'wrod' as 'word'),
      null,
      'is null',
      'group by a field that every tuple of the stream has',
    ],
  ])('is an error, and not one more key: %s', async (_kind, group, values, shown, hint) => {
    await expect(run(group, [{ id: 1, values: values as Word }])).rejects.toMatchObject({
      code: 'RG018',
      operator: 'place',
      message: `'place': its grouping is by the field 'wrod', and a tuple ${shown}`,
      hint,
    });
  });

  it('that is there and undefined is a key', async () => {
    const { acked } = await run(
      (bolt, spout) => bolt.fieldsGrouping(spout, 'word'),
      [{ id: 1, values: { word: undefined as unknown as string, n: 1 } }],
    );
    expect(acked).toEqual([1]);
  });
});

describe('none', () => {
  it('draws a task for each tuple, the same ones for the same seed', async () => {
    const byNone: Group = (bolt, spout) => bolt.noneGrouping(spout);
    const first = await run(byNone, words(400));
    const counts = first.executed['place']!;
    expect(counts.reduce((a, b) => a + b)).toBe(400);
    expect(Math.min(...counts)).toBeGreaterThan(50);
    // Even counts would be those of a shuffle.
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect((await run(byNone, words(400))).outputs).toEqual(first.outputs);
  });
});

describe('the number of tasks', () => {
  it('is bounded for all components by maxTaskParallelism', async () => {
    const { executed } = await run((bolt, spout) => bolt.shuffleGrouping(spout), words(40), 4, {
      maxTaskParallelism: 2,
    });
    expect(executed['place']).toEqual([20, 20]);
    const more = await run((bolt, spout) => bolt.shuffleGrouping(spout), words(40), 4, { maxTaskParallelism: 8 });
    expect(more.executed['place']).toEqual([10, 10, 10, 10]);
  });

  it.each([0, 1.5, '2'])('maxTaskParallelism %s is refused', async (maxTaskParallelism) => {
    const settings = { maxTaskParallelism: maxTaskParallelism as number };
    await expect(run((bolt, spout) => bolt.shuffleGrouping(spout), words(1), 4, settings)).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'RG011' })],
    });
  });
});

describe('a default stream that is direct', () => {
  const direct = (group: (bolt: BoltDeclarer<Word, Placed>, spout: Component<Word>) => BoltDeclarer<Word, Placed>) =>
    runTuples(
      topology('direct', (t) => {
        const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
        const sorting = t
          .setBasicBolt<Word, Word>(
            'sort',
            () => ({ execute: ({ values }, out) => out.emitDirect(values.n % 2, 'default', values) }),
            { direct: true },
          )
          .shuffleGrouping(spout);
        group(t.setBolt('place', placing<Word>, { parallelism: 2 }), sorting).to('out', memory());
      }),
      { spouts: { words: { messages: words(5) } } },
    );

  it('goes to the task that the bolt chose', async () => {
    const { outputs } = await direct((bolt, spout) => bolt.directGrouping(spout));
    expect((outputs['out'] as Placed[]).map(({ n, task }) => [n, task]).toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((n) => [n, n % 2]),
    );
  });

  it('cannot be read by another grouping', async () => {
    await expect(direct((bolt, spout) => bolt.shuffleGrouping(spout))).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'RG018' })],
    });
  });
});

it('a spout knows how many of its messages are pending', async () => {
  const pending: number[] = [];
  let n = 0;
  const job = topology('pending', (t) => {
    const spout = t.setSpout<Word>('words', () => ({
      nextTuple: (out) => {
        pending.push(out.pendingCount);
        if (n === 3) return 'done';
        return out.emit({ word: 'w', n }, ++n);
      },
    }));
    t.setBolt('place', placing<Word>)
      .shuffleGrouping(spout)
      .to('out', memory());
  });
  await startVirtual(job, () => ({ mode: 'record' })).then((started) => started.end());
  expect(pending).toEqual([0, 1, 2, 3]);
});

describe('custom', () => {
  const custom =
    (create: () => CustomGrouping<Word>): Group =>
    (bolt, spout) =>
      bolt.customGrouping(spout, create);

  it('is told of its tasks once, and chooses for each tuple', async () => {
    const told: unknown[] = [];
    const { executed, outputs } = await run(
      custom(() => ({
        prepare: (info) => void told.push(info),
        chooseTasks: ({ n }) => n % 3,
      })),
      words(12),
    );
    expect(told).toEqual([{ tasks: 4, component: 'words', task: 0 }]);
    expect(executed).toEqual({ place: [4, 4, 4, 0] });
    expect((outputs['out'] as Placed[]).every(({ n, task }) => task === n % 3)).toBe(true);
  });

  it('may choose several tasks, one of them twice, or none: the message is done when all are', async () => {
    const { executed, acked } = await run(
      custom(() => ({ chooseTasks: ({ n }) => [[0, 3], [1, 1], []][n]! })),
      words(3),
    );
    expect(executed).toEqual({ place: [1, 2, 0, 1] });
    expect(acked.toSorted()).toEqual([0, 1, 2]);
  });

  it.each([
    [4, 'task 4'],
    [-1, 'task -1'],
    [0.5, 'task 0.5'],
    [[0, 7], 'task 7'],
    [undefined, 'undefined as a task'],
    ['0', 'string as a task'],
  ])('that chooses %j fails the message, and no part of it arrives', async (choice, shown) => {
    const bad = custom(() => ({ chooseTasks: () => choice as number }));
    await expect(run(bad, words(1))).rejects.toMatchObject({
      code: 'RG039',
      operator: 'place',
      message: `'place': its custom grouping chose ${shown}; the tasks of the bolt are 0 to 3`,
    });
    const others = custom(() => ({ chooseTasks: ({ n }) => (n === 1 ? (choice as number) : 0) }));
    const { executed, failed, acked } = await run(others, words(3), 4, { onError: 'dead-letter' });
    expect(executed).toEqual({ place: [2, 0, 0, 0] });
    expect(failed[0]).toEqual({ id: 1, reason: 'error', component: 'place' });
    expect(acked).toEqual(expect.arrayContaining([0, 2]));
  });

  it('that throws fails the message, as any function of the user', async () => {
    const throwing = custom(() => ({
      chooseTasks: () => {
        throw new Error('no idea');
      },
    }));
    await expect(run(throwing, words(1))).rejects.toMatchObject({ code: 'RG030', operator: 'place' });
  });

  it('that is no function is refused where it is written', async () => {
    await expect(async () => run(custom(undefined as never))).rejects.toMatchObject({ code: 'RG004' });
  });
});

describe('load-aware shuffle', () => {
  const shuffle = (
    loads: number[],
    records: number,
    between = (_record: number): void => {},
    custom?: CustomGrouping,
  ) => {
    const edges = loads.map(() => new Edge(1_024, false, () => {}));
    const { push } = exitLink({
      exchange: custom === undefined ? { kind: 'shuffle', loadAware: true } : { kind: 'custom', role: 'custom' },
      edges,
      context: { timestamp: 0, windowEnd: Number.NaN },
      anchors: new Anchors(new EdgeIds(1, 2)),
      reader: { uid: 'place', place: undefined } as never,
      shuffleFrom: 0,
      choice: {
        prng: prng(1),
        createGrouping: () => custom ?? { chooseTasks: () => 0 },
        writer: { component: 'words', task: 0 },
        loadOf: (task) => loads[task]!,
      },
      isNear: () => true,
      directTask: () => 0,
      passes: undefined,
      losesUntracked: false,
    });
    for (let i = 0; i < records; i++) {
      between(i);
      push(i);
    }
    return edges.map(({ ring }) => ring.tail);
  };

  it('gives in turn where no task is behind', () => {
    expect(shuffle([0, 100, 256], 300)).toEqual([100, 100, 100]);
  });

  it('passes over a task whose worker is behind, until it has caught up', () => {
    expect(shuffle([10, 5_000, 0], 240)).toEqual([120, 0, 120]);
    const loads = [0, 5_000, 0];
    const caughtUp = shuffle(loads, 240, (record) => {
      if (record === 120) loads[1] = 0;
    });
    expect(caughtUp).toEqual([100, 40, 100]);
  });

  it('tells a custom grouping, before the first record and then at every so many', () => {
    const told: (readonly number[] | string)[] = [];
    const loads = [7, 0, 3];
    const custom: CustomGrouping = {
      prepare: () => void told.push('prepare'),
      refreshLoad: (given) => void told.push(given),
      chooseTasks: () => (told.at(-1) as number[]).indexOf(0),
    };
    const rise = (record: number): void => {
      if (record === 30) loads.splice(0, 3, 0, 9, 3);
    };
    expect(shuffle(loads, 60, rise, custom)).toEqual([12, 48, 0]);
    expect(told).toEqual(['prepare', [7, 0, 3], [7, 0, 3], [0, 9, 3]]);
  });

  it('is even within one process', async () => {
    const { executed } = await run((bolt, spout) => bolt.shuffleGrouping(spout, { loadAware: true }));
    expect(executed).toEqual({ place: [10, 10, 10, 10] });
  });
});
