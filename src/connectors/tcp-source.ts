/** Reads lines from a TCP server, and connects again when the connection is lost. */
import { connect, type Socket } from 'node:net';
import { StreamError } from '../core/errors.js';
import type { RawSource, ReceiverNews } from '../runtime/source.js';
import type { Clock, Scheduler, Timer } from '../runtime/world.js';
import type { Decoding } from './formats/open-format.js';
import { LineBuffer } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { readInto } from './stdin-source.js';

/** Options of the spec. */
export interface TcpSettings extends Omit<LineDecoderOptions, 'from'> {
  readonly host: string;
  readonly port: number;
  readonly onClose: 'reconnect' | 'end';
  readonly reconnectsMax: number;
}

/** The first and the longest wait before connecting again (us); each is twice the one before. */
export const RECONNECT_DELAY = 200_000;
const RECONNECT_DELAY_MAX = 5_000_000;
/** A server that does not answer for so long counts as unreachable. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A connection that is silent for so long is asked whether the other side still lives; if it does not, the connection breaks. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Opens a connection. A server that is not there fails at once; a connection that is lost later is opened again, after
 * growing waits, and fails with `RG043` when that many attempts in a row brought no data. `tell` hears of each of them.
 *
 * @throws StreamError `RG043`. Source: Spark Streaming, `SocketReceiver`.
 */
export async function openTcpSource(
  settings: TcpSettings,
  world: { readonly clock: Clock; readonly scheduler: Scheduler },
  tell: (news: ReceiverNews) => void = () => undefined,
  decoding?: Decoding,
): Promise<RawSource> {
  const socket = await connected(settings);
  const reader = new TcpReader(settings, world, socket, tell, decoding);
  const reading = reader.run();
  return {
    partitions: [reader.lines],
    counters: () => reader.lines.counters(),
    close: () => {
      reader.stop();
      return reading;
    },
  };
}

class TcpReader {
  readonly lines: LineBuffer;
  readonly #settings: TcpSettings;
  readonly #world: { readonly clock: Clock; readonly scheduler: Scheduler };
  readonly #tell: (news: ReceiverNews) => void;
  #socket: Socket | undefined;
  #attempts = 0;
  #stopWaiting: (() => void) | undefined;

  constructor(
    settings: TcpSettings,
    world: { readonly clock: Clock; readonly scheduler: Scheduler },
    socket: Socket,
    tell: (news: ReceiverNews) => void,
    decoding: Decoding | undefined,
  ) {
    this.lines = new LineBuffer({ ...settings, from: addressOf(settings) }, 0, decoding);
    this.#settings = settings;
    this.#world = world;
    this.#socket = socket;
    this.#tell = tell;
  }

  /** Never rejects: what goes wrong becomes the partition's failure. */
  async run(): Promise<void> {
    let lost: unknown;
    while (this.lines.isOpen) {
      if (this.#socket !== undefined) {
        lost = await this.#readSocket(this.#socket);
        this.lines.pushRest();
      }
      if (lost === undefined && this.#settings.onClose === 'end') return this.lines.end();
      if (!this.lines.isOpen) break;
      if (this.#attempts >= this.#settings.reconnectsMax) return this.lines.fail(this.#gone(lost));
      const delay = Math.min(RECONNECT_DELAY_MAX, RECONNECT_DELAY * 2 ** this.#attempts++);
      this.#tellLost(lost, delay);
      await this.#wait(delay);
      if (this.lines.isOpen) lost = await this.#connectAgain();
    }
    this.#socket?.destroy();
  }

  /** Resolves to the error when nobody answers. */
  async #connectAgain(): Promise<unknown> {
    try {
      this.#socket = await connected(this.#settings);
      this.#tell({ kind: 'receiverStarted', message: `connected to ${addressOf(this.#settings)} again` });
      return undefined;
    } catch (error) {
      this.#socket = undefined;
      return error;
    }
  }

  #tellLost(lost: unknown, delay: number): void {
    const address = addressOf(this.#settings);
    const message =
      lost === undefined
        ? `${address} closed the connection`
        : lost instanceof StreamError
          ? lost.message
          : `the connection to ${address} broke: ${(lost as NodeJS.ErrnoException).code ?? String(lost)}`;
    const attemptsMax = this.#settings.reconnectsMax;
    this.#tell({ kind: 'receiverError', message, attempt: this.#attempts, attemptsMax, delay });
  }

  stop(): void {
    this.lines.end();
    this.#socket?.destroy();
    this.#stopWaiting?.();
  }

  /** Resolves when the connection is gone: to its error, or to undefined when the server closed it. */
  async #readSocket(socket: Socket): Promise<unknown> {
    try {
      await readInto(this.lines, socket);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      if (socket.bytesRead > 0) this.#attempts = 0;
    }
  }

  async #wait(delay: number): Promise<void> {
    const { clock, scheduler } = this.#world;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#stopWaiting = resolve;
      timer = scheduler.at(clock.now() + delay, resolve);
    });
    timer?.cancel();
  }

  #gone(cause: unknown): StreamError {
    const { reconnectsMax, port } = this.#settings;
    return new StreamError(
      'RG043',
      `the connection to ${addressOf(this.#settings)} was closed by the other side, and ${reconnectsMax} attempts to open it again failed`,
      `keep the server open (nc -lk ${port} stays, nc -l ${port} does not), or use onClose: 'end'`,
      { cause },
    );
  }
}

function connected(settings: TcpSettings): Promise<Socket> {
  const { host, port } = settings;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (cause: NodeJS.ErrnoException): void => {
      socket.destroy();
      reject(refused(settings, cause));
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => fail(new Error('no answer')));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function refused(settings: TcpSettings, cause: NodeJS.ErrnoException): StreamError {
  const address = addressOf(settings);
  const message =
    cause.code === 'ECONNREFUSED'
      ? `nothing listens on ${address}`
      : `no connection to ${address}: ${cause.code ?? cause.message}`;
  return new StreamError('RG043', message, `start a server first, for example: nc -lk ${settings.port}`, { cause });
}

function addressOf({ host, port }: TcpSettings): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
