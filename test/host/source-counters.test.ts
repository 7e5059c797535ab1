/** What sources count beside their records reaches the result of a run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/host/run.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { textFile } from '../../src/topology/source-specs.js';

async function counted(bytes: readonly number[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'raingauge-'));
  try {
    const path = join(folder, 'lines.txt');
    await writeFile(path, Uint8Array.from(bytes));
    const job = topology('lines', (t) => t.source('lines', textFile(path)).to('out', none()));
    return (await run(job, { mode: 'record' })).sourceCounters;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the counters of a source', () => {
  it('say how many lines were not valid UTF-8', async () => {
    expect(await counted([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62, 0x0a])).toEqual({ lines: { invalidUtf8Lines: 1 } });
  });

  it('are left out when there is nothing to say', async () => {
    expect(await counted([0x61, 0x0a])).toEqual({});
  });
});
