/**
 * The oracle: evaluates a job on its whole input, one operator after the other, on complete arrays.
 *
 * It reads the graph before lowering, recomputes each window from all its records, and shares nothing with kernels or
 * executors but the user's functions. Slow and plain: the judge of both modes. `docs/semantics.md` is its law.
 */
import { encodeKey } from '../../core/keys.js';
import { BEGINNING } from '../../core/time.js';
import type { CallContext } from '../../topology/calls.js';
import {
  type CallNode,
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
import { timePartition } from './in-order.js';
import { byArrival, byKey, derive, groupBy, type Item, type KeyRun, magnitude, type Pair, type Whole } from './item.js';
import { outputsOf } from './operators.js';
import { lastEnd, type UserFunction } from './windows.js';

/** Why the oracle cannot judge this job, or undefined when it can. */
export function oracleAbsence(job: Topology): string | undefined {
  const component = job.graph.nodes.find((node) => node.kind === 'spout' || node.kind === 'bolt');
  return (
    component &&
    `${component.kind} '${component.uid}' is the user's own code on tuples: only running it says what it means`
  );
}

/** Evaluates a job. Ask `oracleAbsence` before. Rejects with whatever a user function throws. Calls have no time limit here. */
export async function evaluate(job: Topology, trace: Trace): Promise<OracleAnswer> {
  const evaluation = new Evaluation(job, trace);
  for (const node of job.graph.nodes) {
    if (isCall(node)) await evaluation.call(node);
    else evaluation.evaluate(node);
  }
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

  /** So many calls at a time; results stand where their records stood. */
  async call({ id, kind, input: ref, concurrency }: CallNode): Promise<void> {
    const input = this.#streams.get(streamName(ref))!;
    const user = this.#job.functions.get(functionId(id, kind)) as (value: unknown, context: CallContext) => unknown;
    const heard = (): CallContext => ({ signal: new AbortController().signal });
    const answer = async (value: unknown): Promise<unknown> =>
      kind === 'mapAsync' ? user(value, heard()) : [(value as Pair)[0], await user((value as Pair)[1], heard())];
    const items: Item[] = [];
    for (let from = 0; from < input.items.length; from += concurrency) {
      const some = input.items.slice(from, from + concurrency);
      const answers = await Promise.all(some.map((item) => answer(item.value)));
      items.push(...some.map((item, i) => derive(item, answers[i])));
    }
    this.#streams.set(streamName({ node: id, output: 'default' }), { ...input, items });
  }

  evaluate(node: Exclude<Node, CallNode>): void {
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

  /** A node's output streams by name. */
  #outputs(node: Exclude<Node, SinkNode | CallNode>): Readonly<Record<string, Whole>> {
    const inputs = inputsOf(node).map((ref) => this.#streams.get(streamName(ref))!);
    const user = (role: string) => this.#job.functions.get(functionId(node.id, role)) as UserFunction;
    switch (node.kind) {
      case 'source':
        return { default: this.#source(node) };
      case 'timestamps':
        return this.#timestamps(node, inputs[0]!, user('extract'));
      case 'spout':
      case 'bolt':
        throw new Error(oracleAbsence(this.#job));
      default: {
        const byEachKey = (run: (items: readonly Item[]) => KeyRun) => this.#byEachKey(node.uid, inputs[0]!, run);
        return outputsOf(node, inputs, user, byEachKey, this.#job.graph.settings.maxEmptyIntervals);
      }
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
    const slide = this.#job.graph.settings.batchInterval;
    return { items: byArrival(items), slide, highest, final, firstPartition: before };
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

function isCall(node: Node): node is CallNode {
  return node.kind === 'mapAsync' || node.kind === 'mapValuesAsync';
}

function most(times: readonly number[]): number {
  return times.reduce((top, time) => Math.max(top, time), BEGINNING);
}

function streamName({ node, output }: StreamRef): string {
  return `${node}:${output}`;
}
