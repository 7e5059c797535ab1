/** Decodes the answer to a fetch (version 11) by our own codec: several times faster than kafkajs's, and it keeps what gaps need. */
import type { FetchedPartition, FetchPlace } from './port.js';
import { type AbortedTransaction, committedRuns, decodeBatches } from './record-batches.js';

/** The version of the fetch API that is read here: of brokers from Kafka 2.3 on. */
export const FETCH_VERSION = 11;

/** An answer: a code for the whole, or what came of each partition. */
export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly RawPartitionAnswer[];
}

/** One partition of an answer. */
export interface RawPartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly stableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

/** Reads the frame of an answer; the batches stay bytes. */
export function decodeFetch(bytes: Buffer): FetchAnswer {
  const reader = new Reader(bytes);
  reader.skip(4);
  const errorCode = reader.int16();
  reader.skip(4);
  const partitions: RawPartitionAnswer[] = [];
  for (let topics = reader.int32(); topics > 0; topics--) {
    reader.skip(reader.int16());
    for (let left = reader.int32(); left > 0; left--) partitions.push(readPartition(reader));
  }
  return { errorCode, partitions };
}

function readPartition(reader: Reader): RawPartitionAnswer {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.skip(8);
  const stableOffset = reader.int64();
  reader.skip(8);
  const aborted: AbortedTransaction[] = [];
  for (let left = reader.int32(); left > 0; left--) {
    aborted.push({ producerId: reader.bigint(), firstOffset: reader.int64() });
  }
  reader.skip(4);
  return { partition, errorCode, stableOffset, aborted, records: reader.bytes(reader.int32()) };
}

/** What a reader of committed records sees of a partition that was asked at a place. @throws KafkaFailure as `decodeBatches`. */
export function fetchedOf(answer: RawPartitionAnswer, place: FetchPlace): FetchedPartition {
  const { partition, stableOffset } = answer;
  const state = stateOf(answer.errorCode);
  if (state !== 'ok') return { partition, state, runs: [], nextOffset: place.offset, stableOffset };
  const batches = decodeBatches(answer.records, place.offset);
  const runs = committedRuns(batches, answer.aborted).filter(({ count }) => count > 0);
  const nextOffset = Math.max(place.offset, (batches.at(-1)?.lastOffset ?? -1) + 1);
  return { partition, state, runs, nextOffset, stableOffset };
}

const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
/** A leader that is chosen anew, or an epoch that is behind: asking again finds it. */
const MOVED = [5, 6, 9, 56, 74, 75, 78];

/** What a partition's code in an answer means to its reader. */
export function stateOf(code: number): FetchedPartition['state'] {
  if (code === 0) return 'ok';
  if (code === OFFSET_OUT_OF_RANGE) return 'out-of-range';
  if (code === UNKNOWN_TOPIC_OR_PARTITION) return 'gone';
  return MOVED.includes(code) ? 'moved' : 'gone';
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(bytes: number): void {
    this.#at += Math.max(0, bytes);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  bigint(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  int64(): number {
    return Number(this.bigint());
  }

  bytes(length: number): Buffer {
    this.skip(length);
    return this.#bytes.subarray(this.#at - Math.max(0, length), this.#at);
  }
}
