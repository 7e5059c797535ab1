/** Compressed batches: what the Java producer wrote, frames of other clients, and bytes that are damaged. Needs no broker. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unpacked, zstdOf } from '../../src/connectors/kafka/compression.js';
import { translated } from '../../src/connectors/kafka/kafkajs-failure.js';
import { unpackLz4 } from '../../src/connectors/kafka/lz4.js';
import { KafkaFailure } from '../../src/connectors/kafka/port.js';
import { committedRuns, decodeBatches, SPAN } from '../../src/connectors/kafka/record-batches.js';
import { unpackSnappy } from '../../src/connectors/kafka/snappy.js';

const LINE = 'to be or not to be, that is the question';

/** Batches of Kafka 4.4.0's console producer, as the broker gives them: the line twice, and `nothing`. */
const JAVA = {
  snappy:
    '00000000000000000000008d0000000002e72cb74e000200000002000001a21582202e000001a2158220a200000000000000000000000000000000000382534e41505059000000000100000001000000486e4c5c0000000150746f206265206f72206e6f742074010d6c2c207468617420697320746865207175657374696f6e005e00e80102aa3000381c00e80104010e6e6f7468696e6700',
  lz4: '00000000000000000000008900000000028992715d000300000002000001a21582397a000001a2158239c600000000000000010000000000000000000304224d1860408249000000f1045c0000000150746f206265206f72206e6f74200d00ff0d2c207468617420697320746865207175657374696f6e005e00980102300018f0001c00980104010e6e6f7468696e670000000000',
  zstd: '0000000000000000000000850000000002324d1c50000400000002000001a2158252de000001a21582541600000000000000020000000000000000000328b52ffd0058440200e4035c0000000150746f206265206f72206e6f74202c207468617420697320746865207175657374696f6e005e00f004021c00f00404010e6e6f7468696e67000200309571419861010000',
} as const;

/** The frame of a batch in front of its compressed records. */
const HEADER_BYTES = 61;
const packedBy = (codec: keyof typeof JAVA): Buffer => Buffer.from(JAVA[codec], 'hex').subarray(HEADER_BYTES);

/** By snappy and LZ4 of Rust, which have other frames than Java's. */
const REPEATED = `${'to be or not to be, that is the question: '.repeat(4)}xyz`;
const PLAIN_SNAPPY =
  'ab0130746f206265206f72206e6f7420050d582c207468617420697320746865207175657374696f6e3a091dfe2a00e22a000878797a';
const LZ4_OF_RUST =
  '04224d1860408236000000d1746f206265206f72206e6f74200d00f2082c207468617420697320746865207175657374696f6e3a1d000f2a0063606e3a2078797a00000000';

/** A frame of LZ4 with these blocks: as they are, or packed. @param size is 4 for blocks of up to 64 KiB, 7 for 4 MiB. */
function lz4Frame(flags: number, size: number, blocks: readonly { readonly plain?: string; readonly hex?: string }[]) {
  const parts = blocks.map(({ plain, hex = '' }) => {
    const bytes = plain === undefined ? Buffer.from(hex, 'hex') : Buffer.from(plain);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length + (plain === undefined ? 0 : 0x8000_0000));
    return Buffer.concat([length, bytes, Buffer.alloc((flags & 0x10) === 0 ? 0 : 4)]);
  });
  const more = (flags & 8) === 0 ? 1 : 9;
  return Buffer.concat([
    Buffer.from([4, 0x22, 0x4d, 0x18, flags, size << 4]),
    Buffer.alloc(more),
    ...parts,
    Buffer.alloc(4),
  ]);
}

