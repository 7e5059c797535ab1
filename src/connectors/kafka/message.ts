/** A result as a message of Kafka, and messages as bytes of a file that outlives the process. */
import type { ResultContext } from '../../runtime/sink.js';
import type { KafkaMessage } from './port.js';

/** The header with the end of a result's window (ms). */
const WINDOW_END = 'window-end';
/** The header with what names a result, where it is asked for: the same when the result is given again. */
const ID = 'raingauge-id';

/** A pair is key and value; anything else is a value without key. Its time is the result's stream time. */
export function messageOf(value: unknown, { timestamp, windowEnd, id }: ResultContext): KafkaMessage {
  const isPair = Array.isArray(value) && value.length === 2;
  return {
    key: isPair ? partOf(value[0]) : null,
    value: partOf(isPair ? value[1] : value),
    timestamp: Math.max(0, Math.floor(timestamp / 1_000)),
    ...headersOf(windowEnd / 1_000, id),
  };
}

function headersOf(windowEndMs: number, id: string | undefined): Pick<KafkaMessage, 'headers'> {
  if (Number.isNaN(windowEndMs) && id === undefined) return {};
  const end = Number.isNaN(windowEndMs) ? {} : { [WINDOW_END]: String(windowEndMs) };
  return { headers: id === undefined ? end : { ...end, [ID]: id } };
}

/** Text, bytes and nothing stay what they are; numbers and the like are JSON. */
function partOf(value: unknown): string | Buffer | null {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ??
    String(value)
  );
}

/** Bytes of a message that count towards limits. */
export function bytesOf({ key, value, headers }: KafkaMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + (headers?.[ID]?.length ?? 0) + FRAME_BYTES;
}

/** What a message takes beside key and value. */
const FRAME_BYTES = 24;

/**
 * Messages one after the other: length of key and of value (-1: null), time, end of window, key, value. Before one with an id stand -2,
 * the id's length and the id.
 */
export function encodeMessages(messages: readonly KafkaMessage[]): Buffer {
  const parts: Buffer[] = [];
  for (const { key, value, timestamp = 0, headers } of messages) {
    const [keyBytes, valueBytes] = [toBytes(key), toBytes(value)];
    if (headers?.[ID] !== undefined) parts.push(...idFrame(headers[ID]));
    const frame = Buffer.allocUnsafe(FRAME_BYTES);
    frame.writeInt32BE(keyBytes?.length ?? -1, 0);
    frame.writeInt32BE(valueBytes?.length ?? -1, 4);
    frame.writeDoubleBE(timestamp, 8);
    frame.writeDoubleBE(Number(headers?.[WINDOW_END] ?? Number.NaN), 16);
    parts.push(frame, keyBytes ?? NOTHING, valueBytes ?? NOTHING);
  }
  return Buffer.concat(parts);
}

const NOTHING = Buffer.alloc(0);
/** Stands where a key's length would, before an id. */
const ID_FOLLOWS = -2;
const ID_HEAD_BYTES = 8;

function idFrame(id: string): readonly Buffer[] {
  const bytes = Buffer.from(id);
  const head = Buffer.allocUnsafe(ID_HEAD_BYTES);
  head.writeInt32BE(ID_FOLLOWS, 0);
  head.writeInt32BE(bytes.length, 4);
  return [head, bytes];
}

function toBytes(part: string | Buffer | null): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

/** The messages of bytes whose checksum was right. @throws RangeError for what `encodeMessages` does not give. */
export function decodeMessages(bytes: Buffer): readonly KafkaMessage[] {
  const messages: KafkaMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    let id: string | undefined;
    if (bytes.readInt32BE(at) === ID_FOLLOWS) {
      const from = at + ID_HEAD_BYTES;
      at = endOf(bytes, from, bytes.readInt32BE(at + 4));
      id = bytes.toString('utf8', from, at);
    }
    const [keyLength, valueLength] = [bytes.readInt32BE(at), bytes.readInt32BE(at + 4)];
    const [timestamp, windowEnd] = [bytes.readDoubleBE(at + 8), bytes.readDoubleBE(at + 16)];
    const keyAt = at + FRAME_BYTES;
    const valueAt = keyLength === -1 ? keyAt : endOf(bytes, keyAt, keyLength);
    at = valueLength === -1 ? valueAt : endOf(bytes, valueAt, valueLength);
    messages.push({
      key: keyLength < 0 ? null : bytes.subarray(keyAt, valueAt),
      value: valueLength < 0 ? null : bytes.subarray(valueAt, at),
      timestamp,
      ...headersOf(windowEnd, id),
    });
  }
  return messages;
}

function endOf(bytes: Buffer, from: number, length: number): number {
  if (length >= 0 && from + length <= bytes.length) return from + length;
  throw new RangeError(`a message has ${length} bytes at ${from} of ${bytes.length}`);
}
