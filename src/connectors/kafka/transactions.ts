/**
 * Two-phase commit over a client that has none: prepared epochs are kept by us, and a commit writes an epoch and its number in one
 * transaction of Kafka. The number tells, after any crash or lost answer, whether the epoch is there.
 */
import type { SinkTransactions } from '../../runtime/sink.js';
import type { World } from '../../runtime/world.js';
import type { EpochStore } from './epoch-store.js';
import { patiently } from './patience.js';
import type { KafkaPort, KafkaTransaction, TransactionalProducer } from './port.js';

export interface TransactionParts {
  readonly port: KafkaPort;
  readonly topic: string;
  /** Names the transactional producer: a newer one of the same name shuts this one out. */
  readonly id: string;
  /** Its offset on partition 0 of the topic is the number of the last epoch that was committed. */
  readonly group: string;
  /** Stands beside the number: epochs of another checkpoint folder are not ours. */
  readonly life: string;
  /** The broker ends a transaction that is open for longer (ms). */
  readonly timeoutMs?: number;
  readonly store: EpochStore;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
}

export class EpochTransactions implements SinkTransactions {
  readonly #parts: TransactionParts;
  #producer: TransactionalProducer | undefined;
  #isRecovered = false;
  /** The last epoch that is known to be committed. */
  #committed = 0;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  async prepare(epoch: number): Promise<void> {
    await this.#begun();
    await this.#parts.store.prepare(epoch);
  }

  /** Writes what waits, when it is much. */
  async spill(): Promise<void> {
    await this.#begun();
    await this.#parts.store.spill();
  }

  async commit(epoch: number): Promise<void> {
    await this.#begun();
    const { store, world } = this.#parts;
    if (epoch > this.#committed)
      await patiently(
        world,
        () => this.#commit(epoch),
        // Nobody knows how the transaction ended: only a new producer can find out.
        () => this.#discard(),
      );
    await store.drop(epoch);
  }

  /** Before anything else: whoever had this transactional id is shut out, and what it left open is ended. */
  async recover(epoch: number): Promise<void> {
    const { store, world } = this.#parts;
    this.#isRecovered = true;
    await this.#discard();
    const prepared = await store.recover(epoch);
    await patiently(
      world,
      async () => (await this.#begin()).abort(),
      () => this.#discard(),
    );
    for (const each of prepared) await this.commit(each);
  }

  close(): Promise<void> {
    return this.#discard();
  }

  /** A run that does not go on never asks for `recover`; what an earlier one left is none of its epochs. */
  async #begun(): Promise<void> {
    if (!this.#isRecovered) await this.recover(0);
  }

  async #commit(epoch: number): Promise<void> {
    const { store, topic, group, life } = this.#parts;
    let transaction: KafkaTransaction | undefined;
    for await (const messages of store.parts(epoch)) {
      transaction ??= await this.#begin();
      if (this.#committed >= epoch) return transaction.abort();
      await transaction.send(topic, messages);
    }
    if (transaction === undefined) return;
    await transaction.offset(group, topic, 0, { offset: epoch, metadata: life });
    await transaction.commit();
    this.#committed = epoch;
  }

  /** A new producer ends what was open, by its first transaction; then the number is stable, and says what is there. */
  async #begin(): Promise<KafkaTransaction> {
    const { port, topic, id, timeoutMs, group, life } = this.#parts;
    if (this.#producer !== undefined) return this.#producer.begin();
    this.#producer = await port.transactional!(id, timeoutMs);
    const transaction = await this.#producer.begin();
    const last = (await port.committed(group, topic, 1)).get(0);
    if (last?.metadata === life) this.#committed = Math.max(this.#committed, last.offset);
    return transaction;
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close();
  }
}
