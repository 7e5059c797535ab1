/** The formats that are no text: bytes as they are, and Avro. */
import { StreamError } from '../../core/errors.js';
import type { Files } from '../../runtime/world.js';
import { type AvroType, type Avsc, boundedType } from './avro-types.js';
import { bytesOf, type Format, undecodable, unencodable } from './format.js';
import { JSON_DEPTH_MAX } from './text-formats.js';

/** A record is its bytes. */
export const bytesFormat: Format = {
  framing: 'length',
  decode: bytesOf,
  encode(value) {
    if (value instanceof Uint8Array || typeof value === 'string') return value;
    throw unencodable(`a result of type ${typeof value} is neither bytes nor text`);
  },
};

/** A record is its bytes, which are so many. */
export function fixedBytesFormat(recordLength: number): Format {
  return {
    framing: { recordLength },
    decode: bytesOf,
    encode(value) {
      const encoded = bytesOf(bytesFormat.encode(value));
      if (encoded.length === recordLength) return encoded;
      throw unencodable(`a result of ${encoded.length} bytes is no record of ${recordLength} bytes`);
    },
  };
}

/** Bytes of a schema file. */
const SCHEMA_BYTES_MAX = 1_048_576;

/**
 * Avro data of one schema.
 *
 * @throws StreamError `RG050` without the package `avsc`, `RG040`, `RG041`, `RG044` for the schema's file, `RG048` for what is no schema.
 */
export async function avroFormat(path: string, files: Pick<Files, 'readWhole'>): Promise<Format> {
  const type = typeOf(path, await files.readWhole(path, SCHEMA_BYTES_MAX), await loadAvsc());
  return {
    framing: 'length',
    decode(raw, context) {
      const { buffer, byteOffset, byteLength } = bytesOf(raw);
      try {
        return plain(type.fromBuffer(Buffer.from(buffer, byteOffset, byteLength)));
      } catch (cause) {
        throw undecodable(`is not Avro of the schema '${path}': ${messageOf(cause)}`, context, cause);
      }
    },
    encode(value) {
      try {
        return type.toBuffer(value);
      } catch (cause) {
        throw unencodable(`a result does not fit the schema '${path}': ${messageOf(cause)}`, cause);
      }
    },
  };
}

async function loadAvsc(): Promise<Avsc> {
  try {
    const module = (await import('avsc')) as unknown as { readonly default: Avsc };
    return module.default;
  } catch (cause) {
    throw new StreamError(
      'RG050',
      "the format avro needs the package 'avsc', which is not installed",
      'npm install avsc',
      {
        cause,
      },
    );
  }
}

function typeOf(path: string, schema: Uint8Array, avsc: Avsc): AvroType {
  try {
    return boundedType(avsc, JSON.parse(new TextDecoder().decode(schema)));
  } catch (cause) {
    throw new StreamError(
      'RG048',
      `the file '${path}' is no Avro schema: ${messageOf(cause)}`,
      'give the file of a schema in JSON (.avsc)',
      { cause },
    );
  }
}

/** Records of `avsc` are instances of classes of their own, which neither a checkpoint nor another thread can hold. */
function plain(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  // As in JSON: nobody further down could walk through it.
  if (depth === JSON_DEPTH_MAX) throw new RangeError(`it is nested deeper than ${JSON_DEPTH_MAX} levels`);
  if (Array.isArray(value)) return value.map((inner) => plain(inner, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, depth + 1)]));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
}
