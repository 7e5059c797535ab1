/** Undoes LZ4, as it is in Kafka's batches: one frame. Its checksums are left to whoever wrote it, as those of the batches are to the broker. */
import { copyBack, copyLiteral } from './back-reference.js';

const MAGIC = 0x184d2204;
const VERSION = 1;
/** Bits of the frame's flags. */
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_DICTIONARY = 0x01;
/** The bit of a block's length that says it is as it was. */
const PLAIN = 0x8000_0000;
const LENGTH_MIN = 4;

interface Block {
  readonly bytes: Buffer;
  readonly isPlain: boolean;
}

/**
 * Gives what was compressed.
 *
 * @throws RangeError for what may be more than `bytesMax`, or bytes that are no LZ4.
 * Source: lz4/lz4, `lz4_Frame_format.md` and `lz4_Block_format.md`.
 */
export function unpackLz4(packed: Buffer, bytesMax: number): Buffer {
  const { blocks, blockBytesMax } = frameOf(packed);
  const bytesAtMost = blocks.length * blockBytesMax;
  if (bytesAtMost > bytesMax) throw new RangeError(`it may be longer than ${bytesMax} bytes`);
  const out = Buffer.allocUnsafe(bytesAtMost);
  let at = 0;
  for (const { bytes, isPlain } of blocks) {
    const start = at;
    if (isPlain) {
      copyLiteral(bytes, 0, out, at, bytes.length);
      at += bytes.length;
    } else at = unpackBlock(bytes, out, at);
    if (at - start > blockBytesMax) throw new RangeError('a block is longer than it says');
  }
  // Readers keep what they are given: no more than it needs.
  return Buffer.from(out.subarray(0, at));
}

function frameOf(packed: Buffer): { readonly blocks: readonly Block[]; readonly blockBytesMax: number } {
  if (packed.readUInt32LE(0) !== MAGIC) throw new RangeError('it is no frame of LZ4');
  const flags = packed.readUInt8(4);
  if (flags >> 6 !== VERSION || (flags & HAS_DICTIONARY) !== 0) throw new RangeError('it is a frame of another kind');
  const size = (packed.readUInt8(5) >> 4) & 7;
  if (size < LENGTH_MIN) throw new RangeError('it is a frame of another kind');
  const checksumBytes = (flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  const blocks: Block[] = [];
  for (let at = (flags & HAS_CONTENT_SIZE) === 0 ? 7 : 15; ; ) {
    const word = packed.readUInt32LE(at);
    if (word === 0) break;
    const length = word % PLAIN;
    const end = at + 4 + length;
    if (end > packed.length) throw new RangeError('it is cut off');
    blocks.push({ bytes: packed.subarray(at + 4, end), isPlain: word >= PLAIN });
    at = end + checksumBytes;
  }
  // 4 is 64 KiB, and each step four times as much.
  return { blocks, blockBytesMax: 4 ** (size + 4) };
}

/** Gives where the output ends. A block may refer to those before it. */
function unpackBlock(block: Buffer, out: Buffer, start: number): number {
  let at = start;
  for (let from = 0; ; ) {
    const token = block.readUInt8(from++);
    let literals = token >> 4;
    if (literals === 15) [literals, from] = longLength(block, from);
    copyLiteral(block, from, out, at, literals);
    from += literals;
    at += literals;
    // The last sequence is without a match.
    if (from === block.length) return at;
    const distance = block.readUInt16LE(from);
    from += 2;
    let length = token & 15;
    if (length === 15) [length, from] = longLength(block, from);
    length += 4;
    copyBack(out, at, distance, length);
    at += length;
  }
}

/** A length of 15 goes on in bytes that are added, up to the first below 255. Gives it, and where it ends. */
function longLength(block: Buffer, start: number): [number, number] {
  let length = 15;
  for (let from = start; ; ) {
    const byte = block.readUInt8(from++);
    length += byte;
    if (byte < 255) return [length, from];
  }
}