describe('a compressed batch', () => {
  it.each(['snappy', 'lz4', 'zstd'] as const)('of the Java producer is read, %s', (codec) => {
    const batches = decodeBatches(Buffer.from(JAVA[codec], 'hex'), 0);
    const values = committedRuns(batches, []).flatMap(({ bytes, count, spans }) =>
      Array.from({ length: count }, (_, index) => {
        const [start, length] = [spans[index * SPAN + 2]!, spans[index * SPAN + 3]!];
        return bytes.toString('utf8', start, start + length);
      }),
    );
    expect(values).toEqual([LINE, LINE, 'nothing']);
  });

  it('of another client is read, whatever its frame', () => {
    expect(unpackSnappy(Buffer.from(PLAIN_SNAPPY, 'hex'), 1_000).toString()).toBe(REPEATED);
    expect(unpackLz4(Buffer.from(LZ4_OF_RUST, 'hex'), 100_000).toString()).toBe(REPEATED);
    const plain = [{ plain: 'abcd' }, { plain: 'efgh' }];
    // Independent blocks; with checksums of blocks and of the whole; with the size of the content in front.
    for (const flags of [0x60, 0x74, 0x68, 0x7c])
      expect(unpackLz4(lz4Frame(flags, 4, plain), 200_000).toString()).toBe('abcdefgh');
    // The second block repeats what is in the first: a match of 4 at distance 4, then one letter.
    const linked = lz4Frame(0x40, 7, [{ plain: 'abcd' }, { hex: `00040010${Buffer.from('e').toString('hex')}` }]);
    expect(unpackLz4(linked, 10_000_000).toString()).toBe('abcdabcde');
    expect(unpackLz4(lz4Frame(0x60, 4, []), 0)).toHaveLength(0);
  });

  it.each([
    ['a compression that nobody knows', () => unpacked(Buffer.alloc(9), 5), 'a batch has the unknown compression 5'],
    ['a batch that is no snappy', () => unpacked(Buffer.from('zzz'), 2), 'compressed with snappy cannot be unpacked'],
    ['a batch that is no LZ4', () => unpacked(Buffer.from('no lz4 at all'), 3), 'it is no frame of LZ4'],
    ['LZ4 with a dictionary', () => unpacked(lz4Frame(0x61, 4, []), 3), 'it is a frame of another kind'],
    ['a batch that is no zstd', () => unpacked(Buffer.from('no zstd at all'), 4), 'compressed with zstd cannot be'],
  ])('is refused: %s', (_what, step, message) => {
    expect(step).toThrow(KafkaFailure);
    expect(step).toThrow(expect.objectContaining({ kind: 'refused', message: expect.stringContaining(message) }));
  });

  it('is refused when it would be larger than a batch may be', () => {
    expect(() => unpackSnappy(Buffer.from(PLAIN_SNAPPY, 'hex'), REPEATED.length - 1)).toThrow('longer than 170 bytes');
    expect(() => unpackSnappy(Buffer.from('ffffffff0f00', 'hex'), 2 ** 40)).toThrow('shorter than it says');
    expect(() =>
      unpackLz4(
        lz4Frame(
          0x60,
          7,
          Array.from({ length: 65 }, () => ({ plain: '' })),
        ),
        2 ** 28,
      ),
    ).toThrow('may be longer than 268435456 bytes');
    const zstd = zstdOf(undefined);
    expect(() => zstd(packedBy('zstd'), 50)).toThrow('it is longer than 50 bytes');
  });

  it.each([
    ['snappy', unpackSnappy, packedBy('snappy')],
    ['snappy without blocks', unpackSnappy, Buffer.from(PLAIN_SNAPPY, 'hex')],
    ['lz4', unpackLz4, packedBy('lz4')],
  ] as const)(
    'that is damaged gives an error or other bytes, and never more than it may: %s',
    (_name, unpack, packed) => {
      const damage = fc.record({ at: fc.nat(packed.length - 1), byte: fc.nat(255), cut: fc.nat(packed.length) });
      fc.assert(
        fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
          let bytes = Buffer.from(packed);
          for (const { at, byte } of damages) bytes[at] = byte;
          if (damages[0]!.cut % 2 === 0) bytes = bytes.subarray(0, damages[0]!.cut);
          try {
            expect(unpack(bytes, 70_000).length).toBeLessThanOrEqual(70_000);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(RangeError);
          }
        }),
        { numRuns: 2_000 },
      );
    },
  );
});

