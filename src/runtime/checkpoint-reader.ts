/** Reads a checkpoint with all that it adds to. It changes nothing, and knows neither job nor log. */
import { StreamError } from '../core/errors.js';
import { damaged } from './checkpoint-errors.js';
import { type Checkpoint, checkpointPath, composed, readOwnCheckpoint } from './checkpoint-files.js';
import { type Manifest, readManifest, type SummedManifest } from './checkpoint-manifest.js';
import type { Files } from './world.js';

/**
 * One reading of a folder of checkpoints: each is read once, though several add to it or more is asked of it.
 *
 *      chk-4  ◀── chk-5  ◀── chk-6        whole, and two increments: 6 is 4, then what 5 changed, then what 6 changed
 */
export class CheckpointReader {
  readonly #files: Files;
  readonly #folder: string;
  readonly #manifests = new Map<number, Promise<SummedManifest>>();
  readonly #own = new Map<number, Promise<Checkpoint>>();

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** @throws StreamError `RG054` also when something that it adds to is damaged, gone or another; `RG055`. */
  async read(epoch: number): Promise<Checkpoint> {
    const chain = [await this.#read(epoch)];
    for (let first = chain[0]!; first.manifest.addsTo !== undefined; first = chain[0]!) {
      chain.unshift(await this.#addedTo(first, first.manifest.addsTo));
    }
    return chain.reduce((base, own) => composed(own, base));
  }

  /** Of a checkpoint whose state may be damaged. @throws StreamError `RG054`, `RG055`. */
  async manifest(epoch: number): Promise<Manifest> {
    return (await this.#manifest(epoch)).manifest;
  }

  /** Epochs count down along a chain, so it ends. */
  async #addedTo(
    { manifest }: Checkpoint,
    { epoch, crc32 }: NonNullable<Checkpoint['manifest']['addsTo']>,
  ): Promise<Checkpoint> {
    const path = checkpointPath(this.#folder, manifest.meta.epoch);
    try {
      const base = await this.#read(epoch);
      if (base.sum === crc32) return base;
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'RG054') throw error;
      throw damaged(path, `it adds to epoch ${epoch}, and ${error.message}`, error);
    }
    throw damaged(path, `it adds to another checkpoint of epoch ${epoch} than the one that is there`);
  }

  #read(epoch: number): Promise<Checkpoint> {
    const path = checkpointPath(this.#folder, epoch);
    const own =
      this.#own.get(epoch) ?? this.#manifest(epoch).then((manifest) => readOwnCheckpoint(this.#files, path, manifest));
    this.#own.set(epoch, own);
    return own;
  }

  #manifest(epoch: number): Promise<SummedManifest> {
    const path = checkpointPath(this.#folder, epoch);
    const manifest = this.#manifests.get(epoch) ?? readManifest(this.#files, path, epoch);
    this.#manifests.set(epoch, manifest);
    return manifest;
  }
}
