/** Reads the files that appear in a folder, each once, and knows after a restart which it has read. */
import { StreamError } from '../core/errors.js';
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
}

/** Where a source that goes on begins. */
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
}

type FolderWorld = Pick<World, 'clock' | 'scheduler' | 'files'>;

/**
 * Opens a folder and begins to look for files.
 *
 * @throws StreamError `RG040` when there is no such folder, `RG064` when what was read before is not there any more.
 */
export async function openFolderSource(
  settings: FolderSettings,
  world: FolderWorld,
  start?: FolderStart,
  decoding?: Decoding,
): Promise<RawSource> {
  await checkFolder(settings.folder, world);
  const mark = start === undefined ? undefined : nearest(start);
  const known = new KnownFiles(settings.rememberedFilesMax, start && knownAt(start));
  const reader = new FolderReader(settings, world, known, mark, decoding);
  const first = mark?.place.file ?? 0;
  if (first < known.next && known.at(first) === undefined) throw tooFarBack(settings.folder);
  return resumedLines(reader, reader.partition, start, mark);
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
  readonly #scan: FolderScan;
  readonly #from: FilePlace | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(
    settings: FolderSettings,
    world: FolderWorld,
    known: KnownFiles,
    mark: Mark<FilePlace> | undefined,
    decoding: Decoding | undefined,
  ) {
    this.#settings = settings;
    this.#world = world;
    this.#known = known;
    this.#from = mark?.place;
    this.#scan = new FolderScan(settings, world.files);
    const lines = new LineBuffer<FilePlace>({ ...settings, from: 'a file' }, mark?.lines, decoding);
    this.lines = lines;
    this.partition = {
      take: (values, max) => lines.take(values, max),
      onReady: (wake) => lines.onReady(wake),
      get failure() {
        return lines.failure;
      },
      position: (): FolderPosition => ({ known: known.state(), marks: lines.position() ?? [] }),
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
    const { found, unstable } = await this.#scan.scan(this.#known, this.#world.clock.now());
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
