/** Reads the lines of standard input, up to its end. */
import type { Readable } from 'node:stream';
import { StreamError } from '../core/errors.js';
import type { RawSource } from '../runtime/source.js';
import type { Decoding } from './formats/open-format.js';
import { LineBuffer } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';

/** Opens a stream of bytes. Reading stops while too many lines wait, so that a pipe's writer has to wait as well. */
export function openStdinSource(
  options: Omit<LineDecoderOptions, 'from'>,
  stream: Readable,
  decoding?: Decoding,
): RawSource {
  const lines = new LineBuffer({ ...options, from: 'standard input' }, 0, decoding);
  const reading = readAll(stream, lines);
  return {
    partitions: [lines],
    counters: () => lines.counters(),
    close: () => {
      lines.end();
      stream.destroy();
      return reading;
    },
  };
}

async function readAll(stream: Readable, lines: LineBuffer): Promise<void> {
  try {
    await readInto(lines, stream);
    lines.end();
  } catch (cause) {
    // After `close` this is only the stream that complains about being closed.
    lines.fail(
      new StreamError('RG040', `standard input cannot be read: ${String(cause)}`, 'check what it leads to', { cause }),
    );
  }
}

/** Reads a stream to its end, or until the lines are closed. */
export async function readInto(lines: LineBuffer, stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stream) {
    lines.push(chunk);
    await lines.room();
    if (!lines.isOpen) break;
  }
}
