/** Storm's numbers of components: the same job counts the same in both modes. */
import { describe, expect, it } from 'vitest';
import { formatSummary } from '../../../src/cli/run-summary.js';
import type { ComponentStats, JobResult } from '../../../src/executors/executor.js';
import { run } from '../../../src/host/run.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { MessageId, SpoutCollector } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import { memory as memorySink } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;

/** A spout of the numbers up to `count`; those that are failed come again once. */
class Numbers {
  readonly #due: number[];
  readonly #again = new Set<MessageId>();

  constructor(count: number) {
    this.#due = Array.from({ length: count }, (_, n) => n);
  }

  nextTuple(out: SpoutCollector<N>): 'done' | undefined {
    const n = this.#due.shift();
    if (n === undefined) return 'done';
    out.emit({ n }, n);
    return undefined;
  }

  fail(id: MessageId): void {
    if (this.#again.has(id)) return;
    this.#again.add(id);
    this.#due.push(id as number);
  }
}

/** A spout, a bolt with two tasks that doubles, one that takes each tuple in both of its tasks, and a count by key. */
function numbered(count: number, fails: (n: number) => boolean = () => false): Topology {
  return topology('numbered', { attemptsMax: 1 }, (t) => {
    const numbers = t.setSpout<N>('numbers', () => new Numbers(count));
    const twice = t
      .setBolt<N, N>(
        'twice',
        () => ({
          execute: (tuple, out) => {
            if (fails(tuple.values.n)) return out.fail(tuple, 'bad');
            out.emit(tuple.values, tuple);
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }),
        { parallelism: 2 },
      )
      .fieldsGrouping(numbers, 'n');
    t.setBasicBolt<N, N>('all', () => ({ execute: () => {} }), { parallelism: 2 })
      .allGrouping(twice)
      .to('all', memorySink());
    twice
      .map(({ n }) => n % 3)
      .countByValue({ uid: 'counts' })
      .to('counts', memorySink());
  });
}

async function resultOf(job: Topology, mode: (typeof MODES)[number]): Promise<JobResult> {
  const result = await (await startVirtual(job, () => ({ mode }))).end();
  if (result.error !== undefined) throw result.error;
  return result;
}

const figures = ({ components }: JobResult): Record<string, Partial<ComponentStats>> =>
  Object.fromEntries(
    components.map(({ component, tasks, emitted, executed, acked, failed }) => [
      component,
      { tasks, emitted, executed, acked, failed },
    ]),
  );

describe.each(MODES)('%s', (mode) => {
  it('counts emits, executions and answers of each component', async () => {
    const result = await resultOf(numbered(20), mode);
    expect(figures(result)).toEqual({
      numbers: { tasks: 1, emitted: 20, executed: 20, acked: 20, failed: 0 },
      twice: { tasks: 2, emitted: 40, executed: 20, acked: 20, failed: 0 },
      all: { tasks: 2, emitted: 0, executed: 80, acked: 80, failed: 0 },
      counts: { tasks: 1, emitted: 0, executed: expect.any(Number) as number, acked: 0, failed: 0 },
    });
    const by = new Map(result.components.map((stats) => [stats.component, stats]));
    // Each tuple to both tasks of `all`, and what record mode gives to `counts` one by one micro-batches combine by key first.
    expect(by.get('twice')!.transferred).toBe(80 + by.get('counts')!.executed);
    expect(by.get('twice')!.executedByTask.every((executed) => executed > 0)).toBe(true);
    expect(by.get('numbers')!.transferred).toBe(20);
    expect(result).toMatchObject({ acked: 20, failed: 0 });
  });

  it('counts failed messages, and what was done again', async () => {
    const result = await resultOf(
      numbered(4, (n) => n === 2),
      mode,
    );
    expect(result).toMatchObject({ acked: 3, failed: 2 });
    const { numbers, twice } = figures(result);
    expect(numbers).toMatchObject({ emitted: 5, acked: 3, failed: 2 });
    expect(twice!.failed).toBeGreaterThanOrEqual(2);
    expect(twice!.executed).toBeGreaterThanOrEqual(5);
  });

  it('takes the time from emit to ack', async () => {
    const { components } = await resultOf(numbered(20), mode);
    const latency = components.find(({ component }) => component === 'numbers')!.completeLatency;
    // As micro-batches a message waits for its batch, whose interval is a second.
    if (mode === 'micro-batch') expect(latency).toBeGreaterThan(0);
    expect(latency).toBeLessThanOrEqual(1_000_000);
  });

  it('takes how long tuples are executed and until they are answered, and how busy that makes the tasks', async () => {
    const [first, then, TASKS, count] = [100, 200, 2, 5];
    // Time goes on only where the bolt works: the clock of the World is ahead by that.
    let worked = 0;
    const simulated = createSimulatedWorld();
    const world = { ...simulated, clock: { now: () => simulated.clock.now() + worked } };
    const job = topology('slow', (t) => {
      const numbers = t.setSpout<N>('numbers', () => new Numbers(count), { maxSpoutPending: 1 });
      t.setBolt<N, N>(
        'slow',
        () => ({
          execute: (tuple, out) => {
            worked += first;
            out.ack(tuple);
            worked += then;
          },
        }),
        { parallelism: TASKS },
      ).fieldsGrouping(numbers, 'n');
    });
    const { components, acked, error } = await simulated.complete(run(job, { world, mode }));
    expect([acked, error]).toEqual([count, undefined]);
    const by = new Map(components.map((stats) => [stats.component, stats]));
    const { executeLatency, processLatency, capacity } = by.get('slow')!;
    expect([executeLatency, processLatency]).toEqual([first + then, first]);
    expect(capacity).toBeCloseTo((count * (first + then)) / (world.clock.now() * TASKS), 9);
    // Record at a time the acker hears of the ack at once; a batch tells of it when it is done.
    expect(by.get('numbers')!.completeLatency).toBeGreaterThanOrEqual(mode === 'record' ? first : first + then);
  });

  it('the summary has a line for each component', async () => {
    const text = formatSummary('numbered', await resultOf(numbered(20), mode), {}, false);
    const lines = text.split('\n').filter((line) => /^ {2}(component|numbers|twice|all|counts) /.test(line));
    expect(lines.map((line) => line.trim().split(/ +/).slice(0, 3))).toEqual([
      ['component', 'tasks', 'emitted'],
      ['numbers', '1', '20'],
      ['twice', '2', '40'],
      ['all', '2', '0'],
      ['counts', '1', '0'],
    ]);
    expect(text.includes('batches') || text.includes(' batch;')).toBe(mode === 'micro-batch');
  });
});

it('a job without spouts and bolts has no numbers as micro-batches: its figures are those of batches', async () => {
  const job = topology('plain', (t) => {
    t.source('in', memory([1, 2]))
      .map((n) => n)
      .to('out', memorySink());
  });
  expect((await resultOf(job, 'micro-batch')).components).toEqual([]);
});