describe('zstd', () => {
  /** `to be`, in one block as it is, behind this head of a frame: descriptor, window, size. */
  const frame = (head: string) => Buffer.from(`28b52ffd${head}290000746f206265`, 'hex');
  /** The letter z 300 times in one byte, with a size of two bytes, which counts from 256. */
  const repeated = Buffer.from('28b52ffd40002c006309007a', 'hex');
  const unsized = Buffer.from('28b52ffd00006309007a', 'hex');
  const unzip = (packed: Buffer, bytesMax = 1_000) => zstdOf(undefined)(packed, bytesMax).toString();

  it('is undone whatever its head says, from several frames too, and over what is to be skipped', () => {
    for (const head of ['0000', '2005', '800005000000', 'a005000000', 'e00500000000000000'])
      expect(unzip(frame(head))).toBe('to be');
    const skipped = Buffer.from('5a2a4d1803000000ffffff', 'hex');
    const checksum = Buffer.from('ffffffff', 'hex');
    expect(unzip(Buffer.concat([frame('0400'), checksum, skipped, frame('2005')]))).toBe('to beto be');
  });

  it.each([
    ['a window of 3.75 TiB', frame('00ff'), 'it claims a window of 4123168604160 bytes, and may have 134217728'],
    ['a window of 1 GiB', frame('00a0'), 'it claims a window of 1073741824 bytes'],
    ['two windows of 72 MiB', Buffer.concat([frame('0081'), frame('0081')]), 'it claims a window of 150994944 bytes'],
    ['a content of 2 GiB', frame('a000000080'), 'it claims to be longer than 1000 bytes'],
    ['a content of 4 GiB and 5 bytes', frame('e00500000001000000'), 'it claims to be longer than 1000 bytes'],
    ['two contents of 600 bytes', Buffer.concat([frame('605801'), frame('605801')]), 'longer than 1000'],
    ['a dictionary', frame('010001'), 'it needs a dictionary'],
    ['a reserved bit', frame('0800'), 'it is a frame of another kind'],
    ['what is no frame', Buffer.from('no zstd at all'), 'it is no frame of zstd'],
    ['a block without its end', frame('0000').subarray(0, -1), 'it is cut off'],
  ])('is refused before anything is allocated: %s', (_what, packed, message) => {
    expect(() => unzip(packed)).toThrow(message);
    expect(() => unzip(packed)).toThrow(RangeError);
  });

  it('takes the largest window that zstd itself takes', () => {
    expect(unzip(frame('0088'))).toBe('to be');
    expect(() => unzip(frame('0089'))).toThrow('it claims a window of 150994944 bytes');
  });

  it('that becomes more than it may is stopped where it does', () => {
    expect(unzip(repeated)).toBe('z'.repeat(300));
    expect(() => unzip(repeated, 299)).toThrow('it claims to be longer than 299 bytes');
    expect(() => unzip(unsized, 299)).toThrow('it is longer than 299 bytes');
  });

  it('is undone by the package where Node.js cannot, and by Node.js where it can', () => {
    const withPackage = zstdOf(undefined)(packedBy('zstd'), 1_000);
    expect(withPackage.toString()).toContain(LINE);
    const asked: unknown[] = [];
    const builtIn = (packed: unknown, options: unknown): Buffer => {
      asked.push([packed, options]);
      return Buffer.from('by Node.js');
    };
    const unpack = zstdOf(builtIn as never, () => expect.unreachable());
    expect(unpack(packedBy('zstd'), 7).toString()).toBe('by Node.js');
    expect(asked).toEqual([[packedBy('zstd'), { maxOutputLength: 7 }]]);
  });

  it('has one error with the line to type where neither can, and it is not tried again', async () => {
    const missing = (): never => {
      throw new Error("Cannot find module 'fzstd'");
    };
    const error = {
      code: 'RG050',
      message: 'the topic holds batches compressed with zstd, which Node.js before version 22.15 cannot undo by itself',
      hint: 'install it: npm install fzstd, or take a newer Node.js',
    };
    expect(() => zstdOf(undefined, missing)).toThrow(expect.objectContaining(error));
    await expect(translated(async () => zstdOf(undefined, missing))).rejects.toMatchObject(error);
  });
});
