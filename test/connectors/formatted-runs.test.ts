/** Sources whose records have a format, in whole jobs: `folder` and `tcp`, in both modes. */
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunOptions, run } from '../../src/host/run.js';
import { millis, topology } from '../../src/index.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { folder } from '../../src/topology/file-specs.js';
import { bytes, csv, type FormatSpec, json } from '../../src/topology/formats.js';
import { memory } from '../../src/topology/sink-specs.js';
import { tcp } from '../../src/topology/source-specs.js';
import type { SourceSpec } from '../../src/topology/specs.js';

interface Order {
  readonly id: string;
  readonly of: string;
}

/** Two frames: a length of four bytes, then so many bytes. */
const FRAMES = Uint8Array.of(0, 0, 0, 2, 7, 0xff, 0, 0, 0, 1, 10);
const ORDERS: readonly Order[] = [
  { id: '7', of: 'rain, heavy' },
  { id: '8', of: 'sun' },
];

/** What is read, its format, and what the records are, as text. */
const INPUTS: readonly (readonly [string, string | Uint8Array, FormatSpec<unknown>, readonly unknown[]])[] = [
  ['bytes', FRAMES, bytes(), [[7, 0xff], [10]]],
  [
    'bytes of one length',
    Uint8Array.of(1, 2, 3, 4),
    bytes({ recordLength: 2 }),
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['csv', '7,"rain, heavy"\n8,sun\n', csv({ columns: ['id', 'of'] }), ORDERS],
  ['csv with a header', 'id,of\n7,"rain, heavy"\n8,sun\n', csv({ header: true, columns: ['id', 'of'] }), ORDERS],
  ['json', `${ORDERS.map((order) => JSON.stringify(order)).join('\n')}\n`, json(), ORDERS],
];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port whose every connection gets this and is closed. */
async function serving(content: string | Uint8Array): Promise<number> {
  const server = createServer((socket) => void socket.on('error', () => undefined).end(content));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { readonly port: number }).port;
}

/** The records of a source, with those that did not decode. */
async function recordsOf(
  source: SourceSpec<unknown>,
  options: RunOptions,
  complete: <T>(promise: Promise<T>) => Promise<T> = (promise) => promise,
) {
  const sink = memory<unknown>();
  const job = topology('formatted', { batchInterval: millis(10), onError: 'dead-letter' }, (t) => {
    t.source('in', source)
      .map((value) => (value instanceof Uint8Array ? [...value] : value))
      .to('out', sink);
  });
  const { outcome, error, deadLetters } = await complete(run(job, options));
  return { outcome, error, records: sink.results, setAside: deadLetters.map((letter) => letter.error.message) };
}

describe.each(['micro-batch', 'record'] as const)('%s', (mode) => {
  it.each(INPUTS)('a folder of %s', async (_what, content, format, records) => {
    const world = createSimulatedWorld({ files: { 'in/a': content, 'in/b': content } });
    const ran = await recordsOf(folder('in', { once: true, format }), { mode, world }, (job) => world.complete(job));
    expect(ran).toEqual({ outcome: 'finished', error: undefined, records: [...records, ...records], setAside: [] });
  });

  it.each(INPUTS)('%s over TCP', async (_what, content, format, records) => {
    const source = tcp({ host: '127.0.0.1', port: await serving(content), onClose: 'end', format });
    expect(await recordsOf(source, { mode })).toEqual({ outcome: 'finished', error: undefined, records, setAside: [] });
  });

  it('what does not decode is set aside, from either', async () => {
    const format = csv({ columns: ['id', 'of'] });
    const content = '7,"rain, heavy"\n1,2,3\n8,sun\n';
    const world = createSimulatedWorld({ files: { 'in/a': content } });
    const read = await recordsOf(folder('in', { once: true, format }), { mode, world }, (job) => world.complete(job));
    const port = await serving(content);
    const heard = await recordsOf(tcp({ host: '127.0.0.1', port, onClose: 'end', format }), { mode });
    for (const { outcome, records, setAside } of [read, heard]) {
      expect([outcome, records]).toEqual(['finished', ORDERS]);
      expect(setAside).toEqual([expect.stringContaining('has 3 fields, but there are 2 columns')]);
    }
  });
});
