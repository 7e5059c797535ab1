/** Undoes the compressions of Kafka's batches. */
import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { StreamError } from '../../core/errors.js';
import { unpackLz4 } from './lz4.js';
import { damaged } from './port.js';
import { unpackSnappy } from './snappy.js';
import { checkZstdFrames } from './zstd-frames.js';

/** Gives what was compressed. @throws Error for more than `bytesMax`, or bytes that are not of its kind. */
export type Unpack = (packed: Buffer, bytesMax: number) => Buffer;

/** What a compressed batch may become: more is an attack, or an error. */
const BATCH_BYTES_MAX = 256 * 1024 * 1024;

/**
 * The records of a batch. @param codec is the number in its attributes.
 *
 * @throws KafkaFailure `refused` for a compression that is unknown, or bytes that it cannot be undone of; StreamError `RG050` for zstd
 * where neither Node.js nor a package can.
 */
export function unpacked(packed: Buffer, codec: number): Buffer {
  if (codec === 0) return packed;
  const name = NAMES[codec];
  if (name === undefined) throw damaged(`a batch has the unknown compression ${codec}`);
  const unpack = name === 'zstd' ? zstd() : UNPACK[name];
  try {
    return unpack(packed, BATCH_BYTES_MAX);
  } catch (cause) {
    const message = `a batch compressed with ${name} cannot be unpacked: ${(cause as Error).message}`;
    throw damaged(message, cause);
  }
}

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

const UNPACK: Readonly<Record<'none' | 'gzip' | 'snappy' | 'lz4', Unpack>> = {
  none: (packed) => packed,
  gzip: (packed, bytesMax) => zlib.gunzipSync(packed, { maxOutputLength: bytesMax }),
  snappy: unpackSnappy,
  lz4: unpackLz4,
};

let loadedZstd: Unpack | undefined;

function zstd(): Unpack {
  loadedZstd ??= zstdOf((zlib as Partial<ZstdOfNode>).zstdDecompressSync);
  return loadedZstd;
}

/** What Node.js has from version 22.15 on. */
interface ZstdOfNode {
  readonly zstdDecompressSync: typeof zlib.gunzipSync;
}

type Fzstd = typeof import('fzstd');

/**
 * zstd by Node.js itself, or by the optional package `fzstd` where that lacks it.
 *
 * @throws StreamError `RG050` with neither.
 */
export function zstdOf(
  builtIn: ZstdOfNode['zstdDecompressSync'] | undefined,
  load: (name: string) => unknown = createRequire(import.meta.url),
): Unpack {
  if (builtIn !== undefined) return (packed, bytesMax) => builtIn(packed, { maxOutputLength: bytesMax });
  const { Decompress } = loaded(load);
  return (packed, bytesMax) => {
    checkZstdFrames(packed, bytesMax);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const decompress = new Decompress((chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new RangeError(`it is longer than ${bytesMax} bytes`);
      chunks.push(chunk);
    });
    decompress.push(packed, true);
    return Buffer.concat(chunks, bytes);
  };
}

function loaded(load: (name: string) => unknown): Fzstd {
  try {
    return load('fzstd') as Fzstd;
  } catch (cause) {
    throw new StreamError(
      'RG050',
      'the topic holds batches compressed with zstd, which Node.js before version 22.15 cannot undo by itself',
      'install it: npm install fzstd, or take a newer Node.js',
      { cause },
    );
  }
}
