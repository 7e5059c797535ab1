/** Takes the lines that clients send to a TCP port; each connection is cut into lines by itself. */
import { createServer, type Server, type Socket } from 'node:net';
import { StreamError } from '../core/errors.js';
import { previewOf, type TellSetAside } from '../runtime/set-aside.js';
import type { RawSource } from '../runtime/source.js';
import type { Decoding } from './formats/open-format.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { listening } from './listening.js';
import { RecordDecoder, type Undecoded } from './record-decoder.js';
import { ValueBuffer } from './value-buffer.js';

/** Options of the spec. */
export interface TcpServerSettings extends Omit<LineDecoderOptions, 'from'> {
  readonly host: string;
  readonly port: number;
  readonly connectionsMax: number;
  /** In us. */
  readonly idleTimeout: number;
}

/** An open source, with the port it listens on. */
export interface TcpServerSource extends RawSource {
  readonly port: number;
}

/**
 * Listens for connections.
 *
 * @throws StreamError `RG043` when the port cannot be had.
 */
export async function openTcpServerSource(
  settings: TcpServerSettings,
  setAside: TellSetAside,
  decoding?: Decoding,
): Promise<TcpServerSource> {
  const reader = new TcpServerReader(settings, setAside, decoding);
  const port = await listening(reader.server, settings);
  return { port, partitions: [reader.buffer], counters: () => reader.counters(), close: () => reader.close() };
}

class TcpServerReader {
  readonly server: Server;
  readonly buffer: ValueBuffer;
  readonly #settings: TcpServerSettings;
  readonly #decoding: Decoding | undefined;
  /** Open connections, each with what cuts it into records. */
  readonly #connections = new Map<Socket, RecordDecoder>();
  readonly #counters = { refusedConnections: 0, brokenConnections: 0, invalidUtf8Lines: 0, undecodableRecords: 0 };

  constructor(settings: TcpServerSettings, setAside: TellSetAside, decoding: Decoding | undefined) {
    this.#settings = settings;
    this.#decoding = decoding;
    this.buffer = new ValueBuffer(0, setAside);
    this.server = createServer((socket) => void this.#serve(socket));
  }

  counters(): Readonly<Record<string, number>> {
    let { invalidUtf8Lines, undecodableRecords } = this.#counters;
    for (const { invalidLines, undecodable } of this.#connections.values()) {
      invalidUtf8Lines += invalidLines;
      undecodableRecords += undecodable;
    }
    return { ...this.#counters, invalidUtf8Lines, undecodableRecords };
  }

  async close(): Promise<void> {
    this.buffer.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
  }

  /** Never rejects. A connection that breaks harms no other. */
  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    if (this.#connections.size >= this.#settings.connectionsMax) {
      this.#counters.refusedConnections++;
      socket.destroy();
      return;
    }
    const from = `the connection from ${socket.remoteAddress ?? 'a client'}`;
    const decoder = new RecordDecoder({ ...this.#settings, from }, this.#decoding);
    this.#connections.set(socket, decoder);
    // A client that is gone without a word would hold its place for ever.
    socket.setKeepAlive(true);
    const idleMs = Math.ceil(this.#settings.idleTimeout / 1_000);
    // While the job is behind, it is not the client that is silent.
    socket.setTimeout(idleMs, () => void (this.buffer.isFull ? socket.setTimeout(idleMs) : socket.destroy()));
    let isWhole = true;
    try {
      for await (const chunk of socket as AsyncIterable<Uint8Array>) {
        isWhole = this.#take((values, undecoded) => decoder.push(chunk, values, undecoded), chunk);
        if (!isWhole) break;
        await this.buffer.room();
        if (!this.buffer.isOpen) break;
      }
    } catch {
      this.#counters.brokenConnections++;
    }
    // What came of a last line counts as one, as with `tcp`.
    if (isWhole) this.#take((values, undecoded) => decoder.end(values, undecoded));
    this.#counters.invalidUtf8Lines += decoder.invalidLines;
    this.#counters.undecodableRecords += decoder.undecodable;
    this.#connections.delete(socket);
    socket.destroy();
  }

  /** False when the connection cannot go on: where a record that is too long ends, nobody knows. */
  #take(decode: (values: unknown[], undecoded: Undecoded[]) => void, chunk: Uint8Array = new Uint8Array()): boolean {
    const values: unknown[] = [];
    const undecoded: Undecoded[] = [];
    let error: unknown;
    try {
      decode(values, undecoded);
    } catch (thrown) {
      error = thrown;
    }
    this.buffer.add(values, undecoded);
    if (error === undefined) return true;
    if (!(error instanceof StreamError)) throw error;
    if (error.code !== 'RG044') this.buffer.fail(error);
    else this.buffer.add([], [{ at: 0, value: previewOf(chunk), error }]);
    return false;
  }
}
