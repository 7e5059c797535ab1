/** A job far behind its topic: what waits unread in Kafka takes no memory here. 1 M messages in `npm run test:kafka`, 10 M in a long run. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import { start } from '../../src/host/run.js';
import { seconds, topology } from '../../src/index.js';
import type { Mode } from '../../src/runtime/events.js';
import { foreach } from '../../src/sinks.js';
import { kafka } from '../../src/sources.js';
import { noKafka, TEST_MS, useBroker, WAIT_MS } from './broker.js';

const isLong = process.env['RAINGAUGE_LONG'] === '1';
const MANY = isLong ? 10_000_000 : 1_000_000;
/** More than a reader takes ahead. */
const FEW = 150_000;
const MESSAGE_BYTES = 200;
/** Read before memory is looked at, at so many a second. */
const READ = 2_000;
const RATE = 1_000;
/** What garbage and code of the first job make of a difference: a fifth of what the smaller run has more unread (bytes). */
const NOISE_BYTES = 32 * 1024 * 1024;
/** Messages of one send. */
const SEND = 20_000;

const broker = useBroker();
const isAsked = isLong || process.env['RAINGAUGE_KAFKA_ROUNDS'] !== undefined;

describe.skipIf(noKafka !== undefined || !isAsked)('messages that a job has not read yet', () => {
  const modes: readonly Mode[] = ['micro-batch', 'record'];
  it('take no memory, however many they are', { timeout: 12 * TEST_MS }, async () => {
    await fill('few', FEW);
    await fill('many', MANY);
    for (const mode of modes) {
      const few = await heldBehind('few', mode);
      const many = await heldBehind('many', mode);
      console.info(`${mode}: ${mib(few)} MiB with ${FEW} unread, ${mib(many)} MiB with ${MANY}`);
      expect(many - few).toBeLessThan(NOISE_BYTES);
    }
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

  /** Bytes that are held while a slow job reads from the beginning. */
  async function heldBehind(topic: string, mode: Mode): Promise<number> {
    let read = 0;
    const job = topology(`behind-${topic}`, { batchInterval: seconds(0.2) }, (t) => {
      t.source('lines', kafka(topic, { brokers: broker.bootstrap })).to(
        'out',
        foreach(() => void read++),
      );
    });
    const started = await start(job, { mode, rate: RATE });
    await expect.poll(() => read, { timeout: WAIT_MS }).toBeGreaterThan(READ);
    const held = await bytesHeld();
    started.stop();
    expect((await started.done).outcome).toBe('stopped');
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
