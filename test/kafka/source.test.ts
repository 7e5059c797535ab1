/** The source `kafka` on a real broker: both modes, restarts, gaps, lost ranges, topics that change. What is read was written by Java. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import type { KafkaPort } from '../../src/connectors/kafka/port.js';
import type { JobResult } from '../../src/executors/executor.js';
import { run, type StartedJob, start } from '../../src/host/run.js';
import { seconds, topology } from '../../src/index.js';
import type { Mode } from '../../src/runtime/events.js';
import { memory } from '../../src/sinks.js';
import { kafka } from '../../src/sources.js';
import type { KafkaSourceOptions } from '../../src/topology/kafka-specs.js';
import { noKafka, TEST_MS, temporaryFolder, useBroker, WAIT_MS } from './broker.js';
import { makeTopic, produce, TOPICS } from './client.js';

const broker = useBroker();
const MODES: readonly Mode[] = ['micro-batch', 'record'];

describe.skipIf(noKafka !== undefined)('the source kafka', { timeout: TEST_MS }, () => {
  let port: KafkaPort;
  beforeAll(async () => {
    port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    return () => port.close();
  }, TEST_MS);

  describe.each(MODES)('%s', (mode) => {
    it('reads each partition in its order, up to the end that the topic had', async () => {
      const topic = `ordered-${mode}`;
      await makeTopic(broker, topic, 3);
      const lines = Array.from({ length: 3_000 }, (_, index) => `key-${index % 20}|${index}`);
      await produce(broker, topic, lines, true);
      const { results, result } = await readAs('pair', topic, mode);
      expect(result.outcome).toBe('finished');
      expect(results.toSorted(byNumber)).toEqual(lines.map((line) => line.split('|')));
      for (let key = 0; key < 20; key++) {
        const ofKey = results.filter(([name]) => name === `key-${key}`).map(([, value]) => Number(value));
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
    });

    it('goes on behind its checkpoint, over markers and aborted records, and tells Kafka how far it is', async () => {
      const topic = `resumed-${mode}`;
      await makeTopic(broker, topic, 1);
      const folder = join(await temporaryFolder(), 'checkpoint');
      await transactions(port, topic, ['a', 'b!', 'c']);
      expect(await readUntil(topic, mode, 4, { checkpoint: { folder } })).toEqual(['a1', 'a2', 'c1', 'c2']);
      await transactions(port, topic, ['d!', 'e', 'f!', 'g']);
      expect(await readUntil(topic, mode, 4, { checkpoint: { folder } })).toEqual(['e1', 'e2', 'g1', 'g2']);
      const committed = await port.committed('raingauge-reading-lines', topic, 1);
      expect(committed.get(0)?.offset).toBeGreaterThanOrEqual(20);
    });

    it('begins where it is told to, and a restart before the first checkpoint begins there too', async () => {
      const topic = `starts-${mode}`;
      await makeTopic(broker, topic, 2);
      const producer = await port.producer();
      for (let at = 1; at <= 4; at++)
        await producer.send(topic, [{ key: null, value: String(at), partition: 0, timestamp: at * 1_000 }]);
      expect((await readValues(topic, mode, {}, { startingOffsets: { timestamp: 2_500 } })).results).toEqual([
        '3',
        '4',
      ]);
      expect((await readValues(topic, mode, {}, { startingOffsets: { offsets: [3, 0] } })).results).toEqual(['4']);
      await expect(readValues(topic, mode, {}, { startingOffsets: { offsets: [3] } })).rejects.toMatchObject({
        code: 'RG011',
      });
      const folder = join(await temporaryFolder(), 'checkpoint');
      const latest = { startingOffsets: 'latest' } as const;
      const { job } = await startReading(topic, { mode, checkpoint: { folder, batches: 1_000, time: 1e12 } }, latest);
      await job.stop();
      await job.done;
      await producer.send(topic, [{ key: null, value: '5', partition: 0 }]);
      await producer.close();
      expect(await readUntil(topic, mode, 1, { checkpoint: { folder } }, latest)).toEqual(['5']);
    });

    it('stops at records that are gone before they were read, and names them; or counts them when it is told to', async () => {
      const topic = `gone-${mode}`;
      await makeTopic(broker, topic, 1);
      const folder = join(await temporaryFolder(), 'checkpoint');
      await produce(broker, topic, lineNumbers(0, 10));
      expect(await readUntil(topic, mode, 10, { checkpoint: { folder } })).toHaveLength(10);
      await produce(broker, topic, lineNumbers(10, 30));
      await deleteBelow(topic, 25);
      const stopped = await readValues(topic, mode, { checkpoint: { folder } });
      expect(stopped.result.error).toMatchObject({
        code: 'RG064',
        message: expect.stringContaining('records 10 to 24'),
      });
      const going = await readValues(topic, mode, {}, { startingOffsets: { offsets: [10] }, onDataLoss: 'continue' });
      expect(going.results).toEqual(lineNumbers(25, 30));
      expect(going.result.sourceCounters).toEqual({ lines: { lostRecords: 15 } });
    });

    it('reads partitions that are added, while it runs or not, from their beginning, and goes on with them', async () => {
      const topic = `grown-${mode}`;
      await makeTopic(broker, topic, 1);
      const folder = join(await temporaryFolder(), 'checkpoint');
      const options = { mode, checkpoint: { folder }, settings: { guarantee: 'exactly-once' } } as const;
      const latest = { startingOffsets: 'latest' } as const;
      const first = await startReading(topic, options, latest);
      await grow(topic, 3);
      await send(topic, 3, lineNumbers(0, 30));
      await expect.poll(() => first.results.length, { timeout: WAIT_MS }).toBe(30);
      first.job.stop();
      expect((await first.job.done).sourceCounters).toEqual({ lines: { addedPartitions: 2 } });
      await grow(topic, 4);
      await send(topic, 4, lineNumbers(30, 70));
      const rest = await readUntil(topic, mode, 40, options, latest);
      expect([...first.results, ...rest].toSorted()).toEqual(lineNumbers(0, 70).toSorted());
      for (let partition = 0; partition < 4; partition++) {
        const ofPartition = rest.filter((line) => (Number(line.slice(5)) - 30) % 4 === partition);
        expect(ofPartition).toEqual(lineNumbers(30, 70).filter((_, index) => index % 4 === partition));
      }
      const end = await port.offsets(topic, 4, 'latest');
      const committed = await port.committed('raingauge-reading-lines', topic, 4);
      expect(end.map((_, partition) => committed.get(partition)?.offset)).toEqual(end);
      // From its beginning again, by as many partitions as the topic has now.
      expect((await readValues(topic, mode, {})).results).toHaveLength(70);
    });

    it('says that a topic was made again, when it has fewer partitions than the job began with', async () => {
      const topic = `again-${mode}`;
      await makeTopic(broker, topic, 2);
      const folder = join(await temporaryFolder(), 'checkpoint');
      await send(topic, 2, lineNumbers(0, 4));
      const { results } = await readValues(topic, mode, { checkpoint: { folder } });
      const [first, second] = await port.offsets(topic, 2, 'latest');
      expect(results).toHaveLength(first! + second!);
      await broker.tool(TOPICS, ['--delete', '--topic', topic]);
      await expect
        .poll(() => port.leaders(topic).then((leaders) => leaders?.length ?? 0), { timeout: WAIT_MS })
        .toBe(0);
      await makeTopic(broker, topic, 1);
      await expect(readValues(topic, mode, { checkpoint: { folder } })).rejects.toMatchObject({
        code: 'RG080',
        message: expect.stringContaining('had 2 partitions when the job began, and now has 1'),
      });
      await send(topic, 1, ['anew']);
      const anew = await readValues(topic, mode, { checkpoint: { folder, fromScratch: true } });
      expect(anew.results).toEqual(['anew']);
    });

    it('goes on when the broker is killed and comes back', async () => {
      const topic = `killed-${mode}`;
      await makeTopic(broker, topic, 2);
      const producer = await port.producer();
      const send = (from: number, to: number): Promise<void> =>
        producer.send(
          topic,
          lineNumbers(from, to).map((value, index) => ({ key: null, value, partition: index % 2 })),
        );
      await send(0, 1_000);
      const { job, results } = await startReading(topic, { mode });
      await expect.poll(() => results.length, { timeout: WAIT_MS }).toBe(1_000);
      await broker.kill();
      await broker.start();
      await expect
        .poll(
          () =>
            send(1_000, 2_000).then(
              () => true,
              () => false,
            ),
          { timeout: WAIT_MS },
        )
        .toBe(true);
      await expect.poll(() => new Set(results).size, { timeout: WAIT_MS }).toBe(2_000);
      job.stop();
      expect((await job.done).outcome).toBe('stopped');
      // The producer may have written some twice; the reader has not read any twice.
      const end = await port.offsets(topic, 2, 'latest');
      expect(results.length).toBe(end[0]! + end[1]!);
      await producer.close();
    });
  });

  it('gives whole records, with tombstones; and leaves those out and counts them otherwise', async () => {
    await makeTopic(broker, 'whole', 1);
    const producer = await port.producer();
    await producer.send('whole', [
      { key: 'a', value: '1', partition: 0, timestamp: 5_000, headers: { by: 'me' } },
      { key: 'a', value: null, partition: 0, timestamp: 6_000 },
      { key: null, value: '', partition: 0, timestamp: 7_000 },
    ]);
    await producer.close();
    const { results } = await readAs('record', 'whole', 'record');
    const common = { topic: 'whole', partition: 0 };
    expect(results).toEqual([
      { ...common, key: 'a', value: '1', offset: 0, timestamp: 5_000, headers: { by: 'me' } },
      { ...common, key: 'a', value: null, offset: 1, timestamp: 6_000, headers: {} },
      { ...common, key: null, value: '', offset: 2, timestamp: 7_000, headers: {} },
    ]);
    const values = await readValues('whole', 'micro-batch', {});
    expect(values.results).toEqual(['1', '']);
    expect(values.result.sourceCounters).toEqual({ lines: { tombstones: 1 } });
  });

  it('reads with a receiver, whose log has the values; a restart goes on behind the log', async () => {
    await makeTopic(broker, 'received', 2);
    const folder = join(await temporaryFolder(), 'checkpoint');
    const receiver = { receiver: true } as const;
    await produce(broker, 'received', lineNumbers(0, 20));
    const first = await readUntil('received', 'micro-batch', 20, { checkpoint: { folder } }, receiver);
    expect(first.toSorted()).toEqual(lineNumbers(0, 20).toSorted());
    await produce(broker, 'received', lineNumbers(20, 30));
    const second = await readUntil('received', 'micro-batch', 10, { checkpoint: { folder } }, receiver);
    expect(second.toSorted()).toEqual(lineNumbers(20, 30).toSorted());
    const settings = { guarantee: 'exactly-once' } as const;
    await expect(readValues('received', 'micro-batch', { settings }, receiver)).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: 'RG017' })],
    });
  });

  it('has one clear error for a topic that is not there, with a near name, and for a broker that is not', async () => {
    await makeTopic(broker, 'orders', 1);
    await expect(readValues('ordres', 'record', {})).rejects.toMatchObject({
      code: 'RG080',
      hint: expect.stringContaining("did you mean 'orders'?"),
    });
    const there = kafka('orders', { brokers: '127.0.0.1:9' });
    const job = topology('reading', (t) => t.source('lines', there).to('out', memory()));
    await expect(run(job, { mode: 'record' })).rejects.toMatchObject({ code: 'RG043' });
  });

  async function readAs(as: 'pair' | 'record', topic: string, mode: Mode) {
    const sink = memory<[string, string]>();
    const spec = kafka(topic, { brokers: broker.bootstrap, until: 'latest', as } as KafkaSourceOptions & {
      as: 'pair';
    });
    const job = topology('reading', { batchInterval: seconds(0.1) }, (t) =>
      t.source('lines', spec).to('out', sink as never),
    );
    const result = await run(job, { mode });
    return { results: sink.results, result };
  }

  type Options = Partial<Parameters<typeof run>[1]>;

  async function readValues(
    topic: string,
    mode: Mode,
    options: Options,
    of: Partial<KafkaSourceOptions> = {},
  ): Promise<{ results: readonly string[]; result: JobResult }> {
    const sink = memory<string>();
    const spec = kafka(topic, { brokers: broker.bootstrap, until: 'latest', ...of });
    const job = topology('reading', { batchInterval: seconds(0.1) }, (t) => t.source('lines', spec).to('out', sink));
    const result = await run(job, { mode, ...options });
    return { results: sink.results, result };
  }

  async function startReading(
    topic: string,
    options: Options & { mode: Mode },
    of: Partial<KafkaSourceOptions> = {},
  ): Promise<{ job: StartedJob; results: readonly string[] }> {
    const sink = memory<string>();
    const spec = kafka(topic, { brokers: broker.bootstrap, ...of });
    const job = topology('reading', { batchInterval: seconds(0.1) }, (t) => t.source('lines', spec).to('out', sink));
    return { job: await start(job, options), results: sink.results };
  }

  /** Reads without an end until there are so many results, and stops. What came is of this life only. */
  async function readUntil(
    topic: string,
    mode: Mode,
    count: number,
    options: Options,
    of: Partial<KafkaSourceOptions> = {},
  ): Promise<readonly string[]> {
    const { job, results } = await startReading(topic, { mode, ...options }, of);
    const before = results.length;
    await expect.poll(() => results.length - before, { timeout: WAIT_MS }).toBeGreaterThanOrEqual(count);
    job.stop();
    expect(await job.done).toMatchObject({ outcome: 'stopped' });
    return results.slice(before);
  }

  async function grow(topic: string, partitions: number): Promise<void> {
    await broker.tool(TOPICS, ['--alter', '--topic', topic, '--partitions', String(partitions)]);
    await expect.poll(async () => (await port.leaders(topic))?.length, { timeout: WAIT_MS }).toBe(partitions);
  }

  /** Lines in turn to each partition. */
  async function send(topic: string, partitions: number, lines: readonly string[]): Promise<void> {
    const producer = await port.producer();
    const messages = lines.map((value, index) => ({ key: null, value, partition: index % partitions }));
    await producer.send(topic, messages);
    await producer.close();
  }

  async function deleteBelow(topic: string, offset: number): Promise<void> {
    const file = join(await temporaryFolder(), 'offsets.json');
    await writeFile(file, JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset }] }));
    await broker.tool('org.apache.kafka.tools.DeleteRecordsCommand', ['--offset-json-file', file]);
  }
});

/** One transaction for each word, of two records; a word with `!` is aborted. */
async function transactions(port: KafkaPort, topic: string, words: readonly string[]): Promise<void> {
  const producer = await port.transactional!(`writes-${topic}`);
  for (const word of words) {
    const transaction = await producer.begin();
    await transaction.send(
      topic,
      [1, 2].map((at) => ({ key: null, value: `${word}${at}`, partition: 0 })),
    );
    await (word.endsWith('!') ? transaction.abort() : transaction.commit());
  }
  await producer.close();
}

function lineNumbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

function byNumber(a: readonly [string, string], b: readonly [string, string]): number {
  return Number(a[1]) - Number(b[1]);
}
