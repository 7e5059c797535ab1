/** The memory sink commits by epoch too, and each sink says whether it does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSink } from '../../src/connectors/open-sink.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { SinkTransactions, SinkWriter } from '../../src/runtime/sink.js';
import { foreach, memory, none, stdout, textFile } from '../../src/topology/sink-specs.js';
import type { SinkSpec } from '../../src/topology/specs.js';

type Opened = SinkWriter & { readonly transactions: SinkTransactions };

const world = createSimulatedWorld();

async function open<T>(spec: SinkSpec<T>, transactional = true): Promise<SinkWriter> {
  const sink = { name: 'out', ...spec, delivery: 'interval' as const };
  return openSink(sink, (role) => spec.functions?.[role], { world, transactional });
}

describe('the memory sink that commits by epoch', () => {
  const take = (sink: SinkWriter, ...values: unknown[]): void => {
    for (const value of values) sink.accept(value, { timestamp: 0, windowEnd: Number.NaN, partition: 0 });
  };

  it('has each committed result once, wherever it is set back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('accept', 'prepare', 'commit', 'recover', 'reopen'), { maxLength: 40 }),
        async (steps) => {
          const spec = memory<number>();
          let sink = (await open(spec)) as Opened;
          const kept: number[] = [];
          let waiting: number[] = [];
          let epoch = 0;
          let committed = 0;
          for (const [value, step] of steps.entries()) {
            if (step === 'accept') {
              take(sink, value);
              waiting.push(value);
            } else if (step === 'prepare') {
              await sink.transactions.prepare(++epoch);
              kept.push(...waiting.splice(0));
            } else if (step === 'commit') {
              while (committed < epoch) await sink.transactions.commit(++committed);
              await sink.transactions.commit(committed);
              expect(spec.results).toEqual(kept);
            } else {
              if (step === 'reopen') {
                sink = (await open(spec)) as Opened;
                expect(spec.results).toEqual([]);
              }
              await sink.transactions.recover(epoch);
              waiting = [];
              committed = epoch;
              expect(spec.results).toEqual(kept);
            }
          }
        },
      ),
    );
  });

  it('throws away what was prepared above the commit point', async () => {
    const spec = memory<string>();
    const { transactions, ...sink } = (await open(spec)) as Opened;
    take(sink as SinkWriter, 'a');
    await transactions.prepare(1);
    take(sink as SinkWriter, 'b');
    await transactions.prepare(2);
    await transactions.recover(1);
    await transactions.commit(2);
    expect(spec.results).toEqual(['a']);
  });

  it('forgets an earlier run once it does not go on with it', async () => {
    const spec = memory<string>();
    const first = (await open(spec)) as Opened;
    take(first, 'old');
    await first.transactions.prepare(1);
    await first.transactions.commit(1);
    const second = (await open(spec)) as Opened;
    take(second, 'new');
    await second.transactions.prepare(1);
    await second.transactions.recover(1);
    expect(spec.results).toEqual(['new']);
    const third = (await open(spec)) as Opened;
    await third.transactions.recover(0);
    expect(spec.results).toEqual([]);
  });
});

describe('whether a sink commits by epoch', () => {
  it.each([
    ['text-file', textFile('out'), true],
    ['memory', memory(), true],
    ['none', none(), true],
    ['stdout', stdout(), false],
    ['foreach', foreach(() => undefined), false],
  ] as const)('%s does when it is asked and its spec is exactly-once', async (_kind, spec, can) => {
    expect(spec.capabilities.guarantee === 'exactly-once').toBe(can);
    expect((await open(spec as SinkSpec<unknown>)).transactions !== undefined).toBe(can);
    expect((await open(spec as SinkSpec<unknown>, false)).transactions).toBeUndefined();
  });

  it('none has nothing to commit', async () => {
    const { transactions } = await open(none());
    await transactions!.prepare(1);
    await transactions!.commit(1);
    await transactions!.recover(1);
  });
});
