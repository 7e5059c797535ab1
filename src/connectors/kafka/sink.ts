/** The sink `kafka`: sends results as they come, or epoch by epoch in transactions. */
import { randomUUID } from 'node:crypto';
import { StreamError } from '../../core/errors.js';
import type { ResultContext, SinkTransactions, SinkWriter } from '../../runtime/sink.js';
import type { Files, World } from '../../runtime/world.js';
import { type EpochStore, FileEpochs, MemoryEpochs } from './epoch-store.js';
import { messageOf } from './message.js';
import { type KafkaSettings, kafkaError, openKafkaPort } from './open-port.js';
import { patiently } from './patience.js';
import type { KafkaMessage, KafkaPort, KafkaProducer } from './port.js';
import { noTopic } from './source.js';
import { EpochTransactions } from './transactions.js';

/** Messages that may wait to be sent before the sink says that it is not ready. */
const MESSAGES_WAITING_MAX = 50_000;
/** Messages of one send. */
const SEND_MESSAGES = 10_000;

/** Codes that say more than that nothing can be written: the cluster refuses, or a prepared epoch is damaged. */
const KEPT_CODES = ['RG081', 'RG054'] as const;

/** Options of the spec. */
export interface KafkaSinkSettings extends KafkaSettings {
  /** In us. */
  readonly transactionTimeout: number;
}

/** What the sink is opened with. */
export interface KafkaSinkParts {
  /** The sink's name in the topology, and the job's: they name the transactional id and the group. */
  readonly name: string;
  readonly job: string;
  readonly transactional: boolean;
  /** The job's folder for what connectors keep. Undefined: its progress lives in memory. */
  readonly folder: string | undefined;
  readonly world: Pick<World, 'files' | 'clock' | 'scheduler'>;
}

/**
 * Connects. @throws StreamError `RG080` for a topic that is not there, `RG043`, `RG081`, `RG050`; later failures are the writer's, as
 * `RG046`, `RG081` or `RG054`.
 */
export async function openKafkaSink(settings: KafkaSinkSettings, parts: KafkaSinkParts): Promise<SinkWriter> {
  const { topic, brokers } = settings;
  const port = await openKafkaPort(settings);
  try {
    if ((await port.leaders(topic)) === undefined) throw noTopic(topic, brokers, await port.topics());
    return parts.transactional
      ? await openTransactionalSink(port, settings, parts)
      : new PlainKafkaSink(port, await port.producer(), settings, parts.world);
  } catch (thrown) {
    await port.close();
    throw kafkaError(brokers, thrown);
  }
}

/** On a client that is open already. It fails as `openKafkaSink`'s writer. */
export async function openTransactionalSink(
  port: KafkaPort,
  { topic, brokers, transactionTimeout }: KafkaSinkSettings,
  parts: KafkaSinkParts,
): Promise<SinkWriter> {
  const { name, job, folder, world } = parts;
  const own = folder === undefined ? undefined : `${folder}/sink-${name}`;
  const store = own === undefined ? new MemoryEpochs() : new FileEpochs(own, world.files);
  const life = own === undefined ? randomUUID() : await lifeOf(own, world.files);
  const group = `raingauge-${job}-${name}`;
  const timeoutMs = Math.ceil(transactionTimeout / 1_000);
  const id = `${group}-0`;
  const transactions = new EpochTransactions({ port, topic, id, timeoutMs, group, life, store, world });
  return new TransactionalKafkaSink(port, brokers, topic, store, transactions);
}

/** Made once for each checkpoint folder. */
async function lifeOf(folder: string, files: Files): Promise<string> {
  await files.makeFolder(folder);
  const path = `${folder}/life`;
  if ((await files.list(folder)).includes('life')) return new TextDecoder().decode(await files.readWhole(path, 1_000));
  const life = randomUUID();
  await files.writeAtomically(path, life);
  return life;
}

abstract class KafkaSink implements SinkWriter {
  failure: StreamError | undefined;
  readonly #brokers: readonly string[];
  readonly #topic: string;
  #wake: (() => void) | undefined;

  constructor(brokers: readonly string[], topic: string) {
    this.#brokers = brokers;
    this.#topic = topic;
  }

  abstract readonly ready: boolean;
  abstract accept(value: unknown, context: ResultContext): void;
  abstract flush(): void;
  abstract close(): Promise<void>;

  onReady(wake: () => void): void {
    this.#wake = wake;
    this.wakeWhenReady();
  }

