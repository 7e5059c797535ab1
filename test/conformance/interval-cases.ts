/** Cases of operators, interval by interval: what is checked of each in every variant. */
import { expect, it } from 'vitest';
import { type Duration, millis } from '../../src/core/time.js';
import { type IntervalRun, runIntervals } from '../../src/testing/index.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';
import type { Variant } from './variants.js';

/** The batch interval of all cases. */
export const B = millis(10);
export const times = (count: number) => (count * B) as Duration;
export const add = (a: number, b: number) => a + b;
export const subtract = (total: number, left: number) => total - left;

export type Pair = readonly [string, number];
type Inputs = Readonly<Record<string, readonly (readonly unknown[])[]>>;

/** Anything that a case may end with. */
export type AnyStream = Stream<never> | Stream<unknown>;

export const numbers = (t: TopologyBuilder) => t.source('in', memory<number>([]));
export const numbers2 = (t: TopologyBuilder): Stream<number> => t.source('in2', memory<number>([]));
export const pairs = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in', memory<string, number>([]));
export const pairs2 = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in2', memory<string, number>([]));
export const a = (n: number): Pair => ['a', n];
export const b = (n: number): Pair => ['b', n];

/** A job, what comes in and what must come out of it in each interval, in any order. */
export interface Case {
  readonly name: string;
  readonly build: (t: TopologyBuilder) => AnyStream;
  readonly input: readonly (readonly unknown[])[];
  /** Of the source `in2`. */
  readonly input2?: readonly (readonly unknown[])[];
  readonly output: readonly (readonly unknown[])[];
  readonly settings?: Partial<JobSettings>;
}

/** Runs a stream as a job with one sink `out`. */
export function runner(variant: Variant) {
  return (
    build: Case['build'],
    inputs: Inputs,
    settings: Partial<JobSettings> = {},
    intervals?: number,
  ): Promise<IntervalRun> => {
    const job = topology('job', { batchInterval: B, ...settings }, (t) => {
      (build(t) as Stream<unknown>).to('out', none());
    });
    return runIntervals(job, { ...variant, inputs, ...(intervals === undefined ? {} : { intervals }) });
  };
}

/** What must come out; in one variant of each mode also that nothing comes of nothing, and that an early stop changes nothing before it. */
export function checkCases(cases: readonly Case[], variant: Variant): void {
  const run = runner(variant);
  const inputs = ({ input, input2 }: Case): Inputs => ({ in: input, ...(input2 === undefined ? {} : { in2: input2 }) });

  it.each(cases)('$name', async (each) => {
    const { outputs, outside } = await run(each.build, inputs(each), each.settings);
    expect(outputs['out']!.map(sorted)).toEqual(each.output.map(sorted));
    expect(outside).toEqual({ out: [] });
  });

  const isTypical = variant.parallelism === 2 && variant.chaining;
  it.each(cases.filter(() => isTypical))('$name: nothing comes of nothing', async ({ build, settings }) => {
    expect((await run(build, { in: [] }, settings, 4)).outputs['out']).toEqual([[], [], [], []]);
  });

  it.each(cases.filter(({ input }) => isTypical && input.length > 2))(
    '$name: says the same when it is stopped early',
    async (each) => {
      const { outputs } = await run(each.build, inputs(each), each.settings, each.output.length - 2);
      expect(outputs['out']!.map(sorted)).toEqual(each.output.slice(0, -2).map(sorted));
    },
  );
}

/** In an order of their own: within an interval none is promised. */
export function sorted(values: readonly unknown[]): readonly unknown[] {
  const name = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
  return values.toSorted((x, y) => (name(x) < name(y) ? -1 : 1));
}
