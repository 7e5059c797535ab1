/** The sink `kafka` on a real broker, read back with `read_committed` by the Java consumer. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileEpochs } from '../../src/connectors/kafka/epoch-store.js';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import { KafkaFailure, type KafkaPort } from '../../src/connectors/kafka/port.js';
import { EpochTransactions } from '../../src/connectors/kafka/transactions.js';
import { run } from '../../src/host/run.js';
import { seconds, topology } from '../../src/index.js';
import type { Mode } from '../../src/runtime/events.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { memory as collected, kafka } from '../../src/sinks.js';
import { kafka as kafkaSource, memory } from '../../src/sources.js';
import type { Guarantee } from '../../src/topology/specs.js';
import { noKafka, TEST_MS, temporaryFolder, useBroker, WAIT_MS } from './broker.js';
import { consume, makeTopic, watchTransactions } from './client.js';

const broker = useBroker({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 100 });
const MODES: readonly Mode[] = ['micro-batch', 'record'];
const GUARANTEES: readonly Guarantee[] = ['at-least-once', 'exactly-once'];

describe.skipIf(noKafka !== undefined)('the sink kafka', { timeout: TEST_MS }, () => {
  let port: KafkaPort;
  beforeAll(async () => {
    port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
  }, TEST_MS);
  afterAll(() => port?.close(), TEST_MS);

  for (const mode of MODES) {
    for (const guarantee of GUARANTEES) {
      it(`writes each result once, ${mode}, ${guarantee}`, async () => {
        const topic = `out-${mode}-${guarantee}`;
        await makeTopic(broker, topic, 3);
        const words = Array.from({ length: 2_000 }, (_, index) => [`word-${index % 50}`, index] as const);
        const folder = join(await temporaryFolder(), 'checkpoint');
        const job = topology(`writing-${mode}`, { batchInterval: seconds(0.1), guarantee }, (t) => {
          t.source('words', memory(words)).to('counts', kafka(topic, { brokers: broker.bootstrap }));
        });
        expect((await run(job, { mode, checkpoint: { folder } })).outcome).toBe('finished');
        const seen = await consume(broker, topic);
        expect(seen.toSorted()).toEqual(words.map(([word, at]) => `${word}|${at}`).toSorted());
        // Once more: everything is done, and nothing is written again.
        expect((await run(job, { mode, checkpoint: { folder } })).outcome).toBe('finished');
        expect(await consume(broker, topic)).toHaveLength(2_000);
      });
    }
  }

  it('writes text, numbers, objects and nothing, with the time of the result', async () => {
    await makeTopic(broker, 'shapes', 1);
    const values = ['text', 7, { a: 1 }, ['key', null], [['a', 1], { n: 2n }]] as const;
    const job = topology('shapes', (t) => {
      t.source('values', memory(values as readonly unknown[])).to(
        'out',
        kafka('shapes', { brokers: broker.bootstrap }),
      );
    });
    await run(job, { mode: 'record' });
    expect(await consume(broker, 'shapes')).toEqual([
      'null|text',
      'null|7',
      'null|{"a":1}',
      'key|null',
      '["a",1]|{"n":"2"}',
    ]);
  });

  it('names a result by a header that it has again when it is written again', async () => {
    await makeTopic(broker, 'named', 2);
    const words = Array.from({ length: 500 }, (_, index) => `word-${index}`);
    const cluster = { brokers: broker.bootstrap };
    const writing = topology('named', (t) => {
      t.source('words', memory(words))
        .repartition(2, { uid: 'spread' })
        .map((word) => word.toUpperCase(), { uid: 'upper' })
        .to('out', kafka('named', { ...cluster, ids: true }));
    });
    const plan = ['drop-ack:spread@5', 'drop-ack:spread@90', 'drop-ack:spread@300'].map(parseFault);
    const record = { messageTimeout: 200_000 };
    const { replayed } = await run(writing, { mode: 'record', record, faults: { plan, total: words.length } });
    expect(replayed).toBeGreaterThan(0);
    const written = collected<{ value: string | null; headers: Readonly<Record<string, string>> }>();
    const reading = topology('reading', (t) => {
      t.source('named', kafkaSource('named', { ...cluster, until: 'latest', as: 'record' })).to('out', written);
    });
    expect((await run(reading, { mode: 'record' })).outcome).toBe('finished');
    const byId = new Map(written.results.map(({ value, headers }) => [headers['raingauge-id'], value]));
    expect(written.results.length, 'nothing was written again').toBeGreaterThan(words.length);
    expect([...byId.values()].toSorted()).toEqual(words.map((word) => word.toUpperCase()).toSorted());
    expect(byId.has(undefined)).toBe(false);
  });

  it('has one clear error for a topic that is not there', async () => {
    const job = topology('lost', (t) => {
      t.source('values', memory(['a'])).to('out', kafka('nobody-made-it', { brokers: broker.bootstrap }));
    });
    await expect(run(job, { mode: 'record' })).rejects.toMatchObject({ code: 'RG080' });
  });

  it('has one clear error for transactions that may last longer than the broker allows', async () => {
    await makeTopic(broker, 'too-long', 1);
    const job = topology('too-long', { guarantee: 'exactly-once' }, (t) => {
      const sink = kafka('too-long', { brokers: broker.bootstrap, transactionTimeout: seconds(3_600) });
      t.source('values', memory(['a'])).to('out', sink);
    });
    expect(await run(job, { mode: 'record' })).toMatchObject({
      outcome: 'failed',
      error: { code: 'RG081', message: expect.stringContaining('INVALID_TRANSACTION_TIMEOUT') },
    });
  });

  it('is at most at-least-once with a client whose transactions are not safe', async () => {
    const job = topology('unsafe', { guarantee: 'exactly-once' }, (t) => {
      t.source('values', memory(['a'])).to('out', kafka('any', { brokers: broker.bootstrap, client: 'platformatic' }));
    });
    await expect(run(job, { mode: 'record' })).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'RG017' })],
    });
  });

  describe('an epoch', () => {
    /** Transactions of one life of a sink; `broken` decides how each commit goes. */
    function epochs(
      topic: string,
      folder: string,
      life: string,
      broken: (commit: () => Promise<void>) => Promise<void> = (commit) => commit(),
      timeoutMs = 60_000,
    ) {
      const faulty: KafkaPort = new Proxy(port, {
        get: (target, name) => {
          const value = Reflect.get(target, name, target) as unknown;
          if (name !== 'transactional') return typeof value === 'function' ? value.bind(target) : value;
          return async (id: string, timeout?: number) => {
            const producer = await target.transactional!(id, timeout);
            return {
              ...producer,
              begin: async () => {
                const transaction = await producer.begin();
                return { ...transaction, commit: () => broken(() => transaction.commit()) };
              },
            };
          };
        },
      });
      const world = createRealWorld();
      const store = new FileEpochs(folder, world.files);
      const transactions = new EpochTransactions({
        ...{ port: faulty, topic, id: `${topic}-id`, group: `${topic}-group`, life, timeoutMs, store, world },
      });
      return { store, transactions };
    }

    const message = (value: string) => ({ key: null, value, timestamp: 0 });

    it('is there once, whether or not the commit came through before its answer was lost', async () => {
      for (const cameThrough of [true, false]) {
        const topic = `unknown-${cameThrough}`;
        await makeTopic(broker, topic, 2);
        let commits = 0;
        const { store, transactions } = epochs(topic, await temporaryFolder(), 'life', async (commit) => {
          commits += 1;
          if (commits > 1) return commit();
          if (cameThrough) await commit();
          throw new KafkaFailure('transient', 'the answer was lost', undefined);
        });
        await transactions.recover(0);
        for (const value of ['a', 'b', 'c']) store.add(message(value));
        await transactions.prepare(1);
        await transactions.commit(1);
        await transactions.commit(1);
        store.add(message('d'));
        await transactions.prepare(2);
        await transactions.commit(2);
        expect(commits).toBe(cameThrough ? 2 : 3);
        await transactions.close();
        expect((await consume(broker, topic)).toSorted()).toEqual(['null|a', 'null|b', 'null|c', 'null|d']);
      }
    });

    it('is finished by the next life when it was prepared, and thrown away when it was not', async () => {
      const topic = 'lives';
      await makeTopic(broker, topic, 1);
      const folder = await temporaryFolder();
      const first = epochs(topic, folder, 'life', () =>
        Promise.reject(new KafkaFailure('refused', 'killed', undefined)),
      );
      await first.transactions.recover(0);
      first.store.add(message('prepared'));
      await first.transactions.prepare(1);
      await expect(first.transactions.commit(1)).rejects.toThrow('killed');
      first.store.add(message('prepared, and not logged'));
      await first.transactions.prepare(2);
      first.store.add(message('accepted'));
      const second = epochs(topic, folder, 'life');
      await second.transactions.recover(1);
      await second.transactions.recover(1);
      second.store.add(message('new'));
      await second.transactions.prepare(2);
      await second.transactions.commit(2);
      expect(await consume(broker, topic)).toEqual(['null|prepared', 'null|new']);
      await Promise.all([first.transactions.close(), second.transactions.close()]);
    });

    it('of another checkpoint folder with a smaller number is not taken for one that is there', async () => {
      const topic = 'folders';
      await makeTopic(broker, topic, 1);
      for (const life of ['one', 'two']) {
        const { store, transactions } = epochs(topic, await temporaryFolder(), life);
        await transactions.recover(0);
        store.add(message(life));
        const epoch = life === 'one' ? 9 : 1;
        await transactions.prepare(epoch);
        await transactions.commit(epoch);
        await transactions.close();
      }
      expect(await consume(broker, topic)).toEqual(['null|one', 'null|two']);
    });

    it('that the broker ended, since it was open for too long, is there once after the next life', async () => {
      const topic = 'starved';
      await makeTopic(broker, topic, 2);
      const folder = await temporaryFolder();
      const watch = await watchTransactions(broker);
      const isOpen = (): Promise<boolean> => watch.isOpen(topic);
      const stalled = async (commit: () => Promise<void>): Promise<void> => {
        expect(await isOpen()).toBe(true);
        await expect.poll(isOpen, { timeout: WAIT_MS }).toBe(false);
        return commit();
      };
      const first = epochs(topic, folder, 'life', stalled, 1_000);
      await first.transactions.recover(0);
      for (const value of ['b', 'c']) first.store.add(message(value));
      await first.transactions.prepare(1);
      await expect(first.transactions.commit(1)).rejects.toMatchObject({ kind: 'fenced' });
      await first.transactions.close();
      const second = epochs(topic, folder, 'life');
      await second.transactions.recover(1);
      second.store.add(message('d'));
      await second.transactions.prepare(2);
      await second.transactions.commit(2);
      await Promise.all([second.transactions.close(), watch.close()]);
      expect((await consume(broker, topic)).toSorted()).toEqual(['null|b', 'null|c', 'null|d']);
    });

    it('of a zombie is refused once a newer life has begun', async () => {
      const topic = 'zombies';
      await makeTopic(broker, topic, 1);
      const old = epochs(topic, await temporaryFolder(), 'life');
      await old.transactions.recover(0);
      const newer = epochs(topic, await temporaryFolder(), 'life');
      await newer.transactions.recover(0);
      old.store.add(message('of a zombie'));
      await old.transactions.prepare(1);
      await expect(old.transactions.commit(1)).rejects.toMatchObject({ kind: 'fenced' });
      newer.store.add(message('of the newer'));
      await newer.transactions.prepare(1);
      await newer.transactions.commit(1);
      expect(await consume(broker, topic)).toEqual(['null|of the newer']);
      await Promise.all([old.transactions.close(), newer.transactions.close()]);
    });
  });
});
