/**
 * A job that stands still in the middle of a transaction, for longer than it may last: the broker ends it, the job ends with `RG081`, and
 * the same command goes on.
 */
import { describe, expect, it } from 'vitest';
import type { Mode } from '../../src/runtime/events.js';
import type { Launched } from '../cli/command.js';
import { noKafka, TEST_MS, temporaryFolder, useBroker, WAIT_MS } from './broker.js';
import { makeTopic, produce, watchTransactions } from './client.js';
import { EXACT, type LedgerRound, launchLedger, ledgerOf, liveOn } from './ledger.js';

/** Few enough that all of them, in one epoch, are written in time. */
const RECORDS = 20_000;
/** They take 20 s: time enough to find the job in a transaction. */
const RATE = 1_000;
/** A request that is under way is answered by then; a transaction that is still open has stopped with the job (ms). */
const UNDER_WAY_MS = 200;
/** Between two attempts to stop it in a transaction (ms). */
const RUNS_MS = 30;

const modes: readonly Mode[] = ['record', 'micro-batch'];
/** In CI the sink's own test is enough (`sink.test.ts`): there are no rounds. */
const isAsked = process.env['RAINGAUGE_KAFKA_ROUNDS'] !== undefined;

const broker = useBroker({ 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 200 });

describe.skipIf(noKafka !== undefined || !isAsked)('a sink that is starved within a transaction', () => {
  it.each(modes)(
    'ends with RG081, and the same command loses and repeats nothing, %s',
    async (mode) => {
      const lines = Array.from({ length: RECORDS }, (_, n) => `${n % 1_000}|${n}`);
      for (const topic of ['lines', 'numbers', 'totals']) await makeTopic(broker, `${topic}-${mode}`, 2);
      await produce(broker, `lines-${mode}`, lines, true);
      const round: LedgerRound = {
        ...{ broker, mode, guarantee: 'exactly-once', kills: 0, brokerDies: 'no', rate: RATE, seed: mode },
        ...{ source: `lines-${mode}`, numbers: `numbers-${mode}`, totals: `totals-${mode}` },
        folder: await temporaryFolder(),
        transactionTimeout: '10s',
      };
      const job = launchLedger(round, 'ends');
      await starve(job, [round.numbers, round.totals]);
      const { code, stderr } = await job.ended;
      expect(stderr).toContain('error[RG081]');
      expect(stderr).toContain('held up for longer than a transaction may last');
      expect(code).toBe(5);
      await liveOn(round);
      expect(await ledgerOf(round, RECORDS)).toEqual(EXACT);
    },
    2 * TEST_MS,
  );
});

/** Stops the process until the broker has ended a transaction of it, and lets it go on. Resolves when it is over. */
async function starve({ child, ended }: Launched, topics: readonly string[]): Promise<void> {
  const watch = await watchTransactions(broker);
  const isOpen = (): Promise<boolean> => watch.isOpen(...topics);
  while (child.exitCode === null) {
    child.kill('SIGSTOP');
    await passed(UNDER_WAY_MS);
    if (await isOpen()) await expect.poll(isOpen, { timeout: WAIT_MS }).toBe(false);
    child.kill('SIGCONT');
    await Promise.race([passed(RUNS_MS), ended]);
  }
  await watch.close();
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
