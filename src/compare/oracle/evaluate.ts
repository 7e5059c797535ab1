/**
 * The oracle: evaluates a job on its whole input, one operator after the other, on complete arrays.
 *
 * It reads the graph before lowering, recomputes each window from all its records, and shares nothing with kernels or
 * executors but the user's functions. Slow and plain: the judge of both modes. `docs/semantics.md` is its law.
 */
import { unreachable } from '../../core/assert.js';
import { encodeKey, type Key } from '../../core/keys.js';
import { BEGINNING } from '../../core/time.js';
import {
  functionId,
  inputsOf,
  type Node,
  type SinkNode,
  type SourceNode,
  type StreamRef,
  type TimestampsNode,
  type Topology,
} from '../../topology/graph.js';
import type { Trace } from '../trace.js';
import type { OracleAnswer, OracleResult, OracleState } from './answer.js';
import { processKey, runKey, timePartition } from './in-order.js';
import { byArrival, byKey, derive, groupBy, type Item, type KeyRun, magnitude, type Pair, type Whole } from './item.js';
import { countWindows, lastEnd, reduceKeepingKeys, reduceWindows, type UserFunction, updateKey } from './windows.js';

/** Why the oracle cannot judge this job, or undefined when it can. */
export function oracleAbsence(job: Topology): string | undefined {
  const component = job.graph.nodes.find((node) => node.kind === 'spout' || node.kind === 'bolt');
  return (
    component &&
    `${component.kind} '${component.uid}' is the user's own code on tuples: only running it says what it means`
  );
}

/** Evaluates a job. Ask `oracleAbsence` before. Throws whatever a user function throws. */
export function evaluate(job: Topology, trace: Trace): OracleAnswer {
  const evaluation = new Evaluation(job, trace);
  for (const node of job.graph.nodes) evaluation.evaluate(node);
  // Not the evaluation itself: it holds every stream between.
  const { sinks, lastEnds, states, late } = evaluation;
  return { sinks, lastEnds, states, late };
}

class Evaluation implements OracleAnswer {
  readonly sinks = new Map<string, readonly OracleResult[]>();
  readonly lastEnds = new Map<string, number>();
  readonly states = new Map<string, ReadonlyMap<string, OracleState>>();
  readonly late = new Map<string, readonly OracleResult[]>();
  readonly #streams = new Map<string, Whole>();
  readonly #job: Topology;
  readonly #trace: Trace;

  constructor(job: Topology, trace: Trace) {
    this.#job = job;
    this.#trace = trace;
  }

