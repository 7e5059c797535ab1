/** Records the input before anything is measured: both modes, all rounds and the oracle then get the same records. */
import { openSource } from '../connectors/open-source.js';
import { StreamError } from '../core/errors.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import { functionId, type SourceNode, type Topology } from '../topology/graph.js';
import type { RecordedSource } from './trace.js';

/** How much is recorded, and from where. */
export interface RecordingOptions {
  /** The most records of one source. */
  readonly recordsMax: (source: SourceNode) => number;
  readonly world: World;
  /** Ends the recording early, with what is there. */
  readonly signal: AbortSignal | undefined;
  readonly onRecords?: (count: number) => void;
}

/** Records taken from one partition before the others have their turn. */
const TURN_RECORDS = 10_000;

/**
 * Reads every source of a job to its end or its limit. Live sources are waited for.
 *
 * @throws StreamError of a source that cannot be opened or read, and `RG045` when there is no record at all, nor a spout.
 */
export async function recordInput(job: Topology, options: RecordingOptions): Promise<readonly RecordedSource[]> {
  const sources: RecordedSource[] = [];
  let total = 0;
  for (const node of job.graph.nodes) {
    if (node.kind !== 'source') continue;
    const raw = await open(job, node, options);
    try {
      const limit = options.recordsMax(node);
      const partitions = await readAll(raw, limit, options.signal, (count) => options.onRecords?.(total + count));
      sources.push({ name: node.name, partitions });
      total += partitions.reduce((sum, values) => sum + values.length, 0);
    } finally {
      await raw.close();
    }
  }
  const hasSpouts = job.graph.nodes.some(({ kind }) => kind === 'spout');
  if (total === 0 && !hasSpouts && options.signal?.aborted !== true) {
    throw new StreamError(
      'RG045',
      `no source of '${job.graph.name}' gave a record, so there is nothing to compare`,
      'give it an input with --source NAME=URI',
    );
  }
  return sources;
}

function open(job: Topology, { id, name, spec }: SourceNode, { world }: RecordingOptions): Promise<RawSource> {
  const role = (key: string): unknown => job.functions.get(functionId(id, `spec:${key}`));
  return openSource({ name, kind: spec.kind, options: spec.options }, role, { world });
}

/** Partition p of n gets its share of the limit, as everywhere else. */
async function readAll(
  source: RawSource,
  limit: number,
  signal: AbortSignal | undefined,
  onRecords: (count: number) => void,
): Promise<readonly unknown[][]> {
  const count = source.partitions.length;
  const partitions = source.partitions.map((raw, index) => new Recording(raw, Math.ceil((limit - index) / count)));
  while (signal?.aborted !== true && partitions.some((partition) => !partition.isOver)) {
    const open = partitions.filter((partition) => !partition.isOver);
    for (const partition of open) partition.read();
    onRecords(partitions.reduce((sum, { values }) => sum + values.length, 0));
    if (open.every((partition) => partition.isIdle)) await oneReady(open, signal);
  }
  return partitions.map(({ values }) => values);
}

class Recording {
  readonly values: unknown[] = [];
  isOver: boolean;
  isIdle = false;
  readonly #raw: RawPartition;
  readonly #limit: number;

  constructor(raw: RawPartition, limit: number) {
    this.#raw = raw;
    this.#limit = limit;
    this.isOver = limit <= 0;
  }

  read(): void {
    const state = this.#raw.take(this.values, Math.min(TURN_RECORDS, this.#limit - this.values.length));
    if (state === 'idle' && this.#raw.failure !== undefined) throw this.#raw.failure;
    this.isIdle = state === 'idle';
    this.isOver = state === 'ended' || this.values.length >= this.#limit;
    if (state === 'ended' && this.#raw.failure !== undefined) throw this.#raw.failure;
  }

  onReady(wake: () => void): void {
    this.#raw.onReady(wake);
  }
}

function oneReady(partitions: readonly Recording[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal?.removeEventListener('abort', done);
      resolve();
    };
    signal?.addEventListener('abort', done);
    for (const partition of partitions) partition.onReady(done);
  });
}
