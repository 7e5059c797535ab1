/** What the oracle says: every result of every sink, the final states, and the late records. */
import type { Key } from '../../core/keys.js';

/** One result, with what a comparison needs of its times. */
export interface OracleResult {
  readonly value: unknown;
  readonly timestamp: number;
  /** End of its window, or NaN. */
  readonly windowEnd: number;
  /** Sum of the absolute numbers that went into it: what a tolerance is relative to. */
  readonly scale: number;
}

/** A key's final state. */
export interface OracleState {
  readonly key: Key;
  readonly value: unknown;
  readonly scale: number;
}

/** The answer to a job and its input. */
export interface OracleAnswer {
  /** By the sink's name, in the order of a sequential run. */
  readonly sinks: ReadonlyMap<string, readonly OracleResult[]>;
  /** By the sink's name: the end of the last interval of its input that closes. */
  readonly lastEnds: ReadonlyMap<string, number>;
  /** By the operator's uid, then by encoded key. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, OracleState>>;
  /** By the uid of `timestamps`; the timestamp is the watermark that the record missed. */
  readonly late: ReadonlyMap<string, readonly OracleResult[]>;
}