  evaluate(node: Node): void {
    if (node.kind === 'sink') {
      const input = this.#streams.get(streamName(node.input))!;
      this.sinks.set(node.name, input.items);
      this.lastEnds.set(node.name, lastEnd(input, input.slide));
      return;
    }
    for (const [output, stream] of Object.entries(this.#outputs(node))) {
      this.#streams.set(streamName({ node: node.id, output }), stream);
    }
  }

  /** A node's output streams by name: one case an operator. */
  #outputs(node: Exclude<Node, SinkNode>): Readonly<Record<string, Whole>> {
    const inputs = inputsOf(node).map((ref) => this.#streams.get(streamName(ref))!);
    const input = inputs[0]!;
    const emptyMax = this.#job.graph.settings.maxEmptyIntervals;
    const user = (role: string) => this.#job.functions.get(functionId(node.id, role)) as UserFunction;
    const give = (items: readonly Item[], more: Partial<Whole> = {}) => ({ default: { ...input, ...more, items } });
    const narrow = (expand: (value: never) => Iterable<unknown>) =>
      give(input.items.flatMap((item) => Array.from(expand(item.value as never), (value) => derive(item, value))));
    const byEachKey = (run: (items: readonly Item[]) => KeyRun) => give(this.#byEachKey(node.uid, input, run));

    switch (node.kind) {
      case 'source':
        return { default: this.#source(node) };
      case 'map':
        return narrow((value) => [user('map')(value)]);
      case 'flatMap':
        return narrow((value) => user('flatMap')(value));
      case 'filter':
        return narrow((value) => (user('filter')(value) ? [value] : []));
      case 'keyBy':
        return narrow((value) => [[user('keyBy')(value), value]]);
      case 'mapValues':
        return narrow(([key, value]: Pair) => [[key, user('mapValues')(value)]]);
      case 'flatMapValues':
        return narrow(([key, value]: Pair) => pairWithEach(key, user('flatMapValues')(value)));
      case 'union': {
        const highest = Math.max(...inputs.map((each) => each.highest));
        const final = Math.max(...inputs.map((each) => each.final));
        return give(byArrival(inputs.flatMap((each) => each.items)), { highest, final });
      }
      case 'branch': {
        const arms = groupBy(input.items, (item) => node.arms.find((arm) => user(`arm:${arm}`)(item.value)));
        return Object.fromEntries(node.arms.map((arm) => [arm, { ...input, items: arms.get(arm) ?? [] }]));
      }
      case 'timestamps':
        return this.#timestamps(node, input, user('extract'));
      case 'reduceByKey':
        return give(reduceWindows(input, input.slide, input.slide, user('reduce')));
      case 'countByValue':
        return give(reduceWindows(countable(input), input.slide, input.slide, sum));
      case 'count':
        return give(countWindows(input, input.slide, input.slide, emptyMax));
      case 'countByWindow': {
        const slide = node.slide ?? input.slide;
        return give(countWindows(input, node.window, slide, emptyMax), { slide });
      }
      case 'reduceByKeyAndWindow': {
        const slide = node.slide ?? input.slide;
        const results =
          node.keepEmptyKeys && node.inverse
            ? reduceKeepingKeys(input, [node.window, slide], user('reduce'), user('inverse'), emptyMax)
            : reduceWindows(input, node.window, slide, user('reduce'));
        return give(results, { slide });
      }
      case 'runningReduce':
        return byEachKey((items) => runKey(items, user('reduce')));
      case 'updateStateByKey':
        return byEachKey((items) => updateKey(input, items, user('update'), emptyMax));
      case 'process':
        return byEachKey((items) => processKey(items, user('onRecord'), user('onTimer'), input.final));
      case 'spout':
      case 'bolt':
        throw new Error(oracleAbsence(this.#job));
      default:
        return unreachable(node);
    }
  }

  #source({ name }: SourceNode): Whole {
    const index = this.#trace.sources.findIndex((source) => source.name === name);
    const before = this.#trace.sources.slice(0, index).flatMap((source) => source.partitions).length;
    const { partitions } = this.#trace.sources[index] ?? { partitions: [] };
    const items = partitions.flatMap(({ values, timestamps }, i) =>
      values.map((value, sequence): Item => {
        const timestamp = timestamps[sequence]!;
        const place = { arrival: timestamp, partition: before + i, sequence };
        return { value, timestamp, windowEnd: Number.NaN, ...place, scale: magnitude(value) };
      }),
    );
    const highest = most(items.map((item) => item.timestamp));
    const final = most([highest, ...partitions.map(({ heartbeats }) => heartbeats.at(-1)?.watermark ?? BEGINNING)]);
    return { items: byArrival(items), slide: this.#job.graph.settings.batchInterval, highest, final };
  }

  #timestamps(node: TimestampsNode, input: Whole, extract: UserFunction): Readonly<Record<string, Whole>> {
    const partitions = this.#trace.sources.flatMap((source) => source.partitions);
    const timed = [...groupBy(input.items, (item) => item.partition)].map(([partition, items]) =>
      timePartition(items, partitions[partition]!.heartbeats, extract, node.maxOutOfOrderness, node.idleTimeout),
    );
    const kept = byArrival(timed.flatMap((each) => each.kept));
    const late = byArrival(timed.flatMap((each) => each.late));
    this.late.set(node.uid, late);
    const progress = { highest: most(timed.map((each) => each.highest)), final: most(timed.map((each) => each.final)) };
    return { default: { ...input, ...progress, items: kept }, late: { ...input, ...progress, items: late } };
  }

  /** Runs each key by itself, and keeps its final state. */
  #byEachKey(uid: string, input: Whole, run: (items: readonly Item[]) => KeyRun): readonly Item[] {
    const states = new Map<string, OracleState>();
    const results = byKey(input.items).flatMap((items) => {
      const key = (items[0]!.value as Pair)[0];
      const { results, state } = run(items);
      const scale = items.reduce((total, item) => total + item.scale, 0);
      if (state !== undefined) states.set(encodeKey(key), { key, value: state, scale });
      return results;
    });
    this.states.set(uid, states);
    return byArrival(results);
  }
}

function pairWithEach(key: Key, values: Iterable<unknown>): readonly unknown[] {
  return Array.from(values, (value) => [key, value]);
}

function countable(input: Whole): Whole {
  return { ...input, items: input.items.map((item) => ({ ...item, value: [item.value, 1], scale: 1 })) };
}

function sum(a: number, b: number): number {
  return a + b;
}

function most(times: readonly number[]): number {
  return times.reduce((top, time) => Math.max(top, time), BEGINNING);
}

function streamName({ node, output }: StreamRef): string {
  return `${node}:${output}`;
}
