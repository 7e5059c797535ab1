/** Runs the conformance cases of sources against each connector. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { openHttpSource } from '../../src/connectors/http-source.js';
import { openSource } from '../../src/connectors/open-source.js';
import { openTcpServerSource } from '../../src/connectors/tcp-server-source.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import type { RawPartition, RawSource } from '../../src/runtime/source.js';
import { folder as files, tail } from '../../src/topology/file-specs.js';
import { http, tcpServer } from '../../src/topology/network-specs.js';
import { generator, memory, stdin, tcp, textFile } from '../../src/topology/source-specs.js';
import type { SourceSpec } from '../../src/topology/specs.js';
import { describeSource } from '../conformance/source.case.js';

const world = createRealWorld();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raingauge-sources-'));
});
afterAll(() => rm(folder, { recursive: true }));

function open<T>(spec: SourceSpec<T>, stream?: Readable): Promise<RawSource> {
  const services = stream === undefined ? { world } : { world, stdin: stream };
  return openSource({ name: 'lines', ...spec }, (role) => spec.functions?.[role], services);
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describeSource('memory', (lines) => open(memory(lines)));
describeSource('generator', (lines) => open(generator((index) => lines[index], { count: lines.length })));
describeSource('a text file', async (lines) => {
  const path = join(folder, 'lines.txt');
  await writeFile(path, textOf(lines));
  return open(textFile(path));
});
describeSource('standard input', (lines) => open(stdin(), Readable.from([Buffer.from(textOf(lines))])));
describeSource('tcp', async (lines) => {
  const server = createServer((socket) => socket.on('error', () => undefined).end(textOf(lines)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const source = await open(tcp({ host: '127.0.0.1', port, onClose: 'end' }));
  return { ...source, close: () => source.close().finally(() => server.close()) };
});

describeSource('tcp server', async (lines) => {
  const source = await openTcpServerSource({ ...tcpServer({ port: 1 }).options, port: 0 } as never, () => undefined);
  const client = connect(source.port, '127.0.0.1', () => client.end(textOf(lines)));
  client.on('error', () => undefined).on('close', () => void source.close());
  client.resume();
  return { ...source, close: () => source.close().finally(() => client.destroy()) };
});
describeSource('http', async (lines) => {
  const source = await openHttpSource({ ...http({ port: 1 }).options, port: 0 } as never, world);
  post(source.port, lines)
    .catch(() => undefined)
    .finally(() => source.close())
    .catch(() => undefined);
  return { ...source, partitions: source.partitions.map(committing) };
});

describeSource('a folder', async (lines) => {
  const path = await mkdtemp(join(folder, 'in-'));
  for (let from = 0; from < lines.length; from += 9_999) {
    await writeFile(join(path, String(from).padStart(9, '0')), textOf(lines.slice(from, from + 9_999)));
    await utimes(join(path, String(from).padStart(9, '0')), 1_000, 1_000);
  }
  return open(files(path, { once: true }));
});
describeSource('a tailed file', async (lines) => {
  const path = join(await mkdtemp(join(folder, 'log-')), 'app.log');
  await writeFile(path, textOf(lines));
  const source = await open(tail(path));
  return { ...source, partitions: source.partitions.map((partition) => endingAfter(lines.length, partition, source)) };
});

/** A log never ends: it is closed when all that is in it was taken. */
function endingAfter(count: number, partition: RawPartition, source: RawSource): RawPartition {
  let taken = 0;
  const closeAtEnd = (): void => {
    if (taken === count) source.close().catch(() => undefined);
  };
  closeAtEnd();
  return {
    take: (values, max) => {
      const before = values.length;
      const state = partition.take(values, max);
      taken += values.length - before;
      closeAtEnd();
      return state;
    },
    onReady: (wake) => partition.onReady(wake),
    get failure() {
      return partition.failure;
    },
  };
}

/** Sends lines, some at a time, and again while the source is behind. Ends when the source is gone. */
async function post(port: number, lines: readonly string[]): Promise<void> {
  for (let from = 0; from < lines.length; ) {
    const body = textOf(lines.slice(from, from + LINES_OF_A_REQUEST));
    const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    if (status === 200) from += LINES_OF_A_REQUEST;
    else if (status !== 429) return;
  }
}

const LINES_OF_A_REQUEST = 5_000;

/** What is taken is safe at once. */
function committing(partition: RawPartition): RawPartition {
  let taken = 0;
  return {
    take: (values, max) => {
      const before = values.length;
      const state = partition.take(values, max);
      taken += values.length - before;
      partition.commit?.(taken);
      return state;
    },
    onReady: (wake) => partition.onReady(wake),
    get failure() {
      return partition.failure;
    },
  };
}
