/** Specs and traces for tests of the comparison: no connector behind them. */
import type { PartitionTrace, Trace } from '../../src/compare/trace.js';
import type { Heartbeat } from '../../src/runtime/source.js';
import type { SinkSpec, SourceSpec } from '../../src/topology/specs.js';

/** A record, or a heartbeat. */
export type Element = { readonly value: unknown; readonly at: number } | { readonly beat: number };

export function aSource<T>(partitions = 1): SourceSpec<T> {
  return {
    role: 'source',
    kind: 'memory',
    options: {},
    capabilities: { replayable: true, bounded: true, partitions, intake: 'range' },
  };
}

export function aSink(): SinkSpec<unknown> {
  return { role: 'sink', kind: 'memory', options: {}, capabilities: { guarantee: 'exactly-once', delivery: 'record' } };
}

/** The trace of sources given as lists of elements for each partition. */
export function traceOf(sources: Readonly<Record<string, readonly (readonly Element[])[]>>): Trace {
  return {
    sources: Object.entries(sources).map(([name, partitions]) => ({ name, partitions: partitions.map(partitionOf) })),
  };
}

function partitionOf(elements: readonly Element[]): PartitionTrace {
  const values: unknown[] = [];
  const timestamps: number[] = [];
  const heartbeats: Heartbeat[] = [];
  for (const element of elements) {
    if ('beat' in element) heartbeats.push({ at: values.length, watermark: element.beat });
    else {
      values.push(element.value);
      timestamps.push(element.at);
    }
  }
  return { values, timestamps: Float64Array.from(timestamps), heartbeats };
}
