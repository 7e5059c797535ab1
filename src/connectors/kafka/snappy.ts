/** Undoes snappy, as it is in Kafka's batches: plain, or in the blocks of Java's `SnappyOutputStream`. */
import { copyBack, copyLiteral } from './back-reference.js';

/** In front of Java's blocks; two versions of four bytes follow. */
const BLOCKS_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const BLOCKS_HEADER_BYTES = 16;

/**
 * Gives what was compressed.
 *
 * @throws RangeError for more than `bytesMax`, or bytes that are no snappy.
 * Source: google/snappy, `format_description.txt`; xerial/snappy-java, `SnappyOutputStream`.
 */
export function unpackSnappy(packed: Buffer, bytesMax: number): Buffer {
  const blocks = packed.subarray(0, BLOCKS_MAGIC.length).equals(BLOCKS_MAGIC) ? blocksOf(packed) : [packed];
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const block of blocks) {
    const { length, at } = lengthOf(block);
    bytes += length;
    if (bytes > bytesMax) throw new RangeError(`it is longer than ${bytesMax} bytes`);
    parts.push(unpackBlock(block, at, length));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
}

function blocksOf(packed: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = BLOCKS_HEADER_BYTES; at < packed.length; ) {
    const length = packed.readInt32BE(at);
    const end = at + 4 + length;
    if (length < 0 || end > packed.length) throw new RangeError('it is cut off');
    blocks.push(packed.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** A block begins with the length of what was compressed, seven bits a byte. */
function lengthOf(block: Buffer): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block.readUInt8(at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw new RangeError('its length is no number');
}

function unpackBlock(block: Buffer, start: number, length: number): Buffer {
  // Every element gives at most 64 bytes for two, so that a short block cannot ask for much.
  if (length > block.length * 64) throw new RangeError('it is shorter than it says');
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  for (let from = start; from < block.length; ) {
    const tag = block[from++]!;
    const kind = tag & 3;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const count = 1 + (extra === 0 ? tag >> 2 : block.readUIntLE(from, extra));
      from += extra;
      copyLiteral(block, from, out, at, count);
      from += count;
      at += count;
    } else if (kind === 1) {
      const count = 4 + ((tag >> 2) & 7);
      copyBack(out, at, ((tag & 0xe0) << 3) | block.readUInt8(from), count);
      from += 1;
      at += count;
    } else {
      const bytes = kind === 2 ? 2 : 4;
      const count = 1 + (tag >> 2);
      copyBack(out, at, block.readUIntLE(from, bytes), count);
      from += bytes;
      at += count;
    }
  }
  if (at !== length) throw new RangeError('it is shorter than it says');
  return out;
}
