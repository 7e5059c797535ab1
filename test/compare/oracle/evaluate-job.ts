/** Evaluates small jobs by the oracle. Times are microseconds, the batch interval is 10. */
import { evaluate } from '../../../src/compare/oracle/evaluate.js';
import type { Duration } from '../../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { SinkSpec } from '../../../src/topology/specs.js';
import { aSink, aSource, type Element, traceOf } from '../memory-ends.js';

/** A stream of whatever. */
export interface AnyStream {
  to(name: string, sink: SinkSpec<never>): unknown;
}

export const us = (count: number) => count as Duration;

/** Evaluates a job of one sink `out`; results as `[value, timestamp]`, or `[value, end, 'window']`. */
export async function results(
  sources: Readonly<Record<string, readonly (readonly Element[])[]>>,
  build: (t: TopologyBuilder) => AnyStream,
  settings: { readonly maxEmptyIntervals?: number } = {},
) {
  const job = topology('job', { batchInterval: us(10), ...settings }, (t) => {
    build(t).to('out', aSink());
  });
  const answer = await evaluate(job, traceOf(sources));
  const out = answer.sinks
    .get('out')!
    .map(({ value, timestamp, windowEnd }) =>
      Number.isNaN(windowEnd) ? [value, timestamp] : [value, windowEnd, 'window'],
    );
  return { out, answer };
}

export const pairs = (...elements: (readonly [key: string, value: number, at: number])[]): Element[] =>
  elements.map(([key, value, at]) => ({ value: [key, value], at }));
export const numbers = (...elements: (readonly [value: number, at: number])[]): Element[] =>
  elements.map(([value, at]) => ({ value, at }));
export const keyed = (t: TopologyBuilder) => t.source('in', aSource<readonly [string, number]>());
export const plain = (t: TopologyBuilder) => t.source('in', aSource<number>());
export const add = (a: number, b: number) => a + b;
