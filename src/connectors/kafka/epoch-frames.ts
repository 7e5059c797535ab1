/**
 * The bytes of a part of a prepared epoch: messages in frames, so that damage is not sent to Kafka. It knows no files.
 *
 *      part   frame, frame, …, a frame without messages
 *      frame  magic u32 | length u32 | crc32 u32 | messages
 *
 * A crc32 covers its frame and all before it: frames that are gone, in another order or there twice do not fit, and the last one is the end.
 */
import { crc32 } from 'node:zlib';
import { damaged } from '../../runtime/checkpoint-errors.js';
import { decodeMessages, encodeMessages } from './message.js';
import type { KafkaMessage } from './port.js';

const MAGIC = 0x5045_4752;
const HEAD_BYTES = 12;

/** A frame, and the checksum that the next one goes on from. */
export interface Frame {
  readonly bytes: Buffer;
  readonly sum: number;
}

/** The frame of these messages; of none it is the last. @param before is the checksum of the frame before it, 0 for the first. */
export function encodeFrame(messages: readonly KafkaMessage[], before: number): Frame {
  const content = encodeMessages(messages);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(content.length, 4);
  const sum = crc32(content, crc32(head.subarray(0, 8), before));
  head.writeUInt32LE(sum, 8);
  return { bytes: Buffer.concat([head, content]), sum };
}

/** The messages of a part. @throws StreamError `RG054` for one that is damaged. */
export function decodeFrames(path: string, bytes: Buffer): readonly KafkaMessage[] {
  const messages: KafkaMessage[] = [];
  for (let at = 0, sum = 0; ; ) {
    if (bytes.length - at < HEAD_BYTES || bytes.readUInt32LE(at) !== MAGIC)
      throw damaged(path, `no frame of messages begins at byte ${at}`);
    const start = at + HEAD_BYTES;
    const end = start + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) throw damaged(path, `a frame of messages goes to byte ${end}, beyond its end`);
    const content = bytes.subarray(start, end);
    sum = crc32(content, crc32(bytes.subarray(at, at + 8), sum));
    if (sum !== bytes.readUInt32LE(at + 8)) throw damaged(path, `the checksum of the frame at byte ${at} is wrong`);
    if (end === start) {
      if (end < bytes.length) throw damaged(path, `something stands behind its end at byte ${end}`);
      return messages;
    }
    for (const message of decodeMessages(content)) messages.push(message);
    at = end;
  }
}
