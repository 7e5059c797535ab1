/** Sinks that commit by epoch: nothing is visible before, and a crash at any step leaves each committed result once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTextFileSink } from '../../src/connectors/text-file-sink.js';
import { StreamError } from '../../src/core/errors.js';
import { prng } from '../../src/core/prng.js';
import type { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { SinkTransactions, SinkWriter } from '../../src/runtime/sink.js';

interface Accepted {
  /** End of the interval (ms). */
  readonly end: number;
  readonly partition: number;
  readonly value: string;
}
type Step = Accepted | 'prepare' | 'commit';
type Opened = SinkWriter & { readonly transactions: SinkTransactions };

const openFolder = (files: SimulatedFiles): Opened =>
  openTextFileSink({ name: 'out', folder: 'out' }, files, true) as Opened;

function accept(sink: SinkWriter, { end, partition, value }: Accepted): void {
  sink.accept({ end: end * 1_000, values: [value] }, { timestamp: end, windowEnd: end, partition });
}

const nameOf = ({ end, partition }: Accepted): string => `out/part-${end}-0000${partition}`;

const contentsOf = (files: SimulatedFiles): Record<string, string> =>
  Object.fromEntries(files.paths.map((path) => [path, files.text(path)]));

function visibleIn(files: SimulatedFiles): Record<string, string> {
  return Object.fromEntries(Object.entries(contentsOf(files)).filter(([path]) => !path.includes('/.')));
}

/** What must be visible when the epochs up to one are committed. */
function expected(steps: readonly Step[], epoch: number): Record<string, string> {
  const visible: Record<string, string> = {};
  let prepared = 0;
  for (const step of steps) {
    if (prepared === epoch) break;
    if (step === 'prepare') prepared++;
    else if (step !== 'commit') visible[nameOf(step)] = `${step.value}\n`;
  }
  return prepared < epoch || epoch === 0 ? {} : visible;
}

/** Runs the steps; after each, and at each step of the files within one, tells the epochs that the commit point may be at. */
async function play(steps: readonly Step[], files: SimulatedFiles, look: (points: readonly number[]) => void) {
  let prepared = 0;
  let committed = 0;
  let points = [0];
  files.onStep = () => look(points);
  const sink = openFolder(files);
  await sink.transactions.recover(0);
  for (const step of steps) {
    if (step === 'prepare') {
      points = [prepared];
      await sink.transactions.prepare(++prepared);
      // The log may or may not have it yet.
      points = [prepared - 1, prepared];
    } else if (step === 'commit') {
      points = [prepared];
      while (committed < prepared) await sink.transactions.commit(++committed);
    } else {
      accept(sink, step);
      await sink.synced!();
    }
    look(points);
  }
  return { sink, prepared };
}

