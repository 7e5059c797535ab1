/** A reader far behind its topic: what waits unread in Kafka takes no memory here. 1 M messages in `npm run test:kafka`, 10 M in a long run. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import type { KafkaPartition } from '../../src/connectors/kafka/partition.js';
import { openKafkaSource } from '../../src/connectors/kafka/source.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { kafka } from '../../src/sources.js';
import { noKafka, TEST_MS, useBroker, WAIT_MS } from './broker.js';

const isLong = process.env['RAINGAUGE_LONG'] === '1';
const MANY = isLong ? 10_000_000 : 1_000_000;
/** More than a reader takes ahead. */
const FEW = 150_000;
const MESSAGE_BYTES = 200;
/** What is read ahead, and the answer behind it, make of a difference; the larger topic has 160 MiB more unread (bytes). */
const NOISE_BYTES = 32 * 1024 * 1024;
/** Messages of one send. */
const SEND = 20_000;

const broker = useBroker();
const isAsked = isLong || process.env['RAINGAUGE_KAFKA_ROUNDS'] !== undefined;

describe.skipIf(noKafka !== undefined || !isAsked)('messages that nobody has polled yet', () => {
  it('take no memory beyond what is read ahead, however many they are', { timeout: 12 * TEST_MS }, async () => {
    await fill('few', FEW);
    await fill('many', MANY);
    const few = await heldBehind('few');
    const many = await heldBehind('many');
    console.info(`${mib(few)} MiB with ${FEW} unread, ${mib(many)} MiB with ${MANY}`);
    expect(many - few).toBeLessThan(NOISE_BYTES);
  });

  async function fill(topic: string, count: number): Promise<void> {
    const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    await port.createTopic(topic, 1);
    const producer = await port.producer();
    for (let at = 0; at < count; at += SEND) {
      const numbers = Array.from({ length: Math.min(SEND, count - at) }, (_, index) => at + index);
      await producer.send(
        topic,
        numbers.map((n) => ({ key: null, value: String(n).padEnd(MESSAGE_BYTES, '.'), partition: 0 })),
      );
    }
    await producer.close();
    await port.close();
  }

  /** Bytes that are held when a reader of the topic has taken ahead all that it wants, and nothing is polled. */
  async function heldBehind(topic: string): Promise<number> {
    const { options } = kafka(topic, { brokers: broker.bootstrap });
    const parts = {
      name: 'lines',
      world: createRealWorld(),
      job: undefined,
      folder: undefined,
      from: [],
      positions: [],
    };
    const source = await openKafkaSource(options as never, parts);
    const [partition] = source.partitions as readonly [KafkaPartition];
    await expect.poll(() => partition.hasRoom, { timeout: WAIT_MS }).toBe(false);
    const held = await bytesHeld();
    expect(partition.next).toBeLessThan(FEW);
    await source.close();
    return held;
  }
});

/** On the heap and beside it, without garbage. */
async function bytesHeld(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
