import { millis } from '../../../src/core/time.js';
import { type RunOptions, run as runJob } from '../../../src/host/run.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import type { Block, PartitionReader } from '../../../src/runtime/source.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import { memory as memorySink } from '../../../src/topology/sink-specs.js';

/** What the cases use of a `ProcessContext`. */
export interface Context {
  readonly timestamp: number;
  readonly emit: (value: never) => void;
  readonly setTimer: (time: number) => void;
}

export async function go(
  build: (t: TopologyBuilder, sink: ReturnType<typeof memorySink>) => void,
  options: Partial<RunOptions> & { mode: 'record' | 'micro-batch' },
  settings = {},
  world = createSimulatedWorld(),
) {
  const sink = memorySink();
  const job = topology('job', { batchInterval: millis(10), ...settings }, (t) => build(t, sink as never));
  const result = await world.complete(runJob(job, { world, ...options }), 200_000);
  return { result, results: sink.results as unknown[], world };
}

/** A partition that is played poll by poll. */
export class Reader implements PartitionReader {
  failure = undefined;
  commits: number[] = [];
  i = 0;
  readonly steps: readonly ((block: Block) => void)[];
  constructor(steps: readonly ((block: Block) => void)[]) {
    this.steps = steps;
  }
  poll(block: Block) {
    this.steps[this.i++]?.(block);
  }
  onReady(wake: () => void) {
    wake();
  }
  commit(offset: number) {
    this.commits.push(offset);
  }
}
