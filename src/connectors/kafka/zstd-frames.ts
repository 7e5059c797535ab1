/** Looks through frames of zstd before they are undone: the package that does so allocates whatever a frame claims. */

/** What zstd itself undoes unless it is told otherwise; the highest level of its compression needs all of it. */
const WINDOW_BYTES_MAX = 128 * 1024 * 1024;

const MAGIC = 0xfd2fb528;
/** Sixteen of them are frames to be skipped. */
const SKIPPED_MAGIC = 0x184d2a50;
/** Bits of the frame's descriptor. */
const IS_SINGLE_SEGMENT = 0x20;
const HAS_CHECKSUM = 0x04;
const IS_RESERVED = 0x08;
/** How many bytes the content's size has, by the two highest bits of the descriptor. */
const SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_HEADER_BYTES = 3;
/** The kind of a block that is one byte, many times. */
const REPEATED = 1;

/**
 * @param bytesMax is what all may become.
 * @throws RangeError for frames that claim more than that, or windows of more than `WINDOW_BYTES_MAX` together; for frames with a
 * dictionary, and bytes that are no frames.
 * Source: RFC 8878, section 3.1.1.
 */
export function checkZstdFrames(packed: Buffer, bytesMax: number): void {
  let windows = 0;
  let contents = 0;
  for (let at = 0; at < packed.length; ) {
    const magic = packed.readUInt32LE(at);
    if ((magic & 0xffff_fff0) === SKIPPED_MAGIC) {
      at += 8 + packed.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== MAGIC) throw new RangeError('it is no frame of zstd');
    const frame = frameAt(packed, at);
    contents += frame.contentBytes;
    if (contents > bytesMax) throw new RangeError(`it claims to be longer than ${bytesMax} bytes`);
    windows += frame.windowBytes;
    if (windows > WINDOW_BYTES_MAX)
      throw new RangeError(`it claims a window of ${windows} bytes, and may have ${WINDOW_BYTES_MAX}`);
    at = frameEnd(packed, frame.blocksAt) + frame.checksumBytes;
  }
}

interface Frame {
  readonly windowBytes: number;
  /** 0 where the frame does not say. */
  readonly contentBytes: number;
  readonly blocksAt: number;
  readonly checksumBytes: number;
}

function frameAt(packed: Buffer, start: number): Frame {
  const flags = packed.readUInt8(start + 4);
  if ((flags & IS_RESERVED) !== 0) throw new RangeError('it is a frame of another kind');
  if ((flags & 3) !== 0) throw new RangeError('it needs a dictionary');
  const isSingle = (flags & IS_SINGLE_SEGMENT) !== 0;
  const sizeAt = start + (isSingle ? 5 : 6);
  const sizeBytes = isSingle ? Math.max(1, SIZE_BYTES[flags >> 6]!) : SIZE_BYTES[flags >> 6]!;
  const contentBytes = contentAt(packed, sizeAt, sizeBytes);
  return {
    windowBytes: isSingle ? contentBytes : windowOf(packed.readUInt8(start + 5)),
    contentBytes,
    blocksAt: sizeAt + sizeBytes,
    checksumBytes: (flags & HAS_CHECKSUM) === 0 ? 0 : 4,
  };
}

/** Five bits of exponent, three of mantissa. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentAt(packed: Buffer, at: number, bytes: number): number {
  switch (bytes) {
    case 1:
      return packed.readUInt8(at);
    case 2:
      // One byte says what is below 256.
      return packed.readUInt16LE(at) + 256;
    case 4:
      return packed.readUInt32LE(at);
    case 8:
      return Number(packed.readBigUInt64LE(at));
    default:
      return 0;
  }
}

/** Behind the last block. */
function frameEnd(packed: Buffer, start: number): number {
  for (let at = start; ; ) {
    const header = packed.readUIntLE(at, BLOCK_HEADER_BYTES);
    at += BLOCK_HEADER_BYTES + (((header >> 1) & 3) === REPEATED ? 1 : header >> 3);
    if (at > packed.length) throw new RangeError('it is cut off');
    if ((header & 1) === 1) return at;
  }
}
