/** Ids of results: whatever is given again is known again by its id, and a sink that takes ids has it once. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { type RunOptions, start } from '../../src/host/run.js';
import { simulatedTaskWorkers } from '../../src/host/simulated-workers.js';
import type { Mode } from '../../src/runtime/events.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { foreach, memory as memorySink, textFile } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { MODES } from '../faults/both-modes.js';

const B = millis(10);
const LINES = Array.from({ length: 200 }, (_, i) => `a${i} b${i} c${i}`);

/** A result as a sink is told of it. */
interface Told {
  readonly value: string;
  readonly id: string | undefined;
}

/** Each line's words, dealt out to tasks or not; words counted in windows; and totals of them. */
function words({ isSpread = true } = {}) {
  const told = { words: [] as Told[], windows: [] as Told[], totals: [] as Told[] };
  const into = (list: Told[]) =>
    foreach<unknown>((value, { id }) => list.push({ value: JSON.stringify(value), id }), { ids: true });
  const once = memorySink<string>({ ids: true });
  const job = topology('words', { batchInterval: B }, (t) => {
    const all = t
      .source('lines', memory.partitions([LINES.slice(0, 100), LINES.slice(100)]))
      .flatMap((line) => line.split(' '), { uid: 'split' });
    const spread = (isSpread ? all.repartition(2, { uid: 'spread' }) : all).map((word) => word.toUpperCase(), {
      uid: 'upper',
    });
    spread.to('words', into(told.words));
    spread.to('once', once);
    const pairs = spread.map((word) => [word.slice(0, 1), 1] as const, { uid: 'pairs' });
    pairs
      .reduceByKeyAndWindow({ uid: 'windows', window: millis(20), slide: B, reduce: (a, b) => a + b })
      .to('windows', into(told.windows));
    pairs.runningReduce({ uid: 'totals', reduce: (a, b) => a + b }).to('totals', into(told.totals));
  });
  return { job, told, once };
}

const plain = (told: readonly Told[]): readonly string[] => told.map(({ value, id }) => `${id} ${value}`).toSorted();
const firstOfEach = (told: readonly Told[]): readonly Told[] => [
  ...new Map(told.toReversed().map((one) => [one.id, one])).values(),
];
const allWords = LINES.flatMap((line) => line.toUpperCase().split(' ')).toSorted();

async function runOn(
  { job }: Pick<ReturnType<typeof words>, 'job'>,
  options: Omit<RunOptions, 'world'>,
  world: SimulatedWorld = createSimulatedWorld({
    start: 1_000_000,
    workers: { 'task-worker': simulatedTaskWorkers(job) },
  }),
) {
  const result = await world.complete(
    start(job, { rate: 1_000, ...options, world }).then((started) => started.done),
    2_000_000,
  );
  expect(result.error).toBeUndefined();
  return result;
}

describe('a result that is given again, record at a time,', () => {
  const record = { messageTimeout: 20_000 };

  it.each([
    ['acks are lost', ['drop-ack:spread@5', 'drop-ack:spread@90', 'drop-ack:spread@200', 'drop-ack:totals@33']],
    ['a part of a line is lost on its way', ['drop-tuple:upper@8', 'drop-tuple:upper@41', 'drop-tuple:totals@100']],
    ['a function throws', ['throw:upper@7', 'throw:split@40']],
  ])('has the id that it had, when %s: duplicates at the sink are 0', async (_what, faults) => {
    const ran = words();
    const plan = faults.map(parseFault);
    const result = await runOn(ran, { mode: 'record', record, faults: { plan, total: LINES.length } });
    expect(result.replayed).toBeGreaterThan(0);
    const { words: told } = ran.told;
    expect(told.length, 'nothing came again').toBeGreaterThan(allWords.length);
    expect(
      firstOfEach(told)
        .map(({ value }) => JSON.parse(value))
        .toSorted(),
    ).toEqual(allWords);
    expect([...ran.once.results].toSorted()).toEqual(allWords);
    // Never two results under one id.
    expect(new Set(told.map(({ id, value }) => `${id} ${value}`)).size).toBe(allWords.length);
  });

  it('has the id that it has on workers', async () => {
    const [here, there] = [words(), words()];
    await runOn(here, { mode: 'record' });
    await runOn(there, { mode: 'record', workers: { count: 2, isolation: 'thread', job: undefined } });
    expect(here.told.words[0]!.id).toBeDefined();
    expect(plain(there.told.words)).toEqual(plain(here.told.words));
    expect(plain(there.told.windows)).toEqual(plain(here.told.windows));
    expect(there.once.results.toSorted()).toEqual(allWords);
  });

  it('is named by operator, key and window behind a window, and by nothing behind a total', async () => {
    const { job, told } = words();
    await runOn({ job }, { mode: 'record' });
    expect(told.windows.length).toBeGreaterThan(10);
    for (const { id, value } of told.windows)
      expect(id).toMatch(new RegExp(`/windows/s1:${JSON.parse(value)[0]}/\\d+\\.0$`));
    expect(new Set(told.windows.map(({ id }) => id)).size).toBe(told.windows.length);
    expect(told.totals.length).toBe(allWords.length);
    expect(told.totals.every(({ id }) => id === undefined)).toBe(true);
  });
});

