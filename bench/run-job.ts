/** Runs one job of the engine to its end, or says why it did not get there. */
import { type RunOptions, run, type Topology } from 'raingauge';

export type JobResult = Awaited<ReturnType<typeof run>>;

/** The micro-batch mode without waiting: 10 k records a batch, the next as soon as the last is done. */
export const MICRO_BATCH: RunOptions = {
  mode: 'micro-batch',
  microBatch: { trigger: 'available', batchRecordsMax: 10_000, blockRecordsMax: 10_000 },
};

/** @throws Error unless the job finished. */
export async function runToEnd(job: Topology, options: RunOptions): Promise<JobResult> {
  const result = await run(job, options);
  if (result.outcome !== 'finished') throw result.error ?? new Error(`the job ended as ${result.outcome}`);
  return result;
}
