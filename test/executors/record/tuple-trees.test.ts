/** Random tuple trees through bolts that fail, throw, forget to ack, while tuples and acks get lost: what spouts hear. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prng } from '../../../src/core/prng.js';
import { millis } from '../../../src/core/time.js';
import type { RunningJob } from '../../../src/executors/executor.js';
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import { runTuples, type TupleFault } from '../../../src/testing/index.js';
import { ScriptedSpout } from '../../../src/testing/scripted-spout.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { MessageId, OutputCollector, Tuple } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { isLong } from '../../breadth.js';

interface Message {
  /** The message id: what the tuple belongs to. */
  readonly id: number;
  readonly path: string;
}

/** What a bolt does wrong, with the first `times` tuples of a message that it gets. */
interface Wrong {
  readonly message: number;
  readonly layer: number;
  readonly kind: 'fail' | 'throw' | 'forget';
  readonly times: number;
}

interface Layer {
  readonly tasks: number;
  readonly grouping: 'shuffle' | 'fields' | 'all' | 'global';
  readonly fanOut: number;
}

interface Trees {
  readonly messages: number;
  readonly layers: readonly Layer[];
  readonly wrongs: readonly Wrong[];
  readonly faults: readonly { readonly drop: 'tuple' | 'ack'; readonly layer: number; readonly nth: number }[];
  readonly maxReplays: number;
  readonly maxSpoutPending: number;
  readonly spoutTasks: number;
  readonly ackers: number;
}

