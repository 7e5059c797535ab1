/** Runs a user-written receiver: what it stores waits in a buffer, and it is started again when it asks for it. */
import { StreamError } from '../core/errors.js';
import type { RawSource, ReceiverNews } from '../runtime/source.js';
import type { Timer, World } from '../runtime/world.js';
import type { Receiver, ReceiverOutput } from '../topology/receiver-spec.js';
import { VALUES_BUFFERED_MAX, ValueBuffer } from './value-buffer.js';

/** Until a receiver is started again (us). Spark: `spark.streaming.receiverRestartDelay`, 2 s. */
export const RESTART_DELAY = 2_000_000;
/** Restarts in a row without a record between them. */
export const RESTARTS_MAX = 5;
/** Records that may wait, for one that does not wait for room. */
export const STORED_MAX = 4 * VALUES_BUFFERED_MAX;

/** What a receiver is run with. */
export interface ReceiverServices {
  readonly name: string;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  /** Records that an earlier process has read. */
  readonly before: number | undefined;
  readonly tell: ((news: ReceiverNews) => void) | undefined;
}

/** Starts it. What it throws is the source's failure. */
export function openReceiver(create: () => Receiver<unknown>, services: ReceiverServices): RawSource {
  return new ReceiverSource(create, services);
}

class ReceiverSource implements RawSource {
  readonly partitions: readonly [ValueBuffer];
  readonly #services: ReceiverServices;
  readonly #buffer: ValueBuffer;
  #receiver: Receiver<unknown> | undefined;
  /** Of the start that counts; what an earlier one still calls does nothing. */
  #start = 0;
  #attempts = 0;
  #timer: Timer | undefined;

  constructor(create: () => Receiver<unknown>, services: ReceiverServices) {
    this.#services = services;
    this.#buffer = new ValueBuffer(services.before);
    this.partitions = [this.#buffer];
    this.#guarded(() => {
      this.#receiver = create();
      this.#receiver.onStart(this.#output());
    });
  }

  async close(): Promise<void> {
    this.#buffer.end();
    this.#stop();
  }

  #output(): ReceiverOutput<unknown> {
    const start = ++this.#start;
    const ifStarted = <R>(run: () => R): R | undefined => {
      return start === this.#start && this.#buffer.isOpen ? run() : undefined;
    };
    return {
      store: (...records) => ifStarted(() => this.#store(records)),
      end: () => ifStarted(() => this.#buffer.end()),
      restart: (reason) => ifStarted(() => this.#restart(reason)),
      fail: (error) => ifStarted(() => this.#buffer.fail(this.#failure(error))),
    };
  }

  #store(records: readonly unknown[]): Promise<void> | undefined {
    if (this.#attempts > 0 && records.length > 0) {
      this.#attempts = 0;
      this.#services.tell?.({
        kind: 'receiverStarted',
        message: `the receiver of '${this.#services.name}' has records again`,
      });
    }
    this.#buffer.add([...records]);
    if (this.#buffer.waitingCount > STORED_MAX) this.#buffer.fail(this.#tooMany());
    return this.#buffer.room();
  }

  #restart(reason: string): void {
    this.#stop();
    this.#attempts++;
    if (this.#attempts > RESTARTS_MAX) return this.#buffer.fail(this.#lost(reason));
    const message = `the receiver of '${this.#services.name}' asked to be started again: ${reason}`;
    const counts = { attempt: this.#attempts, attemptsMax: RESTARTS_MAX, delay: RESTART_DELAY };
    this.#services.tell?.({ kind: 'receiverError', message, ...counts });
    const { clock, scheduler } = this.#services.world;
    this.#timer = scheduler.at(clock.now() + RESTART_DELAY, () =>
      this.#guarded(() => this.#receiver!.onStart(this.#output())),
    );
  }

  /** Of what it was started with nothing is taken any more. */
  #stop(): void {
    this.#start++;
    this.#timer?.cancel();
    this.#guarded(() => this.#receiver?.onStop?.());
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#buffer.fail(this.#failure(thrown));
    }
  }

  #failure(thrown: unknown): StreamError {
    if (thrown instanceof StreamError) return thrown;
    const what = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `the receiver of '${this.#services.name}' failed: ${what}`;
    return new StreamError('RG030', message, 'see the cause; call output.restart() for what passes', { cause: thrown });
  }

  #lost(reason: string): StreamError {
    const message = `the receiver of '${this.#services.name}' stored nothing in ${RESTARTS_MAX} restarts: ${reason}`;
    return new StreamError('RG043', message, 'check what it reads from');
  }

  #tooMany(): StreamError {
    const message = `the receiver of '${this.#services.name}' stored more than ${STORED_MAX} records that nobody has taken yet`;
    return new StreamError('RG011', message, 'await what store() returns');
  }
}
