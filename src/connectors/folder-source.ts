/** Reads the files that appear in a folder, each once, in one partition or several, and knows after a restart which it has read. */
import { StreamError } from '../core/errors.js';
import { hashText } from '../core/json.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import { changed, checkFile, type FilePlace, FileTrail } from './file-place.js';
import { FolderScan, type ScanSettings } from './folder-scan.js';
import type { Decoding } from './formats/open-format.js';
import { type KnownFile, KnownFiles, type KnownFilesState } from './known-files.js';
import { LineBuffer, type Mark } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { nearestMark, resumedLines } from './resumed-lines.js';

/** Options of the spec. Times in us. */
export interface FolderSettings extends ScanSettings, Omit<LineDecoderOptions, 'from'> {
  readonly once: boolean;
  readonly scanEvery: number;
  readonly rememberedFilesMax: number;
  readonly partitions: number;
}

/** Where a partition that goes on begins. */
export interface FolderStart {
  /** The source's name in the topology, for errors. */
  readonly name: string;
  /** Records that were read before. */
  readonly from: number;
  /** What `position` gave there, and at the end of what must be read again: it knows the order in which files were taken. */
  readonly position: unknown;
  readonly later: unknown;
}

/** What `position` gives. `file` of a place is the file's number. */
interface FolderPosition {
  readonly known: KnownFilesState;
  readonly marks: readonly Mark<FilePlace>[];
  /** How many partitions share the folder. Absent: one. */
  readonly partitions?: number;
}

type FolderWorld = Pick<World, 'clock' | 'scheduler' | 'files'>;

/**
 * Opens a folder and begins to look for files.
 *
 * @throws StreamError `RG040` when there is no such folder, `RG053` when it was shared out to another number of partitions, `RG064` when what
 * was read before is not there any more.
 */
export async function openFolderSource(
  settings: FolderSettings,
  world: FolderWorld,
  starts: readonly FolderStart[] = [],
  decoding?: Decoding,
): Promise<RawSource> {
  await checkFolder(settings.folder, world);
  for (const start of starts) checkPartitions(settings, start);
  const known = Array.from(
    { length: settings.partitions },
    (_, index) => new KnownFiles(settings.rememberedFilesMax, starts[index] && knownAt(starts[index])),
  );
  const marks = known.map((own, index) => {
    const mark = starts[index] && nearest(starts[index]);
    const first = mark?.place.file ?? 0;
    if (first < own.next && own.at(first) === undefined) throw tooFarBack(settings.folder);
    return mark;
  });
  const sources = marks.map((mark, index) => {
    const reader = new FolderReader(settings, world, { known, index }, mark, decoding);
    return resumedLines(reader, reader.partition, starts[index], mark, index);
  });
  return together(sources);
}

