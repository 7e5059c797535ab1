/** A result as a message of Kafka, and messages as bytes of a file that outlives the process. */
import type { ResultContext } from '../../runtime/sink.js';
import type { KafkaMessage } from './port.js';

/** The header with the end of a result's window (ms). */
const WINDOW_END = 'window-end';

/** A pair is key and value; anything else is a value without key. Its time is the result's stream time. */
export function messageOf(value: unknown, { timestamp, windowEnd }: ResultContext): KafkaMessage {
  const isPair = Array.isArray(value) && value.length === 2;
  return {
    key: isPair ? partOf(value[0]) : null,
    value: partOf(isPair ? value[1] : value),
    timestamp: Math.max(0, Math.floor(timestamp / 1_000)),
    ...(Number.isNaN(windowEnd) ? {} : { headers: { [WINDOW_END]: String(windowEnd / 1_000) } }),
  };
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
export function bytesOf({ key, value }: KafkaMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + FRAME_BYTES;
}

/** What a message takes beside key and value. */
const FRAME_BYTES = 24;

/** Messages one after the other: length of key and of value (-1: null), time, end of window, key, value. */
export function encodeMessages(messages: readonly KafkaMessage[]): Buffer {
  const parts: Buffer[] = [];
  for (const { key, value, timestamp = 0, headers } of messages) {
    const [keyBytes, valueBytes] = [toBytes(key), toBytes(value)];
    const frame = Buffer.allocUnsafe(FRAME_BYTES);
    frame.writeInt32BE(keyBytes?.length ?? -1, 0);
    frame.writeInt32BE(valueBytes?.length ?? -1, 4);
    frame.writeDoubleBE(timestamp, 8);
    frame.writeDoubleBE(headers === undefined ? Number.NaN : Number(headers[WINDOW_END]), 16);
    parts.push(frame, keyBytes ?? NOTHING, valueBytes ?? NOTHING);
  }
  return Buffer.concat(parts);
}

const NOTHING = Buffer.alloc(0);

function toBytes(part: string | Buffer | null): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

/** The messages of a file, whose whole content is durable. */
export function decodeMessages(bytes: Buffer): readonly KafkaMessage[] {
  const messages: KafkaMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [keyLength, valueLength] = [bytes.readInt32BE(at), bytes.readInt32BE(at + 4)];
    const [timestamp, windowEnd] = [bytes.readDoubleBE(at + 8), bytes.readDoubleBE(at + 16)];
    const keyAt = at + FRAME_BYTES;
    const valueAt = keyAt + Math.max(0, keyLength);
    at = valueAt + Math.max(0, valueLength);
    messages.push({
      key: keyLength < 0 ? null : bytes.subarray(keyAt, valueAt),
      value: valueLength < 0 ? null : bytes.subarray(valueAt, at),
      timestamp,
      ...(Number.isNaN(windowEnd) ? {} : { headers: { [WINDOW_END]: String(windowEnd) } }),
    });
  }
  return messages;
}
