/** A reader far behind its topic: what waits unread in Kafka takes no memory here. 1 M messages in `npm run test:kafka`, 10 M in a long run. */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { FetchLoop } from '../../src/connectors/kafka/fetch-loop.js';
import { Lane } from '../../src/connectors/kafka/lane.js';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { isLong } from '../breadth.js';
import { noKafka, TEST_MS, useBroker, WAIT_MS } from './broker.js';

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
    const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    const lane = new Lane({
      topic,
      format: 'text',
      as: 'value',
      partition: 0,
      start: 0,
      until: Number.POSITIVE_INFINITY,
    });
    const loop = new FetchLoop({
      ...{ port, topic, lanes: [lane], partitionCount: 1, world: createRealWorld(), onDataLoss: 'stop' },
      grown: () => undefined,
      errorOf: (thrown) => thrown,
    });
    const reading = loop.run();
    await expect.poll(() => lane.hasRoom, { timeout: WAIT_MS }).toBe(false);
    const held = await bytesHeld();
    expect(lane.next).toBeLessThan(FEW);
    loop.stop();
    await reading;
    await port.close();
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
