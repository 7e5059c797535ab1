/** What a direct stream and a receiver are opened with. */
import type { ReceiverNews } from '../../runtime/source.js';
import type { World } from '../../runtime/world.js';
import type { Decoding } from '../formats/open-format.js';
import type { KafkaSettings } from './open-port.js';
import type { KafkaPort } from './port.js';
import type { ValueSettings } from './record-values.js';
import type { StartingOffsets } from './start-offsets.js';

/** Options of the spec. */
export interface KafkaSourceSettings extends KafkaSettings, Pick<ValueSettings, 'format' | 'as'> {
  readonly startingOffsets: StartingOffsets;
  readonly until?: 'latest';
  readonly onDataLoss: 'stop' | 'continue';
  readonly group?: string;
  readonly receiver?: boolean;
  /** How many partitions the source has, as `kafkaPartitions` found. Default: as many as the topic. */
  readonly partitions?: number;
}

/** What the source is opened with. */
export interface KafkaSourceParts {
  /** The source's name in the topology. */
  readonly name: string;
  readonly world: Pick<World, 'clock' | 'scheduler' | 'files'>;
  /** Names the consumer group; undefined: nothing is committed to Kafka, as where input is only recorded. */
  readonly job: string | undefined;
  /** The job's folder for what connectors keep. */
  readonly folder: string | undefined;
  /** Records of each partition that an earlier process has read. */
  readonly from: readonly number[];
  /** What `position` of each partition gave there. */
  readonly positions: readonly unknown[];
  /** And at the end of what must be read again in the same order. */
  readonly later: readonly unknown[];
  /** Of values; undefined: they are text, or bytes. */
  readonly decoding: Decoding | undefined;
  /** Hears what becomes of a receiver. */
  readonly tell: (news: ReceiverNews) => void;
}

/** How values of that partition of the source are decoded. */
export function decodingOf({ parts: { decoding } }: OpenTopic, partition: number): Decoding | undefined {
  return decoding && { ...decoding, setAside: (letter) => decoding.setAside({ ...letter, partition }) };
}

/** A topic that is there, and how it is to be read. */
export interface OpenTopic {
  readonly port: KafkaPort;
  readonly settings: KafkaSourceSettings;
  readonly parts: KafkaSourceParts;
  /** How many partitions the topic has. */
  readonly partitionCount: number;
  /** By partition, where the topic ends for this job; undefined: never. */
  readonly ends: readonly number[] | undefined;
  /** The job's consumer group. */
  readonly group: string | undefined;
  /** An error as people see it. */
  readonly errorOf: (thrown: unknown) => unknown;
}
