/** Spouts and bolts as Storm has them: groupings, several streams, anchors, ticks, answers, life cycle. */

import { describe, expect, it } from 'vitest';
import { micros, millis, seconds } from '../../../src/core/time.js';
import { Anchors } from '../../../src/executors/record/anchors.js';
import { Edge } from '../../../src/executors/record/edge.js';
import { EdgeIds } from '../../../src/executors/record/edge-ids.js';
import { exitLink } from '../../../src/executors/record/exit.js';
import { runTuples, type ScriptedMessage, type TupleRun } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { BoltDeclarer, Component } from '../../../src/topology/component-streams.js';
import { type Bolt, isTick, type OutputCollector, type Tuple } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { placing } from '../placing-bolt.js';

interface Word {
  readonly word: string;
  readonly n: number;
}

const words = (count: number, distinct = count) =>
  Array.from({ length: count }, (_, n) => ({ id: n, values: { word: `w${n % distinct}`, n } }));

/** A job with a spout `words`, without code of its own. */
const job = (build: (t: TopologyBuilder, spout: Component<Word>) => void, settings = {}) =>
  topology('job', settings, (t) =>
    build(
      t,
      t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' })),
    ),
  );

const acking: () => Bolt<Word> = () => ({ execute: (tuple, out) => out.ack(tuple) });

