/** Settings of the micro-batch model that cannot be. */
import { describe, expect, it } from 'vitest';
import type { MicroBatchOptions } from '../../../src/executors/executor.js';
import { microBatchOptions } from '../../../src/executors/micro-batch/options.js';
import { run } from '../../../src/host/run.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';

describe('settings of micro-batches', () => {
  const refused: readonly [Partial<MicroBatchOptions>, number, string, string][] = [
    [{ concurrentJobs: 0 }, 2, 'RG011', 'concurrentJobs is 0'],
    [{ concurrentJobs: 1.5 }, 2, 'RG011', 'concurrentJobs is 1.5'],
    [{ concurrentJobs: 65 }, 2, 'RG011', 'from 1 to 64'],
    [{ concurrentJobs: 2 }, 0, 'RG019', 'in one thread'],
    [{ speculation: true }, 0, 'RG019', 'there is none'],
    [{ speculation: true }, 1, 'RG019', 'there is only one'],
    [{ speculationInterval: 0 }, 2, 'RG011', 'interval 0 us'],
    [{ speculationQuantile: 1.1 }, 2, 'RG011', 'quantile 1.1'],
    [{ speculationMultiplier: Number.NaN }, 2, 'RG011', 'multiplier NaN'],
  ];

  it.each(refused)('%j on %i workers are refused with %s', (given, workers, code, message) => {
    expect(() => microBatchOptions(given, workers)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('are Spark’s where nothing is given', () => {
    expect(microBatchOptions({}, 0)).toMatchObject({ concurrentJobs: 1, speculation: false, blockInterval: 200_000 });
    expect(microBatchOptions({ concurrentJobs: 2, speculation: true }, 2)).toMatchObject({ concurrentJobs: 2 });
  });

  it('are refused before anything is opened', async () => {
    const job = topology('opens', (t) => void t.source('in', memory([1])).to('out', none()));
    const opened: string[] = [];
    const openers = { source: () => opened.push('source') as never, sink: () => opened.push('sink') as never };
    const running = run(job, { mode: 'micro-batch', microBatch: { concurrentJobs: 2 }, openers });
    await expect(running).rejects.toMatchObject({ code: 'RG019' });
    expect(opened).toEqual([]);
  });
});
