/** Runs the conformance cases of sources against each connector. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { openSource } from '../../src/connectors/open-source.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import type { RawSource } from '../../src/runtime/source.js';
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
