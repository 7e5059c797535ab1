/** Where each partition of a topic begins: behind the checkpoint, where an earlier life of the job began, or where the options say. */
import { StreamError } from '../../core/errors.js';
import type { Files } from '../../runtime/world.js';
import type { KafkaPort } from './port.js';

export type StartingOffsets =
  | 'earliest'
  | 'latest'
  | { readonly timestamp: number }
  | { readonly offsets: readonly number[] };

export interface StartParts {
  readonly port: KafkaPort;
  readonly topic: string;
  /** How many the topic has. */
  readonly partitions: number;
  readonly startingOffsets: StartingOffsets;
  /** By partition, where an earlier life of the job goes on. */
  readonly known: ReadonlyMap<number, number>;
  readonly file: StartFile | undefined;
}

/**
 * Where the beginning of the job is written down: without it, a job that begins at the latest record and dies before its first checkpoint
 * would begin at a later one. Undefined: the job does not go on after it ended.
 */
export interface StartFile {
  readonly path: string;
  readonly files: Pick<Files, 'list' | 'readWhole' | 'makeFolder' | 'writeAtomically'>;
}

/** The file of a source, in the folder for what connectors keep. */
export function startFileOf(folder: string, source: string, files: StartFile['files']): StartFile {
  return { path: `${folder}/source-${source}.json`, files };
}

/** Offsets that were kept of one source are fewer than a file of this size holds. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The first offset of each partition.
 *
 * 1. A partition that was read before goes on at its place.
 * 2. Else it begins where the file says that the job began: a partition that is not in the file is new, and begins at its beginning.
 * 3. A job that begins asks the broker, and writes the file before anything is read.
 *
 * @throws StreamError `RG011` for explicit offsets of other partitions than the topic has.
 */
export async function startOffsets(parts: StartParts): Promise<readonly number[]> {
  const { port, topic, partitions, startingOffsets, known, file } = parts;
  const before = file && (await readStart(file));
  if (before !== undefined || known.size > 0)
    return Array.from({ length: partitions }, (_, one) => known.get(one) ?? before?.[one] ?? 0);
  const start = await firstOffsets(port, topic, partitions, startingOffsets);
  if (file !== undefined) {
    await file.files.makeFolder(file.path.slice(0, file.path.lastIndexOf('/')));
    await file.files.writeAtomically(file.path, JSON.stringify(start));
  }
  return start;
}

/** Where the options say that each partition begins. @throws StreamError `RG011` as `startOffsets`. */
export async function firstOffsets(
  port: KafkaPort,
  topic: string,
  partitions: number,
  startingOffsets: StartingOffsets,
): Promise<readonly number[]> {
  if (typeof startingOffsets === 'string') return port.offsets(topic, partitions, startingOffsets);
  if ('timestamp' in startingOffsets) return port.offsets(topic, partitions, startingOffsets.timestamp);
  const { offsets } = startingOffsets;
  if (offsets.length === partitions) return offsets;
  throw new StreamError(
    'RG011',
    `startingOffsets has ${offsets.length} offsets, but the Kafka topic '${topic}' has ${partitions} partitions`,
    'give one offset for each partition, from partition 0 on',
  );
}

/** Where each partition began that the topic had when the job began; undefined for a job that has not begun. */
export async function readStart({ path, files }: StartFile): Promise<readonly number[] | undefined> {
  const slash = path.lastIndexOf('/');
  if (!(await files.list(path.slice(0, slash))).includes(path.slice(slash + 1))) return undefined;
  const text = new TextDecoder().decode(await files.readWhole(path, FILE_BYTES_MAX));
  return JSON.parse(text) as readonly number[];
}