const trees: fc.Arbitrary<Trees> = fc.record({
  messages: fc.integer({ min: 1, max: 10 }),
  layers: fc.array(
    fc.record({
      tasks: fc.integer({ min: 1, max: 3 }),
      grouping: fc.constantFrom('shuffle', 'fields', 'all', 'global'),
      fanOut: fc.nat(3),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  wrongs: fc.array(
    fc.record({
      message: fc.nat(9),
      layer: fc.nat(2),
      kind: fc.constantFrom('fail', 'throw', 'forget'),
      times: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 4 },
  ),
  faults: fc.array(
    fc.record({ drop: fc.constantFrom('tuple', 'ack'), layer: fc.nat(2), nth: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 3 },
  ),
  maxReplays: fc.nat(5),
  maxSpoutPending: fc.integer({ min: 1, max: 4 }),
  spoutTasks: fc.integer({ min: 1, max: 2 }),
  ackers: fc.integer({ min: 1, max: 3 }),
});

/** Spout, then the layers in a row, then a sink. Tells `hit` of each wrong that happened. */
function jobOf({ layers, wrongs, spoutTasks }: Trees, hit: (wrong: Wrong) => void): Topology {
  return topology('trees', { onError: 'dead-letter', attemptsMax: 100 }, (t) => {
    let stream = t.setSpout<Message>('spout', () => ({ nextTuple: () => 'done' }), { parallelism: spoutTasks });
    layers.forEach(({ tasks, grouping, fanOut }, layer) => {
      const left = wrongs.filter((wrong) => wrong.layer === layer).map((wrong) => ({ wrong, times: wrong.times }));
      const execute = (tuple: Tuple<Message>, out: OutputCollector<Message>): void => {
        const { id, path } = tuple.values;
        const due = left.find(({ wrong, times }) => wrong.message === id && times > 0);
        for (let child = 0; child < fanOut; child++) out.emit({ id, path: `${path}.${child}` }, tuple);
        if (due === undefined) return out.ack(tuple);
        due.times--;
        hit(due.wrong);
        if (due.wrong.kind === 'fail') out.fail(tuple, 'on purpose');
        if (due.wrong.kind === 'throw') throw new Error('on purpose');
      };
      const bolt = t.setBolt<Message, Message>(`layer${layer}`, () => ({ execute }), { parallelism: tasks });
      const from = stream;
      stream = {
        shuffle: () => bolt.shuffleGrouping(from),
        fields: () => bolt.fieldsGrouping(from, 'path'),
        all: () => bolt.allGrouping(from),
        global: () => bolt.globalGrouping(from),
      }[grouping]();
    });
    stream.to('out', memory());
  });
}

it('replay the message of a failed, lost or forgotten branch and only that; nothing is acked twice or lost', async () => {
  await fc.assert(
    fc.asyncProperty(trees, async (recipe) => {
      const { layers, maxReplays, maxSpoutPending, ackers } = recipe;
      const hits: Wrong[] = [];
      const job = jobOf(recipe, (wrong) => hits.push(wrong));
      const messages = Array.from({ length: recipe.messages }, (_, id) => ({ id, values: { id, path: String(id) } }));
      const faults = recipe.faults
        .filter(({ layer }) => layer < layers.length)
        .map(({ drop, layer, nth }): TupleFault => ({ drop, component: `layer${layer}`, nth }));
      const run = await runTuples(job, {
        spouts: { spout: { messages, maxReplays } },
        faults,
        maxSpoutPending,
        ackers,
        messageTimeout: millis(500),
      });

      const ids = messages.map(({ id }) => id);
      expect(new Set(run.acked).size, 'acked twice').toBe(run.acked.length);
      for (const id of ids) {
        const emissions = run.emitted.filter(
          ({ component, anchors }) => component === 'spout' && anchors[0] === id,
        ).length;
        const failures = run.failed.filter((failure) => failure.id === id);
        const wrongs = hits.filter((wrong) => wrong.message === id);
        expect(emissions, `emissions of ${id}`).toBe(1 + Math.min(failures.length, maxReplays));
        expect(run.acked.includes(id), `${id} is acked unless it failed too often`).toBe(failures.length <= maxReplays);
        if (faults.length === 0)
          expect(failures.length > 0, `${id} failed because something went wrong with it`).toBe(wrongs.length > 0);
        for (const { reason, component } of failures) {
          if (reason === 'timeout')
            expect(wrongs.some(({ kind }) => kind === 'forget') || faults.length > 0).toBe(true);
          else
            expect(
              wrongs.map(({ kind, layer }) => [kind === 'throw' ? 'error' : 'failed', `layer${layer}`]),
            ).toContainEqual([reason, component]);
        }
        const leaves = layers.reduce(
          (count, layer) => count * layer.fanOut * (layer.grouping === 'all' ? layer.tasks : 1),
          1,
        );
        const results = run.outputs['out']!.filter((value) => (value as Message).id === id).length;
        if (failures.length === 0) expect(results, `results of ${id}`).toBe(leaves);
        else if (run.acked.includes(id)) expect(results).toBeGreaterThanOrEqual(leaves);
      }
      for (const { component, values, anchors } of run.emitted)
        if (component !== 'spout') expect(anchors).toEqual([(values as Message).id]);
    }),
    { numRuns: isLong ? 3_000 : 120, seed: 1 },
  );
});

it('never have more pending than maxSpoutPending, and lose nothing with one ack in N lost at random', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1_000_000),
      fc.integer({ min: 2, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 3 }),
      async (seed, oneIn, maxSpoutPending, spoutTasks) => {
        const random = prng(seed);
        const layers: Layer[] = [
          { tasks: 2, grouping: 'shuffle', fanOut: 2 },
          { tasks: 3, grouping: 'fields', fanOut: 1 },
        ];
        const job = jobOf({ layers, wrongs: [], spoutTasks } as unknown as Trees, () => undefined);
        const messages = Array.from({ length: 40 }, (_, id) => ({ id, values: { id, path: String(id) } }));
        const acked: MessageId[] = [];
        const spouts = { create: () => new ScriptedSpout({ messages, maxReplays: 1_000 }, (id) => acked.push(id)) };
        const sink = new CapturedSink('record');
        let highest = 0;
        let running: RunningJob | undefined;
        const run = await startVirtual(
          { graph: job.graph, functions: new Map([...job.functions, ['0:create', spouts.create]]) },
          () => ({
            mode: 'record',
            writers: new Map([['out', sink]]),
            record: { maxSpoutPending, messageTimeout: millis(100), ringCapacity: 4, ackers: spoutTasks },
            channels: {
              tuples: () => () => {
                highest = Math.max(highest, running?.progress().pending ?? 0);
                return true;
              },
              acks: (_component, send) => (root, generation, high, low) => {
                if (random.below(oneIn) !== 0) send(root, generation, high, low);
              },
            },
          }),
          { seed },
        );
        running = run.job;
        const result = await run.end();
        expect(result.error).toBeUndefined();
        expect(acked.toSorted((a, b) => Number(a) - Number(b))).toEqual(messages.map(({ id }) => id));
        expect(highest).toBeLessThanOrEqual(maxSpoutPending * spoutTasks);
        const paths = new Set(sink.results.map(({ value }) => (value as Message).path));
        expect(paths.size).toBe(80);
      },
    ),
    { numRuns: isLong ? 500 : 30, seed: 1 },
  );
});
