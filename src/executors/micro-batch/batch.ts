/** A batch as plain data: what it processes, and where its sources go on behind it. */
import type { Block } from '../../runtime/source.js';

/** Where a source partition stood when a batch was cut. */
export interface PartitionMark {
  readonly source: string;
  readonly partition: number;
  /** Offset of the next record. */
  readonly offset: number;
  readonly hasEnded: boolean;
  /** From `PartitionReader.position`. */
  readonly reader: unknown;
}

/** A write that is under way. */
export interface Write {
  readonly isDurable: boolean;
  /** Rejects when writing failed. */
  readonly done: Promise<void>;
}

/** The place behind a batch, where the job could go on. */
export interface CutPoint {
  /** Counts up from 1 over the life of the job. */
  readonly number: number;
  /** Stream time of its tick (us). */
  readonly time: number;
  readonly marks: readonly PartitionMark[];
}

export interface Batch extends CutPoint {
  /** The blocks of each source partition, by `source:partition`. */
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
  readonly numRecords: number;
  readonly submissionTime: number;
  /** Its record in the log. Undefined: nothing is logged. */
  readonly logged: Write | undefined;
  /**
   * `committed`: its results were seen before a restart, and are not handed over again. `dropped`: its records are not processed
   * again, so what stream time alone brings about is incomplete, and nobody gets it.
   */
  readonly results: 'new' | 'committed' | 'dropped';
}

/** What a job waits for before its next step. Undefined: it only gives others a turn. */
export type Wait = Promise<unknown> | undefined;

/** How many records of each source it has. */
export function recordsBySource({ blocks }: Batch): ReadonlyMap<string, number> {
  const records = new Map<string, number>();
  for (const [name, received] of blocks) {
    const source = name.slice(0, name.lastIndexOf(':'));
    const count = received.reduce((sum, { values }) => sum + values.length, 0);
    records.set(source, (records.get(source) ?? 0) + count);
  }
  return records;
}