describe('groupings', () => {
  const grouped = (
    group: (
      bolt: BoltDeclarer<Word, Word & { task: number }>,
      spout: Component<Word>,
    ) => BoltDeclarer<Word, Word & { task: number }>,
    tasks = 4,
  ) =>
    job((t, spout) => {
      group(t.setBolt('pass', placing<Word>, { parallelism: tasks }), spout).to('out', memory());
    });
  const run = (topology: ReturnType<typeof grouped>, messages: readonly ScriptedMessage[] = words(40, 10)) =>
    runTuples(topology, { spouts: { words: { messages } } });

  it('shuffle spreads evenly', async () => {
    expect((await run(grouped((bolt, spout) => bolt.shuffleGrouping(spout)))).executed).toEqual({
      pass: [10, 10, 10, 10],
    });
  });

  it('localOrShuffle in one process has all tasks near, and spreads evenly', async () => {
    expect((await run(grouped((bolt, spout) => bolt.localOrShuffleGrouping(spout)))).executed).toEqual({
      pass: [10, 10, 10, 10],
    });
  });

  it.each([
    [
      [false, true, false, true],
      [0, 5, 0, 5],
    ],
    [
      [false, false, false, false],
      [3, 2, 2, 3],
    ],
  ])('localOrShuffle gives only to tasks on the same worker, if there are any: %j', (near, counts) => {
    const edges = near.map(() => new Edge(64, false, () => {}));
    const { push } = exitLink({
      exchange: { kind: 'localOrShuffle' },
      edges,
      context: { timestamp: 0, windowEnd: Number.NaN },
      anchors: new Anchors(new EdgeIds(1, 2)),
      reader: { uid: 'pass', place: undefined } as never,
      shuffleFrom: 2,
      isNear: (task) => near[task]!,
      directTask: () => 0,
      passes: undefined,
      losesUntracked: false,
    });
    for (let i = 0; i < 10; i++) push(i);
    expect(edges.map(({ ring }) => ring.tail)).toEqual(counts);
  });

  it('fields sends equal values to the same task, and uses several tasks', async () => {
    const { outputs } = await run(grouped((bolt, spout) => bolt.fieldsGrouping(spout, 'word')));
    const tasksOf = new Map<string, Set<number>>();
    for (const { word, task } of outputs['out'] as (Word & { task: number })[])
      tasksOf.set(word, (tasksOf.get(word) ?? new Set()).add(task));
    expect([...tasksOf.values()].map((tasks) => tasks.size)).toEqual(Array(10).fill(1));
    expect(new Set([...tasksOf.values()].flatMap((tasks) => [...tasks])).size).toBeGreaterThan(1);
  });

  it('fields of two names goes by both', async () => {
    const messages = [0, 1, 2, 3].flatMap((n) =>
      ['a', 'b'].map((word, i) => ({ id: `${n}${i}${word}`, values: { word, n } })),
    );
    const { outputs } = await run(
      grouped((bolt, spout) => bolt.fieldsGrouping(spout, 'word', 'n')),
      [...messages, ...messages.map((m) => ({ ...m, id: `${m.id}'` }))],
    );
    const tasksOf = new Map<string, Set<number>>();
    for (const { word, n, task } of outputs['out'] as (Word & { task: number })[])
      tasksOf.set(`${word}${n}`, (tasksOf.get(`${word}${n}`) ?? new Set()).add(task));
    expect([...tasksOf.values()].map((tasks) => tasks.size)).toEqual(Array(8).fill(1));
  });

  it('all gives every task every tuple, and the message is done when all are', async () => {
    const run1 = await run(grouped((bolt, spout) => bolt.allGrouping(spout)));
    expect(run1.executed).toEqual({ pass: [40, 40, 40, 40] });
    expect(run1.acked).toHaveLength(40);
  });

  it('global gives the first task everything', async () => {
    expect((await run(grouped((bolt, spout) => bolt.globalGrouping(spout)))).executed).toEqual({ pass: [40, 0, 0, 0] });
  });

  const direct = (tasks: number): Topology =>
    job((t, spout) => {
      const route = t
        .setBolt<Word, Word, { routed: Word }>(
          'route',
          () => ({
            execute: (tuple, out) => {
              out.emitDirect(tuple.values.n % tasks, 'routed', tuple.values, tuple);
              out.ack(tuple);
            },
          }),
          { streams: { routed: 'direct' } },
        )
        .shuffleGrouping(spout);
      t.setBolt<Word, Word>('end', acking, { parallelism: 4 }).directGrouping(route.stream('routed'));
    });

  it('direct lets the producer choose', async () => {
    expect((await run(direct(4), words(20))).executed).toEqual({ route: [20], end: [5, 5, 5, 5] });
  });

  it('a direct emit to a task that does not exist fails the job: the tuple would be lost in silence', async () => {
    await expect(run(direct(5), words(20))).rejects.toMatchObject({ code: 'RG036', operator: 'route' });
  });

  it('a bolt that is async is refused: what it does after its first await would not be tracked', async () => {
    const later = job((t, spout) => {
      const execute: Bolt<Word, Word>['execute'] = async (tuple, out) => out.ack(tuple);
      t.setBolt<Word, Word>('later', () => ({ execute })).shuffleGrouping(spout);
    });
    await expect(run(later, words(1))).rejects.toMatchObject({ code: 'RG031', operator: 'later' });
  });

  it('keep the order of each pair of tasks', async () => {
    const { outputs } = await run(
      grouped((bolt, spout) => bolt.fieldsGrouping(spout, 'word')),
      words(200, 3),
    );
    for (const word of ['w0', 'w1', 'w2']) {
      const numbers = (outputs['out'] as Word[]).filter((value) => value.word === word).map((value) => value.n);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});

describe('several streams', () => {
  it('go to who reads them, a bolt may read several, and a tuple says where it came from', async () => {
    const seen: string[] = [];
    const streams = job((t, spout) => {
      const split = t
        .setBolt<Word, Word, { even: Word; odd: Word }>(
          'split',
          () => ({
            execute: (tuple, out) => {
              out.emitTo(tuple.values.n % 2 === 0 ? 'even' : 'odd', tuple.values, tuple);
              out.ack(tuple);
            },
          }),
          { streams: { even: 'grouped', odd: 'grouped' } },
        )
        .shuffleGrouping(spout);
      t.setBolt<Word, Word>('both', () => ({
        execute: (tuple, out) => {
          seen.push(`${tuple.sourceComponent}/${tuple.sourceStream}/${tuple.sourceTask}: ${tuple.values.n}`);
          out.ack(tuple);
        },
      }))
        .shuffleGrouping(split.stream('even'))
        .shuffleGrouping(spout);
      split.stream('odd').to('odd', memory());
      t.setBolt<Word, Word>('default', acking).shuffleGrouping(split);
    });
    const { executed, outputs } = await runTuples(streams, { spouts: { words: { messages: words(4) } } });
    expect(executed).toEqual({ split: [4], both: [6], default: [0] });
    expect(outputs['odd']).toEqual([
      { word: 'w1', n: 1 },
      { word: 'w3', n: 3 },
    ]);
    expect(seen.toSorted()).toEqual([
      'split/even/0: 0',
      'split/even/0: 2',
      'words/default/0: 0',
      'words/default/0: 1',
      'words/default/0: 2',
      'words/default/0: 3',
    ]);
  });

  it('that are not declared, or of the other kind, fail the job with RG036', async () => {
    const emitting = (
      emit: (out: OutputCollector<Word, { further: Word; direct: Word }>, tuple: Tuple<Word>) => void,
    ) =>
      job((t, spout) => {
        const bolt = t
          .setBolt<Word, Word, { further: Word; direct: Word }>(
            'bolt',
            () => ({ execute: (tuple, out) => emit(out, tuple) }),
            { streams: { further: 'grouped', direct: 'direct' } },
          )
          .shuffleGrouping(spout);
        t.setBolt<Word, Word>('end', acking).shuffleGrouping(bolt.stream('further'));
        t.setBolt<Word, Word>('end2', acking).directGrouping(bolt.stream('direct'));
      });
    const run = (topology: ReturnType<typeof emitting>) =>
      runTuples(topology, { spouts: { words: { messages: words(1) } } });
    await expect(
      run(emitting((out, tuple) => out.emitTo('furhter' as 'further', tuple.values, tuple))),
    ).rejects.toMatchObject({ code: 'RG036', operator: 'bolt', hint: "did you mean 'further'?" });
    await expect(run(emitting((out, tuple) => out.emitTo('direct', tuple.values, tuple)))).rejects.toMatchObject({
      code: 'RG036',
    });
    await expect(
      run(emitting((out, tuple) => out.emitDirect(0, 'further', tuple.values, tuple))),
    ).rejects.toMatchObject({ code: 'RG036' });
  });
});

describe('anchors', () => {
  /** Holds tuples until there are two, then emits their pair anchored to both. `answer` says what becomes of the pairs. */
  const pairs = (answer: (tuple: Tuple<Word>, out: OutputCollector<Word>) => void) =>
    job((t, spout) => {
      const split = t
        .setBolt<Word, Word>('split', () => ({
          execute: (tuple, out) => {
            for (const n of [0, 1]) out.emit({ word: tuple.values.word, n }, tuple);
            out.ack(tuple);
          },
        }))
        .shuffleGrouping(spout);
      const pair = t
        .setBolt<Word, Word>(
          'pair',
          () => {
            const held: Tuple<Word>[] = [];
            return {
              execute: (tuple, out) => {
                held.push(tuple);
                if (held.length < 4) return;
                const all = held.splice(0);
                out.emit({ word: all.map(({ values }) => values.word).join('+'), n: 4 }, all);
                for (const each of all) out.ack(each);
              },
            };
          },
          { holdsTuples: true },
        )
        .shuffleGrouping(split);
      t.setBolt<Word, Word>('end', () => ({ execute: answer })).shuffleGrouping(pair);
    });
  const run = (topology: ReturnType<typeof pairs>, messages = words(2), more = {}, maxReplays = 3) =>
    runTuples(topology, { spouts: { words: { messages, maxReplays } }, messageTimeout: millis(100), ...more });

  it('hang a tuple at several trees, also twice at one', async () => {
    const { acked, failed, emitted } = await run(pairs((tuple, out) => out.ack(tuple)));
    expect(failed).toEqual([]);
    expect(acked.toSorted()).toEqual([0, 1]);
    expect(emitted.at(-1)).toMatchObject({ component: 'pair', values: { word: 'w0+w0+w1+w1' }, anchors: [0, 1] });
  });

  it('fail every tree of a failed tuple', async () => {
    let fails = 1;
    const { acked, failed } = await run(
      pairs((tuple, out) => (fails-- > 0 ? out.fail(tuple, 'once') : out.ack(tuple))),
    );
    expect(failed).toEqual([0, 1].map((id) => ({ id, reason: 'failed', component: 'end', message: 'once' })));
    expect(acked.toSorted()).toEqual([0, 1]);
  });

  it('keep trees open until a tuple at several trees is acked: losing that ack replays all of them', async () => {
    // Of a tuple in two trees two acks go out, one for each.
    const lost = { drop: 'ack', component: 'end', nth: 2 } as const;
    const { acked, failed } = await run(
      pairs((tuple, out) => out.ack(tuple)),
      words(2),
      { faults: [lost] },
      1,
    );
    expect(failed.filter(({ reason }) => reason !== 'timeout')).toEqual([]);
    // Only the tree whose ack was lost is replayed; its tuples then wait for a partner in vain.
    expect(new Set(failed.map(({ id }) => id)).size).toBe(1);
    expect(acked).toHaveLength(1);
  });

  it('are not there for an unanchored tuple: nobody waits for it', async () => {
    const unanchored = job((t, spout) => {
      const first = t
        .setBolt<Word, Word>('first', () => ({
          execute: (tuple, out) => {
            out.emitUnanchored(tuple.values);
            out.ack(tuple);
          },
        }))
        .shuffleGrouping(spout);
      t.setBolt<Word, Word>('never-acks', () => ({ execute: () => undefined })).shuffleGrouping(first);
    });
    const { acked, failed, executed, emitted } = await runTuples(unanchored, {
      spouts: { words: { messages: words(3) } },
    });
    expect([acked, failed, executed['never-acks']]).toEqual([[0, 1, 2], [], [3]]);
    expect(emitted.filter(({ component }) => component === 'first').map(({ anchors }) => anchors)).toEqual([
      [],
      [],
      [],
    ]);
  });
});

describe('answers', () => {
  const misusing = (execute: Bolt<Word, Word>['execute']) =>
    runTuples(
      job((t, spout) => void t.setBolt<Word, Word>('bolt', () => ({ execute })).shuffleGrouping(spout)),
      { spouts: { words: { messages: words(1) } } },
    );

  it.each<[string, Bolt<Word, Word>['execute']]>([
    ['acked twice', (tuple, out) => [out.ack(tuple), out.ack(tuple)]],
    ['acked and failed', (tuple, out) => [out.ack(tuple), out.fail(tuple)]],
    ['failed and acked', (tuple, out) => [out.fail(tuple), out.ack(tuple)]],
    ['anchored to after its ack', (tuple, out) => [out.ack(tuple), out.emit(tuple.values, tuple)]],
    ['that was never delivered', (tuple, out) => out.ack({ ...tuple })],
  ])('a tuple %s fails the job with RG036', async (_name, execute) => {
    await expect(misusing(execute)).rejects.toMatchObject({ code: 'RG036', operator: 'bolt' });
  });

  it('an error of a bolt fails the job, with its name and its cause', async () => {
    const cause = new Error('no rain');
    await expect(
      misusing(() => {
        throw cause;
      }),
    ).rejects.toMatchObject({ code: 'RG030', operator: 'bolt', cause });
  });

  it('with dead-letter an error fails the tuple, and the spout decides', async () => {
    let errors = 2;
    const { acked, failed } = await runTuples(
      job(
        (t, spout) =>
          void t
            .setBolt<Word, Word>('bolt', () => ({
              execute: (tuple, out) => {
                if (errors-- > 0) throw new Error('no rain');
                out.ack(tuple);
              },
            }))
            .shuffleGrouping(spout),
        { onError: 'dead-letter' },
      ),
      { spouts: { words: { messages: words(1) } } },
    );
    expect(failed).toEqual([
      { id: 0, reason: 'error', component: 'bolt' },
      { id: 0, reason: 'error', component: 'bolt' },
    ]);
    expect(acked).toEqual([0]);
  });

  it.each(['fail', 'dead-letter'] as const)(
    'a bolt that always throws is tried attemptsMax times, then onError %s',
    async (onError) => {
      let executions = 0;
      const always = job(
        (t, spout) =>
          void t
            .setBolt<Word, Word>('bolt', () => ({
              execute: () => {
                executions++;
                throw new Error('no rain');
              },
            }))
            .shuffleGrouping(spout),
        { onError, attemptsMax: 3 },
      );
      const run = runTuples(always, { spouts: { words: { messages: words(1), maxReplays: 10 } } });
      if (onError === 'fail') await expect(run).rejects.toMatchObject({ code: 'RG030', operator: 'bolt' });
      // Set aside, the message is over: its spout hears ack, so that it does not emit it for ever.
      else expect(await run).toMatchObject({ acked: [0], failed: { length: 3 } });
      expect(executions).toBe(3);
    },
  );

  it('an ack that comes after the message timed out changes nothing', async () => {
    const late = job((t, spout) => {
      let held: Tuple<Word> | undefined;
      t.setBolt<Word, Word>(
        'late',
        () => ({
          execute: (tuple, out) => {
            if (isTick(tuple)) return;
            // The first delivery is acked with the second one: its tree is over.
            if (held === undefined) held = tuple;
            else {
              out.ack(held);
              out.ack(tuple);
            }
          },
        }),
        { holdsTuples: true },
      ).shuffleGrouping(spout);
    });
    const { acked, failed } = await runTuples(late, {
      spouts: { words: { messages: words(1) } },
      messageTimeout: millis(50),
    });
    expect([acked, failed]).toEqual([[0], [{ id: 0, reason: 'timeout' }]]);
  });

  it.each([
    [true, 0, [0]],
    [false, 4, []],
  ] as const)('resetTimeout (%s) begins the timeout anew', async (resets, failures, acked) => {
    const holding = topology('holding', { batchInterval: millis(10) }, (t) => {
      const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
      t.setBolt<Word, Word>(
        'hold',
        () => {
          const held: { tuple: Tuple<Word>; ticks: number }[] = [];
          return {
            execute: (tuple, out) => {
              if (!isTick(tuple)) return void held.push({ tuple, ticks: 0 });
              for (const each of held) if (resets && each.ticks < 100) out.resetTimeout(each.tuple);
              // It holds each tuple for ten times the timeout.
              for (const each of held) if (++each.ticks === 100) out.ack(each.tuple);
            },
          };
        },
        { holdsTuples: true, tick: millis(10) },
      ).shuffleGrouping(spout);
    });
    const run = await runTuples(holding, { spouts: { words: { messages: words(1) } }, messageTimeout: millis(100) });
    expect(run.acked).toEqual(acked);
    expect(run.failed).toEqual(Array(failures).fill({ id: 0, reason: 'timeout' }));
  });
});

describe('ticks', () => {
  it('come at each multiple of their length', async () => {
    const seen: string[] = [];
    const ticking = job((t, spout) => {
      let held: Tuple<Word> | undefined;
      const execute = (tuple: Tuple<Word>, out: OutputCollector<Word>): void => {
        seen.push(`${isTick(tuple) ? 'tick' : tuple.values.word} at ${tuple.timestamp / 1_000} ms`);
        if (!isTick(tuple)) held = tuple;
        else if (held !== undefined) out.ack(held);
        if (isTick(tuple)) held = undefined;
      };
      t.setBolt<Word, Word>('hold', () => ({ execute }), { holdsTuples: true, tick: millis(250) }).shuffleGrouping(
        spout,
      );
    });
    await runTuples(ticking, {
      spouts: { words: { messages: words(3) } },
      maxSpoutPending: 1,
      until: { virtualMs: 1_000 },
    });
    expect(seen).toEqual([
      'w0 at 0 ms',
      'tick at 250 ms',
      'w1 at 250 ms',
      'tick at 500 ms',
      'w2 at 500 ms',
      'tick at 750 ms',
      'tick at 1000 ms',
    ]);
  });

  it('stand behind all tuples before them in every task, whichever tasks these came from', async () => {
    const seen = new Map<number, { time: number; isTick: boolean }[]>();
    const ticking = topology('ticking', { batchInterval: millis(10) }, (t) => {
      const spout = t.setSpout<Word>(
        'words',
        () => {
          let [n, calls] = [0, 0];
          return {
            nextTuple: (out) => {
              if (n === 60) return 'done';
              // An idle spout is asked again after a millisecond.
              if (++calls % 10 !== 0) return 'idle';
              out.emit({ word: `w${n % 7}`, n }, n++);
              return undefined;
            },
          };
        },
        { parallelism: 2 },
      );
      const pass = t.setBolt('pass', placing<Word>, { parallelism: 3 }).shuffleGrouping(spout);
      const last = (): Bolt<Word> => {
        const own: { time: number; isTick: boolean }[] = [];
        return {
          prepare: (_out, { task }) => void seen.set(task, own),
          execute: (tuple, out) => {
            own.push({ time: tuple.timestamp, isTick: isTick(tuple) });
            out.ack(tuple);
          },
        };
      };
      t.setBolt<Word, Word>('last', last, { parallelism: 2, tick: millis(20) }).fieldsGrouping(pass, 'word');
    });
    const run = await startVirtual(ticking, () => ({ mode: 'record' }));
    expect((await run.end()).acked).toBe(120);
    expect([...seen.values()].flat().filter(({ isTick }) => !isTick)).toHaveLength(120);
    for (const own of seen.values()) {
      const ticks = own.filter(({ isTick }) => isTick).map(({ time }) => time / 1_000);
      expect(ticks.length).toBeGreaterThan(10);
      expect(ticks).toEqual(ticks.map((_time, index) => (index + 1) * 20));
      for (const [at, { time, isTick }] of own.entries()) {
        if (!isTick) continue;
        const behind = own.slice(at).filter((tuple) => !tuple.isTick && tuple.time < time);
        expect(behind).toEqual([]);
      }
    }
  });

  it('reach a bolt that holds tuples also behind the end of the input', async () => {
    const counting = topology('counting', (t) => {
      const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
      t.setBolt<Word, { count: number; at: number }>(
        'count',
        () => {
          const held: Tuple<Word>[] = [];
          return {
            execute: (tuple, out) => {
              if (!isTick(tuple)) return void held.push(tuple);
              if (held.length > 0) out.emit({ count: held.length, at: tuple.timestamp }, held);
              for (const each of held.splice(0)) out.ack(each);
            },
          };
        },
        { holdsTuples: true, tick: seconds(2) },
      )
        .shuffleGrouping(spout)
        .to('counts', memory());
    });
    const { outputs, acked } = await runTuples(counting, { spouts: { words: { messages: words(3) } } });
    expect(outputs['counts']).toEqual([{ count: 3, at: 2_000_000 }]);
    expect(acked).toEqual([0, 1, 2]);
  });
});

it('a component is prepared before its first tuple and cleaned up after its last, each task once', async () => {
  const log: string[] = [];
  const living = job((t, spout) => {
    t.setBolt<Word, Word>(
      'bolt',
      () => {
        let name = '';
        return {
          prepare: (_out, { component, task, parallelism }) => {
            name = `${component} ${task}/${parallelism}`;
            log.push(`prepare ${name}`);
          },
          execute: (tuple, out) => {
            log.push(`execute ${name}`);
            out.ack(tuple);
          },
          cleanup: () => void log.push(`cleanup ${name}`),
        };
      },
      { parallelism: 2 },
    ).shuffleGrouping(spout);
  });
  await runTuples(living, { spouts: { words: { messages: words(2) } } });
  expect(log.slice(0, 2)).toEqual(['prepare bolt 0/2', 'prepare bolt 1/2']);
  expect(log.slice(2, 4).toSorted()).toEqual(['execute bolt 0/2', 'execute bolt 1/2']);
  expect(log.slice(4)).toEqual(['cleanup bolt 0/2', 'cleanup bolt 1/2']);
});

describe('a stream made of bolts', () => {
  it('goes on with the operators of streams, and back into a bolt', async () => {
    const mixed = topology('mixed', { batchInterval: micros(1_000) }, (t) => {
      const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
      const totals = t
        .setBolt<Word, Word & { task: number }>('pass', placing<Word>, { parallelism: 2 })
        .shuffleGrouping(spout)
        .map(({ word, n }) => [word, n] as const)
        .runningReduce({ uid: 'total', reduce: (a, b) => a + b });
      t.setBolt<readonly [string, number], { total: number }>('last', () => ({
        execute: (tuple, out) => {
          out.emit({ total: tuple.values[1] }, tuple);
          out.ack(tuple);
        },
      }))
        .globalGrouping(totals)
        .to('out', memory());
    });
    for (const parallelism of [1, 3]) {
      const run: TupleRun = await runTuples(mixed, { parallelism, spouts: { words: { messages: words(6, 1) } } });
      expect(run.acked).toHaveLength(6);
      expect((run.outputs['out'] as { total: number }[]).map(({ total }) => total).at(-1)).toBe(15);
      expect(Object.keys(run.executed)).toEqual(['pass', 'total', 'last']);
    }
  });
});
