/** `npm run bench:kafka`: what reading from a real Kafka costs in each model, as ratios to the client's own loop. Needs Java and Maven. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KAFKA_VERSIONS } from '../src/cli/kafka/jars.js';
import { startLocalBroker } from '../src/cli/kafka/local-broker.js';
import { openKafkaPort } from '../src/connectors/kafka/open-port.js';
import { makeLines } from './lines.js';
import type { Measurement } from './measurement.js';
import { spreadOf } from './statistics.js';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
});
const records = Number(values.records);
const rounds = Number(values.rounds);
const TOPIC = 'lines';
const PARTITIONS = 4;
/** Messages of one send. */
const SEND = 20_000;

/** What is compared with what, and the goal of the issue. */
const RATIOS = [
  { what: 'direct stream', of: 'by hand, eachBatch', goal: '>= 0.80, aim 0.95' },
  { what: 'spout with acking', of: 'by hand, eachBatch', goal: '>= 0.75, aim 0.90' },
  { what: 'receiver and log', of: 'direct stream, checkpoint', goal: 'reported' },
  { what: 'direct stream, checkpoint', of: 'direct stream', goal: 'reported' },
  { what: 'only read, our codec', of: 'only read, eachBatch', goal: 'aim 2' },
] as const;

type Measured = Measurement & { readonly rssMb: number };

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'raingauge-bench-broker-'));
const broker = await startLocalBroker({ folder, version: KAFKA_VERSIONS[0], life: 'owned', tell: console.error });
try {
  await fill(broker.bootstrap);
  report(measureAll(broker.bootstrap));
} finally {
  process.kill(broker.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function fill(brokers: string): Promise<void> {
  console.error(`writing ${records} lines to ${PARTITIONS} partitions`);
  const port = await openKafkaPort({ brokers: [brokers], client: 'kafkajs', tls: false, sasl: undefined });
  await port.createTopic(TOPIC, PARTITIONS);
  const producer = await port.producer();
  const lines = makeLines(records, 1);
  for (let at = 0; at < records; at += SEND) {
    const part = lines.slice(at, at + SEND);
    await producer.send(
      TOPIC,
      part.map((value, index) => ({ key: null, value, partition: (at + index) % PARTITIONS })),
    );
  }
  await producer.close();
  await port.close();
}

/** A round runs every variant once; each begins at another one. */
function measureAll(brokers: string): ReadonlyMap<string, readonly Measured[]> {
  const names = [...new Set(RATIOS.flatMap(({ what, of }) => [of, what]))];
  const measured = new Map<string, Measured[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length]!;
      console.error(`round ${round + 1} of ${rounds}: ${name}`);
      const args = [
        '--import',
        'tsx',
        '--expose-gc',
        join(root, 'bench', 'kafka-variant.ts'),
        name,
        brokers,
        TOPIC,
        String(records),
      ];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${name} ended with ${String(status)}:\n${stderr}`);
      measured.get(name)!.push(JSON.parse(stdout) as Measured);
    }
  }
  return measured;
}

function report(measured: ReadonlyMap<string, readonly Measured[]>): void {
  const sums = [...measured]
    .filter(([name]) => !name.startsWith('only read'))
    .map(([, runs]) => runs.map(({ checksum }) => checksum));
  if (new Set(sums.flat()).size !== 1) throw new Error('the variants counted differently');
  console.log(`${records} records of ten words, ${PARTITIONS} partitions, ${rounds} rounds; median [min - max]\n`);
  for (const [name, runs] of measured) {
    const rates = spreadOf(runs.map(({ ms }) => records / ms));
    const memory = spreadOf(runs.map(({ rssMb }) => rssMb));
    console.log(`${name.padEnd(28)} ${shown(rates, 0)} k records/s   ${memory.max.toFixed(0)} MB`);
  }
  console.log(
    '\nratio of rates                                              by the clock             on core                  goal',
  );
  for (const { what, of, goal } of RATIOS) {
    const ratios = (time: 'ms' | 'onCoreMs'): string =>
      shown(spreadOf(measured.get(what)!.map((run, round) => measured.get(of)![round]![time] / run[time])), 2).padEnd(
        24,
      );
    console.log(`${`${what} / ${of}`.padEnd(59)} ${ratios('ms')} ${ratios('onCoreMs')} ${goal}`);
  }
}

function shown(
  { median, min, max }: { readonly median: number; readonly min: number; readonly max: number },
  digits: number,
): string {
  return `${median.toFixed(digits)} [${min.toFixed(digits)} - ${max.toFixed(digits)}]`;
}