describe('the text file sink that commits by epoch', () => {
  const a = { end: 1_000, partition: 0, value: 'a' };
  const b = { end: 2_000, partition: 0, value: 'b' };
  const c = { end: 2_000, partition: 1, value: 'c' };
  const again = { end: 1_000, partition: 0, value: 'again' };
  const scripts: readonly (readonly Step[])[] = [
    [a, c, b, 'prepare', 'commit'],
    [a, 'prepare', b, 'commit', 'prepare', 'commit'],
    [a, 'prepare', 'commit', again, b, again, 'prepare', 'commit', 'prepare', 'commit'],
    ['prepare', 'commit', a, again, 'prepare', 'commit', b],
    [a, b, 'prepare', again, 'prepare', c, 'commit'],
  ];

  it.each(scripts.map((script, index) => [index, script] as const))(
    'has each committed result once after a crash at any step, also one within the recovery (script %i)',
    async (_index, script) => {
      const crashes: { readonly files: SimulatedFiles; readonly point: number }[] = [];
      const files = createSimulatedWorld().files;
      await play(script, files, (points) => {
        for (const point of points)
          for (const state of files.crashStates(20_000)) crashes.push({ files: state, point });
      });
      expect(crashes.length).toBeGreaterThan(20);
      const seen = new Set<string>();
      while (crashes.length > 0) {
        const { files: state, point } = crashes.pop()!;
        const key = JSON.stringify([point, contentsOf(state)]);
        if (seen.has(key)) continue;
        seen.add(key);
        state.onStep = () => {
          for (const inner of state.crashStates(20_000)) crashes.push({ files: inner, point });
        };
        const { transactions } = openFolder(state);
        await transactions.recover(point);
        expect(contentsOf(state)).toEqual(expected(script, point));
        await transactions.recover(point);
        await transactions.commit(point);
        expect(contentsOf(state)).toEqual(expected(script, point));
      }
    },
  );

  it('shows nothing that is not committed, at any step', async () => {
    for (const script of scripts) {
      const files = createSimulatedWorld().files;
      await play(script, files, (points) => {
        const allowed = expected(script, points.at(-1)!);
        const before = expected(script, points.at(-1)! - 1);
        for (const [path, content] of Object.entries(visibleIn(files))) {
          expect([allowed[path], before[path]]).toContain(content);
        }
      });
    }
  });

  it('survives many crashes in a row', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          end: fc.integer({ min: 1, max: 4 }),
          partition: fc.nat(1),
          value: fc.constantFrom('x', 'y', 'zz'),
        }),
      },
      { weight: 2, arbitrary: fc.constant('prepare' as const) },
      { weight: 1, arbitrary: fc.constant('commit' as const) },
      { weight: 1, arbitrary: fc.constant('crash' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(), fc.boolean(), async (steps, seed, isPower) => {
        const random = prng(seed);
        const { files } = createSimulatedWorld();
        let sink = openFolder(files);
        const kept: Record<string, string> = {};
        let waiting: Record<string, string> = {};
        let epoch = 0;
        let committed = 0;
        for (const each of steps) {
          if (each === 'prepare') {
            await sink.transactions.prepare(++epoch);
            Object.assign(kept, waiting);
            waiting = {};
          } else if (each === 'commit') {
            while (committed < epoch) await sink.transactions.commit(++committed);
            expect(visibleIn(files)).toEqual(kept);
          } else if (each === 'crash') {
            await sink.synced!();
            if (isPower) files.crash(random);
            else files.kill();
            sink = openFolder(files);
            await sink.transactions.recover(epoch);
            waiting = {};
            committed = epoch;
            expect(contentsOf(files)).toEqual(kept);
          } else {
            accept(sink, each);
            waiting[nameOf(each)] = `${each.value}\n`;
          }
        }
      }),
    );
  });

  it('counts what is accepted while an epoch is prepared to the next', async () => {
    const { files } = createSimulatedWorld();
    const { transactions, ...sink } = openFolder(files) as Opened;
    const writer = Object.assign(openFolder(files), sink);
    accept(writer, a);
    const prepared = writer.transactions.prepare(1);
    accept(writer, b);
    await prepared;
    await writer.transactions.prepare(2);
    await writer.transactions.commit(1);
    expect(visibleIn(files)).toEqual({ [nameOf(a)]: 'a\n' });
    await writer.transactions.commit(2);
    expect(Object.keys(visibleIn(files))).toEqual([nameOf(a), nameOf(b)]);
    await transactions.recover(0);
  });

  it('shows the files of an epoch in the order of the intervals', async () => {
    const { files } = createSimulatedWorld();
    const sink = openFolder(files);
    for (const end of [10_000, 9_000, 0.5, 11_000]) accept(sink, { end, partition: 1, value: 'x' });
    accept(sink, { end: 9_000, partition: 0, value: 'x' });
    await sink.transactions.prepare(1);
    const appeared: string[] = [];
    files.onStep = () => {
      for (const path of Object.keys(visibleIn(files))) if (!appeared.includes(path)) appeared.push(path);
    };
    await sink.transactions.commit(1);
    expect(appeared.map((path) => path.slice('out/part-'.length))).toEqual([
      '0.5-00001',
      '9000-00000',
      '9000-00001',
      '10000-00001',
      '11000-00001',
    ]);
  });

  it('finds nothing of an earlier run unless it goes on with it', async () => {
    const { files } = createSimulatedWorld();
    const first = openFolder(files);
    accept(first, a);
    await first.transactions.prepare(5);
    accept(first, b);
    await first.synced!();
    const second = openFolder(files);
    await second.transactions.prepare(1);
    await second.transactions.commit(1);
    expect(files.paths).toEqual([]);
  });

  it('does not let what it threw away come back as a later epoch of that number', async () => {
    const { files } = createSimulatedWorld();
    const first = openFolder(files);
    accept(first, a);
    await first.transactions.prepare(1);
    const second = openFolder(files);
    await second.transactions.recover(0);
    await second.transactions.prepare(1);
    for (const state of files.crashStates(1_000)) {
      await openFolder(state).transactions.recover(1);
      expect(state.paths).toEqual([]);
    }
  });

  it('commits an epoch that an earlier process has prepared', async () => {
    const { files } = createSimulatedWorld();
    const first = openFolder(files);
    accept(first, a);
    await first.transactions.prepare(5);
    await openFolder(files).transactions.commit(5);
    expect(files.paths).toEqual([nameOf(a)]);
  });

  it('leaves no hidden file of what no epoch has when it is closed', async () => {
    const { files } = createSimulatedWorld();
    const sink = openFolder(files);
    accept(sink, a);
    await sink.close();
    expect(files.paths).toEqual([]);
  });

  it('fails for good when a file cannot be written', async () => {
    const { files } = createSimulatedWorld();
    const broken = Object.assign(Object.create(files), {
      makeFolder: async () => undefined,
      list: async () => [],
      create: async () => {
        throw new StreamError('RG057', "'out/x' cannot be written: no space is left (ENOSPC)", 'free some space');
      },
    });
    const sink = openTextFileSink({ name: 'out', folder: 'out' }, broken, true) as Opened;
    accept(sink, a);
    const failure = { code: 'RG046', message: expect.stringContaining('ENOSPC'), hint: 'free some space' };
    await expect(sink.transactions.prepare(1)).rejects.toMatchObject(failure);
    expect([sink.failure?.toString().includes('ENOSPC'), sink.ready]).toEqual([true, true]);
    await expect(sink.transactions.prepare(2)).rejects.toMatchObject(failure);
    await expect(sink.close()).rejects.toMatchObject(failure);
  });
});
