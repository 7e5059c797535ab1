/** A job whose output topics tell of each record how often it was counted, and lives of it that are killed at seeded instants. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prng } from '../../src/core/prng.js';
import type { Mode } from '../../src/runtime/events.js';
import type { Guarantee } from '../../src/topology/specs.js';
import { type Launched, launch } from '../cli/command.js';
import type { TestBroker } from './broker.js';
import { consume } from './client.js';

/** Keys of the job: record n has the key n % KEYS. */
const KEYS = 50;

/** Each record's number, and each key's count and sum as they grow. */
const LEDGER_JOB = `
import { seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

export default topology('ledger', { batchInterval: seconds(0.2) }, (t) => {
  const numbers = t.source('lines', memory([''])).map(Number);
  numbers.map((n) => [n % ${KEYS}, n]).to('numbers', none());
  numbers
    .map((n) => [n % ${KEYS}, { count: 1, sum: n }])
    .runningReduce({ uid: 'totals', reduce: (a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }) })
    .to('totals', none());
});
`;

export interface LedgerRound {
  readonly broker: TestBroker;
  readonly mode: Mode;
  readonly guarantee: Guarantee;
  /** Holds the job and its checkpoint. */
  readonly folder: string;
  readonly source: string;
  /** The job reads as a member of a consumer group. */
  readonly isReceiver?: boolean;
  readonly numbers: string;
  readonly totals: string;
  readonly rate: number;
  /** Of the sinks: `2s`. */
  readonly transactionTimeout?: string;
  /** Draws the instants. */
  readonly seed: string;
  /** The job is killed so often, unless it ends before. */
  readonly kills: number;
  /** In the first life the broker is killed and comes back: `alone`, or the job is killed while it is away. */
  readonly brokerDies: 'no' | 'alone' | 'with the job';
}

/** The longest life before a kill (ms): the whole input takes eight seconds. */
const LIFE_MS_MAX = 4_000;
const LIFE_MS_MIN = 1_000;

/** One life of the job: to the end of the input, or for ever. */
export function launchLedger(round: LedgerRound, end: 'ends' | 'goes on'): Launched {
  const { broker, mode, guarantee, folder, source, isReceiver, numbers, totals, rate, seed } = round;
  const { transactionTimeout = '60s' } = round;
  writeFileSync(join(folder, 'job.mjs'), LEDGER_JOB);
  const at = `kafka://${broker.bootstrap}`;
  const options = [
    ...(end === 'ends' ? ['until=latest'] : []),
    ...(isReceiver === true ? ['receiver=true', `group=${seed}`] : []),
  ];
  const input = ['--source', `lines=${at}/${source}?${options.join('&')}`];
  const outputs = [
    ['numbers', numbers],
    ['totals', totals],
  ].flatMap(([name, topic]) => ['--sink', `${name}=${at}/${topic}?transactionTimeout=${transactionTimeout}`]);
  const model = ['--mode', mode, '--guarantee', guarantee, '--rate', String(rate), '--quiet'];
  const recovery = ['--checkpoint', 'progress', '--checkpoint-interval', '500ms'];
  return launch(['run', 'job.mjs', ...model, ...input, ...outputs, ...recovery], { cwd: folder });
}

/** Runs the same command until it comes to its end. Gives the kills that hit a living job. @throws Error when it ends otherwise. */
export async function liveOn(round: LedgerRound): Promise<number> {
  const { broker, seed, kills, brokerDies } = round;
  const random = prng(1).fork(seed);
  let hits = 0;
  for (let life = 0; ; life++) {
    const job = launchLedger(round, 'ends');
    const wait = (): Promise<unknown> =>
      new Promise((resolve) => setTimeout(resolve, LIFE_MS_MIN + random.float() * (LIFE_MS_MAX - LIFE_MS_MIN)));
    const kill = async (): Promise<void> => {
      await Promise.race([wait(), job.ended]);
      if (job.child.exitCode === null) hits += 1;
      job.child.kill('SIGKILL');
    };
    const isBrokersTurn = life === 0 && brokerDies !== 'no';
    if (isBrokersTurn) {
      await Promise.race([wait(), job.ended]);
      await broker.kill();
      if (brokerDies === 'with the job') await kill();
      await broker.start();
    }
    if (life < kills && !(isBrokersTurn && brokerDies === 'with the job')) await kill();
    const { code, stderr } = await job.ended;
    if (code === 0) return hits;
    // One that came to the broker while it was away says so, and is started again.
    if (code !== null && !(isBrokersTurn && stderr.includes('RG043')))
      throw new Error(`${seed}: it ended with ${code}:\n${stderr}`);
  }
}

/** What the output topics say, read by the Java consumer. */
export interface Ledger {
  readonly lost: number;
  readonly duplicated: number;
  /** Totals that one pass over the input does not give, or not so often. */
  readonly wrongTotals: number;
}

export const EXACT: Ledger = { lost: 0, duplicated: 0, wrongTotals: 0 };

/** Reads both topics to their end, `read_committed`. The input were the numbers from 0 to `records`. */
export async function ledgerOf({ broker, numbers, totals }: LedgerRound, records: number): Promise<Ledger> {
  const seen = new Uint32Array(records);
  for (const line of await consume(broker, numbers)) seen[Number(line.slice(line.indexOf('|') + 1))]! += 1;
  return {
    lost: seen.filter((times) => times === 0).length,
    duplicated: seen.filter((times) => times > 1).length,
    wrongTotals: wrongIn(await consume(broker, totals), records),
  };
}

/** Of each key there is each count from 1 on once, and the last has the sum of all its numbers. */
function wrongIn(lines: readonly string[], records: number): number {
  const counts = Array.from({ length: KEYS }, () => new Map<number, number[]>());
  for (const line of lines) {
    const [key, value] = line.split('|');
    const { count, sum } = JSON.parse(value!) as { readonly count: number; readonly sum: number };
    const sums = counts[Number(key)]!;
    sums.set(count, [...(sums.get(count) ?? []), sum]);
  }
  let wrong = 0;
  for (let key = 0; key < KEYS; key++) {
    const numbers = Array.from({ length: Math.ceil((records - key) / KEYS) }, (_, index) => key + index * KEYS);
    for (let count = 1; count <= numbers.length; count++) if (counts[key]!.get(count)?.length !== 1) wrong += 1;
    if (counts[key]!.size > numbers.length) wrong += counts[key]!.size - numbers.length;
    const total = numbers.reduce((sum, n) => sum + n, 0);
    if (counts[key]!.get(numbers.length)?.[0] !== total) wrong += 1;
  }
  return wrong;
}
