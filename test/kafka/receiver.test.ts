/** `kafka` as a receiver on a real broker: a member of a consumer group that shares its topic, and tells the group what is safe. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import type { KafkaPort } from '../../src/connectors/kafka/port.js';
import { type KafkaSourceSettings, openKafkaSource } from '../../src/connectors/kafka/source.js';
import { type StartedJob, start } from '../../src/host/run.js';
import { seconds, topology } from '../../src/index.js';
import type { Mode } from '../../src/runtime/events.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { memory } from '../../src/sinks.js';
import { kafka } from '../../src/sources.js';
import { noKafka, TEST_MS, temporaryFolder, useBroker, VERSION, WAIT_MS } from './broker.js';
import { makeTopic, produce, TOPICS } from './client.js';

const broker = useBroker();
const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
/** A group forms anew in some seconds; a machine that does much else takes longer. */
const SOON = { timeout: WAIT_MS };

describe.skipIf(noKafka !== undefined)('the source kafka as a receiver', { timeout: TEST_MS }, () => {
  let port: KafkaPort;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    return () => port.close();
  }, 60_000);
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
  });

  describe.each<Mode>(['micro-batch', 'record'])('%s', (mode) => {
    it('shares the topic with another of its group, and takes over when that one ends: none is lost', async () => {
      const topic = `shared-${mode}`;
      await makeTopic(broker, topic, 4);
      const folder = await temporaryFolder();
      const first = await reading(topic, mode, join(folder, 'first'));
      await expect.poll(() => first.shares.at(-1), SOON).toEqual([0, 1, 2, 3]);
      await send(topic, 4, 0, 400);
      await expect.poll(() => first.results.length, SOON).toBe(400);

      const second = await reading(topic, mode, join(folder, 'second'));
      await expect.poll(() => [first.shares.at(-1)?.length, second.shares.at(-1)?.length], SOON).toEqual([2, 2]);
      await send(topic, 4, 400, 800);
      await expect.poll(() => first.results.length + second.results.length, SOON).toBe(800);
      expect(second.results).toHaveLength(200);
      expect([...first.results, ...second.results].toSorted()).toEqual(lines(0, 800).toSorted());

      second.job.stop();
      await second.job.done;
      await expect.poll(() => first.shares.at(-1), SOON).toEqual([0, 1, 2, 3]);
      await send(topic, 4, 800, 1_200);
      await expect.poll(() => first.results.length + second.results.length, SOON).toBe(1_200);
      expect(new Set([...first.results, ...second.results])).toEqual(new Set(lines(0, 1_200)));
      const end = await port.offsets(topic, 4, 'latest');
      await expect.poll(() => offsetsOf(topic, topic, 4), SOON).toEqual(end);
    });
  });

  it('tells the group only what is safe', async () => {
    await makeTopic(broker, 'told', 1);
    const source = await opened('told');
    await send('told', 1, 0, 10);
    expect(await take(source, 10)).toEqual(lines(0, 10));
    source.partitions[0]!.commit!(5);
    await expect.poll(() => offsetsOf('told', 'told', 1), SOON).toEqual([5]);
    source.partitions[0]!.commit!(10);
    await expect.poll(() => offsetsOf('told', 'told', 1), SOON).toEqual([10]);
  });

  it('hands a partition over behind what it has made safe, and forgets what it has not handed out', async () => {
    await makeTopic(broker, 'handed', 2);
    const first = await opened('handed');
    await send('handed', 2, 0, 20);
    const taken = await take(first, 15);
    const second = await opened('handed');
    // The first one hears that the group forms anew, and has some seconds to make safe what it has handed out.
    await expect.poll(() => hasMore(first), SOON).toBe(false);
    first.partitions[0]!.commit!(15);
    const rest: unknown[] = [];
    await expect
      .poll(() => {
        first.partitions[0]!.take(rest, 100);
        second.partitions[0]!.take(rest, 100);
        return new Set([...taken, ...rest]).size;
      }, SOON)
      .toBe(20);
    expect([...taken, ...rest].toSorted()).toEqual(lines(0, 20).toSorted());
  });

  it('repeats for another what it had not made safe when it fell silent', async () => {
    await makeTopic(broker, 'silent', 1);
    const first = await opened('silent');
    await send('silent', 1, 0, 10);
    expect(await take(first, 10)).toEqual(lines(0, 10));
    first.partitions[0]!.commit!(4);
    await expect.poll(() => offsetsOf('silent', 'silent', 1), SOON).toEqual([4]);
    await first.close();
    open.length = 0;
    const second = await opened('silent');
    expect(await take(second, 6)).toEqual(lines(4, 10));
  });

  it('goes on behind what its own log has, though the group has heard less', async () => {
    await makeTopic(broker, 'logged', 2);
    await send('logged', 2, 0, 10);
    const first = await opened('logged');
    await take(first, 10);
    const position = first.partitions[0]!.position!();
    await first.close();
    open.length = 0;
    await send('logged', 2, 10, 14);
    const second = await opened('logged', { from: [10], positions: [JSON.parse(JSON.stringify(position))] });
    expect((await take(second, 4)).toSorted()).toEqual(lines(10, 14).toSorted());
    await expect.poll(() => offsetsOf('logged', 'logged', 2), SOON).toEqual([5, 5]);
  });

  it('begins where it is told to, and whoever comes next begins there too', async () => {
    await makeTopic(broker, 'begun', 1);
    await send('begun', 1, 0, 5);
    const first = await opened('begun', {}, { startingOffsets: 'latest' });
    await expect.poll(() => offsetsOf('begun', 'begun', 1), SOON).toEqual([5]);
    await first.close();
    open.length = 0;
    await send('begun', 1, 5, 8);
    const second = await opened('begun', {}, { startingOffsets: 'latest' });
    expect(await take(second, 3)).toEqual(lines(5, 8));
  });

  it('reads partitions that are added while it runs, from their beginning', async () => {
    await makeTopic(broker, 'grown', 1);
    const source = await opened('grown', {}, { startingOffsets: 'latest' });
    await expect.poll(() => offsetsOf('grown', 'grown', 1), SOON).toEqual([0]);
    await broker.tool(TOPICS, ['--alter', '--topic', 'grown', '--partitions', '3']);
    await expect.poll(async () => (await port.leaders('grown'))?.length, SOON).toBe(3);
    await send('grown', 3, 0, 9);
    expect((await take(source, 9)).toSorted()).toEqual(lines(0, 9).toSorted());
  });

  it('goes on when the broker is killed and comes back', async () => {
    await makeTopic(broker, 'away', 2);
    const source = await opened('away');
    await send('away', 2, 0, 10);
    await take(source, 10);
    source.partitions[0]!.commit!(10);
    await expect.poll(() => offsetsOf('away', 'away', 2), SOON).toEqual([5, 5]);
    await broker.kill();
    await broker.start();
    await expect
      .poll(
        () =>
          send('away', 2, 10, 20).then(
            () => true,
            () => false,
          ),
        { timeout: WAIT_MS },
      )
      .toBe(true);
    const seen = new Set<unknown>();
    await expect
      .poll(
        async () => {
          const values: unknown[] = [];
          source.partitions[0]!.take(values, 100);
          for (const value of values) seen.add(value);
          return seen.size;
        },
        { timeout: WAIT_MS },
      )
      .toBe(10);
    expect(seen).toEqual(new Set(lines(10, 20)));
  });

  it('shares a topic with a consumer of Java', async () => {
    await makeTopic(broker, 'java', 2);
    const source = await opened('java');
    await expect.poll(() => offsetsOf('java', 'java', 2), SOON).toEqual([0, 0]);
    const java = await broker.spawn(CONSUMER, ['--topic', 'java', '--group', 'java']);
    const theirs = linesFrom(java);
    const ours: unknown[] = [];
    // Until both have some of what is sent, all goes to the one that was there first.
    for (let from = 0; from < 100_000; from += 2) {
      await send('java', 2, from, from + 2);
      source.partitions[0]!.take(ours, 1_000);
      source.partitions[0]!.commit!(ours.length);
      if (theirs.length < 5) continue;
      await expect
        .poll(() => {
          source.partitions[0]!.take(ours, 1_000);
          return new Set([...ours, ...theirs]).size;
        }, SOON)
        .toBe(from + 2);
      break;
    }
    expect(ours.length).toBeGreaterThan(0);
    expect(theirs.length).toBeGreaterThan(0);
    java.kill('SIGKILL');
  });

  it('has one clear error for a group that is in use by another protocol', async () => {
    await makeTopic(broker, 'other', 1);
    await produce(broker, 'other', ['one']);
    const strategy = 'partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor';
    const java = await broker.spawn(CONSUMER, [
      ...['--topic', 'other', '--group', 'other', '--from-beginning'],
      ...[CONSUMER_PROPERTY, strategy],
    ]);
    const theirs = linesFrom(java);
    await expect.poll(() => [...theirs], SOON).toEqual(['one']);
    const source = await opened('other');
    await expect
      .poll(() => source.partitions[0]!.failure, SOON)
      .toMatchObject({
        code: 'RG081',
        message: expect.stringContaining("the consumer group 'other' cannot be joined"),
        hint: expect.stringContaining('a group of its own'),
      });
    java.kill('SIGKILL');
  });

  /** A receiver without a job around it: the test says what is handed out, and what is safe. */
  async function opened(
    topic: string,
    place: { readonly from?: readonly number[]; readonly positions?: readonly unknown[] } = {},
    more: Partial<KafkaSourceSettings> = {},
  ): Promise<RawSource> {
    const spec = kafka(topic, { brokers: broker.bootstrap, receiver: true, group: topic });
    const source = await openKafkaSource(
      { ...(spec.options as unknown as KafkaSourceSettings), ...more },
      {
        ...{ name: 'lines', world: createRealWorld({ seed: 1 }), job: 'reading', folder: undefined },
        ...{ from: [], positions: [], later: [], tell: () => undefined, ...place },
      },
    );
    open.push(source);
    return source;
  }

  async function take(source: RawSource, count: number): Promise<readonly unknown[]> {
    const values: unknown[] = [];
    await expect
      .poll(() => {
        if (values.length < count) source.partitions[0]!.take(values, count - values.length);
        return values.length;
      }, SOON)
      .toBe(count);
    return values;
  }

  async function reading(
    topic: string,
    mode: Mode,
    folder: string,
  ): Promise<{ job: StartedJob; results: readonly string[]; shares: (readonly number[])[] }> {
    const sink = memory<string>();
    const spec = kafka(topic, { brokers: broker.bootstrap, receiver: true, group: topic });
    const shares: (readonly number[])[] = [];
    const job = await start(
      topology('reading', { batchInterval: seconds(0.1) }, (t) => t.source('lines', spec).to('out', sink)),
      {
        mode,
        checkpoint: { folder },
        onReceiver: ({ message }) => {
          const share = message.slice(message.lastIndexOf(':') + 2);
          shares.push(share === 'none' ? [] : share.split(', ').map(Number));
        },
      },
    );
    open.push({
      close: async () => {
        job.stop();
        await job.done;
      },
    });
    return { job, results: sink.results, shares };
  }

  /** Lines in turn to each partition. */
  async function send(topic: string, partitions: number, from: number, to: number): Promise<void> {
    const producer = await port.producer();
    await producer.send(
      topic,
      lines(from, to).map((value, index) => ({ key: null, value, partition: index % partitions })),
    );
    await producer.close();
  }

  async function offsetsOf(group: string, topic: string, partitions: number): Promise<readonly (number | undefined)[]> {
    const committed = await port.committed(group, topic, partitions);
    return Array.from({ length: partitions }, (_, partition) => committed.get(partition)?.offset);
  }
});

/** Something was fetched and not handed out. */
function hasMore({ partitions }: RawSource): boolean {
  let isReady = false;
  partitions[0]!.onReady(() => {
    isReady = true;
  });
  return isReady;
}

/** Kafka 4 renamed it. */
const CONSUMER_PROPERTY = VERSION.startsWith('3.') ? '--consumer-property' : '--command-property';

function linesFrom(child: ChildProcess): readonly string[] {
  const found: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => found.push(line));
  return found;
}

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}