describe('in micro-batches a batch that is cut', () => {
  const RECORDS = 5_000;
  const microBatch = { trigger: 'available', batchRecordsMax: RECORDS } as const;

  async function numbers(more: Partial<RunOptions>) {
    const told: Told[] = [];
    const once = memorySink<number>({ ids: true });
    const job = topology('numbers', { batchInterval: B }, (t) => {
      const numbers = t.source('numbers', memory(Array.from({ length: RECORDS }, (_, n) => n))).map((n) => n + 1);
      numbers.to('once', once);
      numbers.to(
        'told',
        foreach((value, { id }) => told.push({ value: JSON.stringify(value), id }), { ids: true }),
      );
    });
    await runOn({ job }, { mode: 'micro-batch', ...more });
    return { told, once };
  }

  it.each([
    ['by its length', RECORDS],
    ['by its blocks', 300],
  ])('%s has an id for each result, and none is taken for another', async (_how, blockRecordsMax) => {
    const options = { microBatch: { ...microBatch, blockRecordsMax } };
    const here = await numbers(options);
    expect(here.once.results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: RECORDS }, (_, n) => n + 1));
    expect(new Set(here.told.map(({ id }) => id)).size).toBe(RECORDS);
    const there = await numbers({ ...options, workers: { count: 2, isolation: 'thread', job: undefined } });
    expect(plain(there.told), 'on workers').toEqual(plain(here.told));
  });
});

describe.each(MODES)('over the lives of a job, %s:', (mode: Mode) => {
  const checkpoint = { folder: '/progress', batches: 3, time: 3 * B };

  /** Two lives on one disk: a function ends the first, and is mended. */
  async function lives(after: Partial<RunOptions>) {
    const world = createSimulatedWorld({ start: 1_000_000 });
    const isSpread = mode === 'record';
    const [first, second] = [words({ isSpread }), words({ isSpread })];
    const plan = [parseFault('throw:upper@330x50')];
    const options = { mode, rate: 1_000, world, settings: { attemptsMax: 2 } };
    const broken = await world.complete(
      start(first.job, { ...options, checkpoint, faults: { plan, total: LINES.length } }).then(({ done }) => done),
      1_000_000,
    );
    expect(broken.outcome).toBe('failed');
    await runOn(second, { mode, checkpoint, ...after }, world);
    return { before: first.told, after: second.told };
  }

  it('what comes again from the checkpoint has its ids again', async () => {
    const { before, after } = await lives({});
    expect(before.words.length).toBeGreaterThan(30);
    const both = [...before.words, ...after.words];
    expect(both.length, 'nothing came again').toBeGreaterThan(allWords.length);
    expect(
      firstOfEach(both)
        .map(({ value }) => JSON.parse(value))
        .toSorted(),
    ).toEqual(allWords);
    const windows = [...before.windows, ...after.windows];
    expect(new Set(windows.map(({ id }) => id)).size).toBe(new Set(plain(windows)).size);
  });

  it('a text file needs no ids: one that is written again has the name and the results that it had', async () => {
    const world = createSimulatedWorld({ start: 1_000_000 });
    const job = topology('files', { batchInterval: B, attemptsMax: 1 }, (t) => {
      t.source('lines', memory(LINES))
        .map((line) => line.toUpperCase(), { uid: 'upper' })
        .to('files', textFile('/out'));
    });
    const linesIn = async (names: readonly string[]) => {
      const texts = await Promise.all(names.map((name) => world.files.readWhole(`/out/${name}`, 1_000_000)));
      return texts.flatMap((text) => new TextDecoder().decode(text).split('\n').slice(0, -1));
    };
    const plan = [parseFault('throw:upper@135')];
    const options = { mode, rate: 1_000, world, checkpoint: { ...checkpoint, batches: 5, time: 5 * B } };
    const broken = await world.complete(
      start(job, { ...options, faults: { plan, total: LINES.length } }).then(({ done }) => done),
      1_000_000,
    );
    expect(broken.outcome).toBe('failed');
    const last = (await world.files.list('/out')).toSorted().at(-1)!;
    const lost = await linesIn([last]);
    expect(lost.length).toBeGreaterThan(0);
    await world.files.remove(`/out/${last}`);
    await runOn({ job }, { mode, checkpoint: options.checkpoint }, world);
    expect(await linesIn([last]), 'it was not written again').toEqual(lost);
    expect((await linesIn(await world.files.list('/out'))).toSorted()).toEqual(
      LINES.map((line) => line.toUpperCase()).toSorted(),
    );
  });

  it('a result has no id where nothing would be the same', async () => {
    const { job, told } = words();
    await runOn({ job }, { mode });
    // Micro-batches deal records out anew when a batch is done again; record at a time each has its place.
    expect(told.words.every(({ id }) => (id === undefined) === (mode === 'micro-batch'))).toBe(true);
  });

  it('a job that begins anew has other ids', async () => {
    const { before, after } = await lives({ checkpoint: { folder: '/other' } });
    const old = new Set(before.words.map(({ id }) => id));
    expect(after.words.length).toBe(allWords.length);
    expect(after.words.some(({ id }) => id === undefined || old.has(id))).toBe(false);
  });
});
