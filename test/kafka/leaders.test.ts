/**
 * Leaders that move while a job runs between topics of two brokers: the leader is killed, and leads again when it is back; coordinators move
 * with it. In `npm run test:kafka`.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import type { KafkaPort } from '../../src/connectors/kafka/port.js';
import type { Mode } from '../../src/runtime/events.js';
import type { Guarantee } from '../../src/topology/specs.js';
import { noKafka, TEST_MS, temporaryFolder, useTwoBrokers } from './broker.js';
import { produce, TOPICS } from './client.js';
import { EXACT, type LedgerRound, launchLedger, ledgerOf } from './ledger.js';

const isAsked = process.env['RAINGAUGE_KAFKA_ROUNDS'] !== undefined;
const RECORDS = 40_000;
const GROUP = 'raingauge-ledger-lines';
/** Leaders of the partitions, as they are preferred: the second broker leads two of three, and of each output one. */
const INPUT_LEADERS = [2, 1, 2];
const OUTPUT_LEADERS = [2, 1];

const [first, second] = useTwoBrokers({
  'offsets.topic.replication.factor': 2,
  'transaction.state.log.replication.factor': 2,
  'min.insync.replicas': 1,
  // Who is preferred leads again as soon as it has caught up.
  'leader.imbalance.check.interval.seconds': 1,
  'leader.imbalance.per.broker.percentage': 0,
});

describe.skipIf(noKafka !== undefined || !isAsked)('a job whose partitions get other leaders', () => {
  let port: KafkaPort;
  beforeAll(async () => {
    port = await openKafkaPort({ brokers: [first.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
    return () => port.close();
  }, TEST_MS);

  const cases: readonly (readonly [Mode, Guarantee])[] = [
    ['record', 'exactly-once'],
    ['micro-batch', 'exactly-once'],
    ['record', 'at-least-once'],
    ['micro-batch', 'at-least-once'],
  ];
  it.each(cases)(
    'goes on, and loses none, %s, %s',
    async (mode, guarantee) => {
      const name = `${mode}-${guarantee}`;
      await makeLedTopic(`lines-${name}`, INPUT_LEADERS);
      for (const topic of ['numbers', 'totals']) await makeLedTopic(`${topic}-${name}`, OUTPUT_LEADERS);
      const lines = Array.from({ length: RECORDS }, (_, n) => `${n % 1_000}|${n}`);
      await produce(first, `lines-${name}`, lines.slice(0, RECORDS / 2), true);
      const round: LedgerRound = {
        ...{ broker: first, mode, guarantee, kills: 0, brokerDies: 'no', rate: RECORDS / 20, seed: name },
        ...{ source: `lines-${name}`, numbers: `numbers-${name}`, totals: `totals-${name}` },
        folder: await temporaryFolder(),
      };
      const job = launchLedger(round, 'goes on');
      try {
        await reached('some', round.source);
        await second.kill();
        await leaders(round.source, [1, 1, 1]);
        await produce(first, round.source, lines.slice(RECORDS / 2, RECORDS * 0.75), true);
        await reached('all', round.source);
        await second.start();
        await leaders(round.source, INPUT_LEADERS);
        await leaders(round.numbers, OUTPUT_LEADERS);
        await produce(first, round.source, lines.slice(RECORDS * 0.75), true);
        await reached('all', round.source);
      } finally {
        job.child.kill('SIGINT');
      }
      const { stderr } = await job.ended;
      expect(stderr).not.toContain('error[');
      const ledger = await ledgerOf(round, RECORDS);
      if (guarantee === 'exactly-once') expect(ledger).toEqual(EXACT);
      else expect(ledger).toMatchObject({ lost: 0 });
    },
    6 * TEST_MS,
  );

  /** Each partition is kept by both, and the one that is named leads. */
  async function makeLedTopic(topic: string, leading: readonly number[]): Promise<void> {
    const replicas = leading.map((leader) => `${leader}:${3 - leader}`).join(',');
    await first.tool(TOPICS, ['--create', '--topic', topic, '--replica-assignment', replicas]);
    await leaders(topic, leading);
  }

  async function leaders(topic: string, expected: readonly number[]): Promise<void> {
    await expect.poll(() => port.leaders(topic), { timeout: TEST_MS, interval: 200 }).toEqual(expected);
  }

  /** The job has told the group that it is done with so much of each partition. */
  async function reached(what: 'some' | 'all', topic: string): Promise<void> {
    const isThere = async (): Promise<boolean> => {
      const count = INPUT_LEADERS.length;
      const [ends, done] = await Promise.all([
        port.offsets(topic, count, 'latest'),
        port.committed(GROUP, topic, count),
      ]);
      return ends.every((end, partition) => (done.get(partition)?.offset ?? 0) >= (what === 'all' ? end : 1));
    };
    await expect.poll(() => isThere().catch(() => false), { timeout: TEST_MS, interval: 200 }).toBe(true);
  }
});