  protected wakeWhenReady(): void {
    if (!this.ready) return;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Keeps and throws what went wrong, as people see it. */
  protected fail(thrown: unknown): never {
    const error = kafkaError(this.#brokers, thrown);
    if (!(error instanceof StreamError)) throw error;
    const message = `results cannot be written to the Kafka topic '${this.#topic}': ${error.message}`;
    const code = KEPT_CODES.find((kept) => kept === error.code) ?? 'RG046';
    this.failure ??= new StreamError(code, message, error.hint, { cause: thrown });
    this.wakeWhenReady();
    throw this.failure;
  }
}

/** At least once: one send at a time, in order; a send whose answer was lost is done again. */
class PlainKafkaSink extends KafkaSink {
  readonly #port: KafkaPort;
  readonly #producer: KafkaProducer;
  readonly #settings: KafkaSettings;
  readonly #world: Pick<World, 'clock' | 'scheduler'>;
  #waiting: KafkaMessage[] = [];
  #unsent = 0;
  #sending: Promise<void> | undefined;

  constructor(
    port: KafkaPort,
    producer: KafkaProducer,
    settings: KafkaSettings,
    world: Pick<World, 'clock' | 'scheduler'>,
  ) {
    super(settings.brokers, settings.topic);
    this.#port = port;
    this.#producer = producer;
    this.#settings = settings;
    this.#world = world;
  }

  get ready(): boolean {
    return this.#unsent < MESSAGES_WAITING_MAX || this.failure !== undefined;
  }

  accept(value: unknown, context: ResultContext): void {
    this.#waiting.push(messageOf(value, context));
    this.#unsent++;
  }

  flush(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0 || this.failure !== undefined) return;
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
    });
    // The failure is kept; `synced` and `close` tell of it.
    this.#sending.catch(() => undefined);
  }

  async synced(): Promise<void> {
    for (;;) {
      this.flush();
      if (this.#sending === undefined) break;
      await this.#sending;
    }
    if (this.failure !== undefined) throw this.failure;
  }

  async close(): Promise<void> {
    try {
      await this.synced();
    } finally {
      await this.#producer.close();
      await this.#port.close();
    }
  }

  async #send(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const messages = this.#waiting.splice(0, SEND_MESSAGES);
        await patiently(this.#world, () => this.#producer.send(this.#settings.topic, messages));
        this.#unsent -= messages.length;
        this.wakeWhenReady();
      }
    } catch (thrown) {
      this.fail(thrown);
    }
  }
}

/** Exactly once: nothing is sent before its epoch is committed. Steps come one after the other. */
class TransactionalKafkaSink extends KafkaSink {
  readonly transactions: SinkTransactions;
  readonly #port: KafkaPort;
  readonly #store: EpochStore;
  readonly #epochs: EpochTransactions;
  #steps: Promise<void> = Promise.resolve();
  #isSpilling = false;

  constructor(
    port: KafkaPort,
    brokers: readonly string[],
    topic: string,
    store: EpochStore,
    epochs: EpochTransactions,
  ) {
    super(brokers, topic);
    this.#port = port;
    this.#store = store;
    this.#epochs = epochs;
    this.transactions = {
      prepare: (epoch) => this.#step(() => epochs.prepare(epoch)),
      commit: (epoch) => this.#step(() => epochs.commit(epoch)),
      recover: (epoch) => this.#step(() => epochs.recover(epoch)),
    };
  }

  get ready(): boolean {
    return !this.#store.isFull || this.failure !== undefined;
  }

  accept(value: unknown, context: ResultContext): void {
    this.#store.add(messageOf(value, context));
  }

  /** What is much goes to the epoch's file while the epoch goes on. */
  flush(): void {
    if (this.#isSpilling || !this.#store.isMuch || this.failure !== undefined) return;
    this.#isSpilling = true;
    this.#step(() => this.#epochs.spill())
      // The failure is kept.
      .catch(() => undefined)
      .finally(() => {
        this.#isSpilling = false;
        this.wakeWhenReady();
      })
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#steps;
    await this.#epochs.close();
    await this.#port.close();
    if (this.failure !== undefined) throw this.failure;
  }

  /** After a failure none runs: a later epoch must not appear without the earlier. */
  #step(run: () => Promise<void>): Promise<void> {
    const done = this.#steps.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      await run().catch((thrown: unknown) => this.fail(thrown));
    });
    this.#steps = done.catch(() => undefined);
    return done;
  }
}
