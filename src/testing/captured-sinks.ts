/** Captures for every sink of a job, as its plan delivers to them. */
import { compile } from '../plan/compile.js';
import type { PlanOptions, SinkOperator } from '../plan/plan.js';
import type { Topology } from '../topology/graph.js';
import { CapturedSink } from './captured-sink.js';

/** One capture for each sink, by name. @throws StreamErrors for a job that does not compile. */
export function captureSinks(topology: Topology, options: PlanOptions): ReadonlyMap<string, CapturedSink> {
  const sinks = compile(topology, options).operators.filter(
    (operator): operator is SinkOperator => operator.kind === 'sink',
  );
  return new Map(sinks.map(({ name, delivery }) => [name, new CapturedSink(delivery)]));
}