/** One source of all their partitions. */
function together(sources: readonly RawSource[]): RawSource {
  if (sources.length === 1) return sources[0]!;
  return {
    partitions: sources.flatMap(({ partitions }) => partitions),
    counters: () => {
      const sums: Record<string, number> = {};
      for (const source of sources)
        for (const [name, count] of Object.entries(source.counters?.() ?? {})) sums[name] = (sums[name] ?? 0) + count;
      return sums;
    },
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}

/** The partition of a file of that name. */
function partitionOf(name: string, partitions: number): number {
  return Number.parseInt(hashText(name).slice(-8), 16) % partitions;
}

/** By another number, files that were read would be another partition's. */
function checkPartitions({ folder, partitions }: FolderSettings, { name, position, later }: FolderStart): void {
  const before = asPosition(later) ?? asPosition(position);
  if (before === undefined || (before.partitions ?? 1) === partitions) return;
  throw new StreamError(
    'RG053',
    `source '${name}' has shared the folder '${folder}' out to ${before.partitions ?? 1} partitions, and now there are ${partitions}`,
    `give it partitions: ${before.partitions ?? 1}, or start anew with another checkpoint folder`,
  );
}

/** The last known place at or before the start. */
function nearest({ from, position, later }: FolderStart): Mark<FilePlace> | undefined {
  const marks = [position, later].flatMap((one) => asPosition(one)?.marks ?? []);
  return nearestMark(marks, from);
}

/** The later one knows all that the earlier one knew, but what it forgot. */
function knownAt({ position, later }: FolderStart): KnownFilesState | undefined {
  return asPosition(later)?.known ?? asPosition(position)?.known;
}

function asPosition(position: unknown): FolderPosition | undefined {
  const isOne = typeof position === 'object' && position !== null && 'known' in position;
  return isOne ? (position as FolderPosition) : undefined;
}

async function checkFolder(folder: string, { files }: FolderWorld): Promise<void> {
  const size = await files.size(folder).catch((error: unknown) => {
    if (error instanceof StreamError && error.code === 'RG041') return undefined;
    throw error;
  });
  if (size === undefined) return;
  throw new StreamError(
    'RG040',
    `'${folder}' is a file, but a folder is needed`,
    'name the folder that it is in, with a pattern',
  );
}

class FolderReader {
  readonly lines: LineBuffer<FilePlace>;
  readonly partition: RawPartition;
  readonly #settings: FolderSettings;
  readonly #world: FolderWorld;
  readonly #known: KnownFiles;
  /** What this partition has read, and then what the others have. */
  readonly #allKnown: readonly [KnownFiles, ...KnownFiles[]];
  readonly #scan: FolderScan;
  readonly #from: FilePlace | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(
    settings: FolderSettings,
    world: FolderWorld,
    { known, index }: { readonly known: readonly KnownFiles[]; readonly index: number },
    mark: Mark<FilePlace> | undefined,
    decoding: Decoding | undefined,
  ) {
    this.#settings = settings;
    this.#world = world;
    const own = known[index]!;
    const { partitions } = settings;
    this.#known = own;
    this.#allKnown = [own, ...known.filter((one) => one !== own)];
    this.#from = mark?.place;
    this.#scan = new FolderScan(settings, world.files, (name) => partitionOf(name, partitions) === index);
    const lines = new LineBuffer<FilePlace>({ ...settings, from: 'a file' }, mark?.lines, decoding);
    this.lines = lines;
    this.partition = {
      take: (values, max) => lines.take(values, max),
      onReady: (wake) => lines.onReady(wake),
      get failure() {
        return lines.failure;
      },
      position: (): FolderPosition => ({
        known: own.state(),
        marks: lines.position() ?? [],
        ...(partitions === 1 ? {} : { partitions }),
      }),
    };
  }

  /** Never rejects: what goes wrong becomes the partition's failure. */
  async run(): Promise<void> {
    try {
      await this.#readAgain();
      while (this.lines.isOpen && (await this.#readNew())) await this.#wait();
      this.lines.end();
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.lines.fail(error);
    }
  }

  stop(): void {
    this.lines.end();
    this.#stopWaiting?.();
  }

  /** Files whose turn had come in an earlier life, in the order of then. */
  async #readAgain(): Promise<void> {
    const end = this.#known.next;
    for (let number = this.#from?.file ?? 0; number < end && this.lines.isOpen; number++) {
      const file = this.#known.at(number)!;
      await this.#read(number, file, await this.#scan.find(file));
    }
  }

  /** True when it should look again. */
  async #readNew(): Promise<boolean> {
    const { found, unstable } = await this.#scan.scan(this.#allKnown, this.#world.clock.now());
    for (const file of found) {
      if (!this.lines.isOpen) return false;
      const number = this.#known.next;
      this.#known.add(file);
      await this.#read(number, file, `${this.#settings.folder}/${file.name}`);
    }
    return !this.#settings.once || unstable > 0;
  }

  async #read(number: number, file: KnownFile, path: string): Promise<void> {
    const { files } = this.#world;
    const from = this.#from?.file === number ? this.#from : undefined;
    if (from !== undefined) await checkFile(path, from, files);
    const trail = new FileTrail(number, from);
    this.lines.begin(`the file '${path}'`, trail.lines);
    this.lines.mark(from === undefined ? trail.beginning() : () => from);
    for await (const chunk of files.read(path, trail.size)) {
      this.lines.push(chunk);
      const place = trail.read(chunk, this.lines.inputRecords, this.lines.pendingBytes);
      if (place !== undefined && this.lines.isOpen) this.lines.mark(place);
      await this.lines.room();
      if (!this.lines.isOpen) return;
    }
    if (trail.size !== file.size) {
      const what = `had ${file.size} bytes when its turn came, and ${trail.size} when it was read`;
      throw changed(path, `${what}; rename files into the folder when they are whole, or use stableFor`);
    }
    this.lines.pushRest();
  }

  async #wait(): Promise<void> {
    const { clock, scheduler } = this.#world;
    if (!this.lines.isOpen) return;
    await new Promise<void>((resolve) => {
      const timer = scheduler.at(clock.now() + this.#settings.scanEvery, resolve);
      this.#stopWaiting = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function tooFarBack(folder: string): StreamError {
  return new StreamError(
    'RG064',
    `more files of '${folder}' were read since the last checkpoint than are remembered`,
    'raise rememberedFilesMax, and start anew with another checkpoint folder',
  );
}
