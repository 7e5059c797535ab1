/** The contract of a Kafka client, run against each on a real broker. What was written comes from the Java console producer too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import type { FetchedPartition, KafkaPort } from '../../src/connectors/kafka/port.js';
import { headersOf, SPAN } from '../../src/connectors/kafka/record-batches.js';
import { prng } from '../../src/core/prng.js';
import { noKafka, TEST_MS, useBroker, WAIT_MS } from './broker.js';
import { KEYED, PRODUCER, PRODUCER_PROPERTY } from './client.js';

const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';

const broker = useBroker();

describe.skipIf(noKafka !== undefined).each(['kafkajs', 'platformatic'] as const)(
  'the client %s',
  { timeout: TEST_MS },
  (client) => {
    let port: KafkaPort;
    beforeAll(async () => {
      port = await openKafkaPort({ brokers: [broker.bootstrap], client, tls: false, sasl: undefined });
    }, TEST_MS);
    afterAll(() => port?.close(), TEST_MS);

    const topicOf = (name: string): string => `${client}-${name}`;

    it('knows a topic with its partitions, and that another is not there', async () => {
      const topic = topicOf('known');
      await port.createTopic(topic, 3);
      expect(await port.leaders(topic)).toEqual([1, 1, 1]);
      expect(await port.leaders('nobody-made-it')).toBeUndefined();
      expect(await port.topics()).toContain(topic);
    });

    it('reads what the Java producer wrote, by explicit ranges and without a group', async () => {
      const topic = topicOf('java');
      await port.createTopic(topic, 1);
      const lines = Array.from({ length: 500 }, (_, index) => `k${index % 7}|line ${index} äöü`);
      const keyed = ['--topic', topic, ...KEYED];
      await broker.tool(PRODUCER, keyed, `${lines.join('\n')}\n`);
      const all = await readAll(port, topic, 0, 0);
      expect(all.map(({ key, value }) => `${key}|${value}`)).toEqual(lines);
      const part = await readAll(port, topic, 0, 123);
      expect(part[0]).toMatchObject({ offset: 123, value: 'line 123 äöü' });
      expect(part).toHaveLength(377);
    });

    it('writes what the Java consumer reads, and each key to the partition that Java takes', async () => {
      const topic = topicOf('written');
      const other = topicOf('of-java');
      await port.createTopic(topic, 4);
      await port.createTopic(other, 4);
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
      const producer = await port.producer();
      await producer.send(
        topic,
        keys.map((key) => ({ key, value: `of ${key}`, timestamp: 1_700_000_000_000, headers: { made: 'here' } })),
      );
      await producer.close();
      const keyed = ['--topic', other, ...KEYED];
      await broker.tool(PRODUCER, keyed, keys.map((key) => `${key}|of ${key}\n`).join(''));
      // A send that is tried again, since a partition of the new topic has no leader yet, gives the others their messages again.
      let written = 0;
      for (let partition = 0; partition < 4; partition++) {
        const [ours, javas] = [await readAll(port, topic, partition, 0), await readAll(port, other, partition, 0)];
        written += ours.length;
        expect([...new Set(ours.map(({ key }) => key))]).toEqual(javas.map(({ key }) => key));
        expect(ours.length).toBeGreaterThan(0);
        expect(ours[0]).toMatchObject({ timestamp: 1_700_000_000_000, headers: { made: 'here' } });
      }
      const seen = await broker.tool(CONSUMER, ['--topic', topic, '--from-beginning', '--max-messages', `${written}`]);
      expect([...new Set(seen.trim().split('\n'))].toSorted()).toEqual(keys.map((key) => `of ${key}`).toSorted());
    });

    it('keeps null and empty keys and values apart', async () => {
      const topic = topicOf('nulls');
      await port.createTopic(topic, 1);
      const producer = await port.producer();
      const at = { partition: 0 };
      await producer.send(topic, [
        { key: null, value: 'no key', ...at },
        { key: '', value: '', ...at },
        { key: 'gone', value: null, ...at },
      ]);
      await producer.close();
      expect(await readAll(port, topic, 0, 0)).toMatchObject([
        { key: null, value: 'no key' },
        { key: '', value: '' },
        { key: 'gone', value: null },
      ]);
    });

    it('reads a message of 10 MB, though it asks for less at a time', async () => {
      const topic = topicOf('large');
      await broker.tool('org.apache.kafka.tools.TopicCommand', [
        ...['--create', '--topic', topic, '--partitions', '1', '--config', 'max.message.bytes=12000000'],
      ]);
      const producer = await port.producer();
      await producer.send(topic, [{ key: null, value: 'x'.repeat(10_000_000), partition: 0 }]);
      await producer.send(topic, [{ key: null, value: 'small', partition: 0 }]);
      await producer.close();
      expect((await readAll(port, topic, 0, 0)).map(({ value }) => value?.length)).toEqual([10_000_000, 5]);
    });

    // The other client knows no snappy of Java, and leaves zstd to Node.js, which has it from version 22.15 on.
    const codecs = client === 'kafkajs' ? ['gzip', 'snappy', 'lz4', 'zstd'] : ['gzip', 'lz4'];
    it.each(codecs)('reads what the Java producer compressed with %s', async (codec) => {
      const topic = topicOf(codec);
      await port.createTopic(topic, 1);
      // Text repeats itself, near and far; the digits do not. Together they are more than a block of any of them.
      const random = prng(1).fork(codec);
      const lines = Array.from({ length: 3_000 }, (_, index) =>
        index % 3 === 0 ? String(random.float()).repeat(1 + (index % 40)) : `line ${index} of ${codec}`,
      );
      const large = ['--batch-size', '500000', PRODUCER_PROPERTY, 'linger.ms=1000'];
      const args = ['--topic', topic, '--compression-codec', codec, ...large];
      await broker.tool(PRODUCER, args, `${lines.join('\n')}\n`);
      expect((await readAll(port, topic, 0, 0)).map(({ value }) => value)).toEqual(lines);
      expect((await readAll(port, topic, 0, 2_998)).map(({ value }) => value)).toEqual(lines.slice(2_998));
    });

    it.runIf(client === 'platformatic')('says in one error that it cannot unpack snappy of Java', async () => {
      const topic = topicOf('snappy');
      await port.createTopic(topic, 1);
      await broker.tool(PRODUCER, ['--topic', topic, '--compression-codec', 'snappy'], 'one\n');
      await expect(readAll(port, topic, 0, 0)).rejects.toMatchObject({
        kind: 'refused',
        message: "this client cannot unpack a compressed batch of the topic; take client: 'kafkajs'",
      });
    });

    it('finds offsets by time', async () => {
      const topic = topicOf('times');
      await port.createTopic(topic, 2);
      const producer = await port.producer();
      for (let at = 1; at <= 5; at++)
        await producer.send(topic, [{ key: null, value: String(at), partition: 0, timestamp: at * 1_000 }]);
      await producer.close();
      expect(await port.offsets(topic, 2, 'earliest')).toEqual([0, 0]);
      expect(await port.offsets(topic, 2, 'latest')).toEqual([5, 0]);
      expect(await port.offsets(topic, 2, 2_500)).toEqual([2, 0]);
      expect(await port.offsets(topic, 2, 9_000)).toEqual([5, 0]);
    });

    it('says when an offset is out of range, and does not go elsewhere', async () => {
      const topic = topicOf('range');
      await port.createTopic(topic, 1);
      // A broker that has just become the leader says `moved` at first.
      await expect
        .poll(async () => (await fetchOnce(port, topic, 0, 17))[0], { timeout: WAIT_MS })
        .toMatchObject({ state: 'out-of-range', nextOffset: 17, runs: [] });
    });

    it('commits and reads offsets of a group without joining it', async () => {
      const topic = topicOf('group');
      await port.createTopic(topic, 2);
      expect((await port.committed(`${client}-readers`, topic, 2)).size).toBe(0);
      await port.commit(`${client}-readers`, topic, new Map([[1, 42]]));
      await expect
        .poll(async () => (await port.committed(`${client}-readers`, topic, 2)).get(1)?.offset, { timeout: WAIT_MS })
        .toBe(42);
    });

    it('never gives records of an aborted transaction, and passes markers by', async () => {
      const topic = topicOf('aborted');
      await port.createTopic(topic, 1);
      // Transactions are those of kafkajs in any case.
      const writer = await openKafkaPort({
        brokers: [broker.bootstrap],
        client: 'kafkajs',
        tls: false,
        sasl: undefined,
      });
      const producer = await writer.transactional!(`${client}-aborting`);
      for (const [value, isKept] of [
        ['a', true],
        ['b', false],
        ['c', false],
        ['d', true],
        ['e', false],
      ] as const) {
        const transaction = await producer.begin();
        await transaction.send(topic, [
          { key: null, value, partition: 0 },
          { key: null, value: `${value}2`, partition: 0 },
        ]);
        await (isKept ? transaction.commit() : transaction.abort());
      }
      await producer.close();
      await writer.close();
      const records = await readAll(port, topic, 0, 0);
      expect(records.map(({ value }) => value)).toEqual(['a', 'a2', 'd', 'd2']);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 9, 10]);
      expect(await port.offsets(topic, 1, 'latest')).toEqual([15]);
    });

    it('offers transactions and membership only where they can be trusted', () => {
      expect(port.transactional === undefined).toBe(client === 'platformatic');
      expect(port.member === undefined).toBe(client === 'platformatic');
    });

    it('says in one error that no broker is there', async () => {
      await expect(
        openKafkaPort({ brokers: ['127.0.0.1:9'], client, tls: false, sasl: undefined }),
      ).rejects.toMatchObject({ code: 'RG043', message: expect.stringContaining('127.0.0.1:9') });
    });
  },
);

describe.skipIf(noKafka !== undefined)('a member of a group, by kafkajs', { timeout: TEST_MS }, () => {
  it('is given what others leave, hears when the group forms anew, and commits only what is its own to commit', async () => {
    const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    await port.createTopic('shared', 3);
    const first = await port.member!('members', 'shared');
    expect(await first.join()).toEqual({ partitions: [0, 1, 2], leads: true });
    expect(await first.heartbeat()).toBe('stable');
    expect(await first.commit(new Map([[0, 7]]))).toBe('stable');
    // Nobody else may commit while the group has members.
    await expect(port.commit('members', 'shared', new Map([[0, 1]]))).rejects.toMatchObject({ kind: 'refused' });
    const second = await port.member!('members', 'shared');
    const joining = second.join();
    await expect.poll(() => first.heartbeat(), { timeout: WAIT_MS }).toBe('rebalancing');
    const shares = await Promise.all([first.join(), joining]);
    expect(shares.flatMap(({ partitions }) => partitions).toSorted()).toEqual([0, 1, 2]);
    expect(shares.map(({ partitions }) => partitions.length).toSorted()).toEqual([1, 2]);
    await second.leave();
    await expect.poll(() => first.heartbeat(), { timeout: WAIT_MS }).toBe('rebalancing');
    expect((await first.join()).partitions).toEqual([0, 1, 2]);
    await first.leave();
    expect((await port.committed('members', 'shared', 3)).get(0)?.offset).toBe(7);
    await port.close();
  });
});

describe.skipIf(noKafka !== undefined)('transactions of kafkajs', { timeout: TEST_MS }, () => {
  it('commit an offset with their records, and shut an older producer out', async () => {
    const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    await port.createTopic('fenced', 1);
    const old = await port.transactional!('one');
    const first = await old.begin();
    await first.send('fenced', [{ key: null, value: 'kept', partition: 0 }]);
    await first.offset('fenced-epochs', 'fenced', 0, { offset: 7, metadata: 'life 1' });
    await first.commit();
    const zombie = await old.begin();
    await zombie.send('fenced', [{ key: null, value: 'of a zombie', partition: 0 }]);
    const next = await port.transactional!('one');
    const second = await next.begin();
    await expect(zombie.commit()).rejects.toMatchObject({ kind: 'fenced' });
    expect((await port.committed('fenced-epochs', 'fenced', 1)).get(0)).toEqual({ offset: 7, metadata: 'life 1' });
    await second.send('fenced', [{ key: null, value: 'kept too', partition: 0 }]);
    await second.commit();
    expect((await readAll(port, 'fenced', 0, 0)).map(({ value }) => value)).toEqual(['kept', 'kept too']);
    await Promise.all([old.close(), next.close()]);
    await port.close();
  });
});

interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

function fetchOnce(
  port: KafkaPort,
  topic: string,
  partition: number,
  offset: number,
): Promise<readonly FetchedPartition[]> {
  const limits = { maxWaitMs: 100, maxBytes: 2_000_000, partitionMaxBytes: 1_000_000 };
  return port.fetch({ topic, leader: 1, places: [{ partition, offset }], ...limits });
}

/** Everything from an offset up to the last stable one. */
async function readAll(
  port: KafkaPort,
  topic: string,
  partition: number,
  from: number,
): Promise<readonly ReadRecord[]> {
  const until = (await port.offsets(topic, partition + 1, 'latest'))[partition]!;
  const records: ReadRecord[] = [];
  for (let at = from; at < until; ) {
    const [answer] = await fetchOnce(port, topic, partition, at);
    // Right after a topic was made a broker may say that an offset is out of range, or that it is no leader: readers ask again.
    if (answer!.state !== 'ok') {
      expect(['out-of-range', 'moved']).toContain(answer!.state);
      continue;
    }
    at = answer!.nextOffset;
    for (const run of answer!.runs) {
      for (let i = 0; i < run.count; i++) {
        const text = (part: 0 | 2): string | null => {
          const [start, length] = [run.spans[i * SPAN + part]!, run.spans[i * SPAN + part + 1]!];
          return length < 0 ? null : run.bytes.toString('utf8', start, start + length);
        };
        const common = { offset: run.offsets[i]!, timestamp: run.timestamps[i]! };
        records.push({ ...common, key: text(0), value: text(2), headers: headersOf(run, i) });
      }
    }
  }
  return records;
}
