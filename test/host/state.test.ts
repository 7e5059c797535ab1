/** Where state is makes no difference to what a job gives, and a checkpoint fits each. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { type RunOptions, start } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { raingauge } from '../cli/command.js';

const B = millis(10);
const UIDS = ['running', 'updated', 'windows'];
const records = Array.from({ length: 300 }, (_, i) => ({ key: `key ${(i * 7) % 90}`, at: i * 1_000 }));

/** All kinds of state. `throwsAt`: the call of a function behind state that throws once. */
function job(throwsAt = 0) {
  let calls = 0;
  const throwing = <T>(value: T): T => {
    calls += 1;
    if (calls === throwsAt) throw new Error('once');
    return value;
  };
  const sink = memorySink<unknown>();
  const built = topology('states', { batchInterval: B }, (t) => {
    const keyed = t
      .source('in', memory(records))
      .timestamps({ extract: ({ at }) => at, maxOutOfOrderness: 0 as never })
      .map(({ key }) => [key, 1] as const);
    keyed
      .runningReduce({ uid: 'running', reduce: (a, b) => a + b })
      .map(throwing)
      .to('running', sink);
    keyed
      .updateStateByKey<number>({
        uid: 'updated',
        update: (values, state) => (values.length === 0 && (state ?? 0) > 2 ? undefined : (state ?? 0) + values.length),
      })
      .to('updated', sink);
    keyed
      .reduceByKeyAndWindow({
        uid: 'windows',
        window: millis(40),
        slide: B,
        reduce: (a, b) => a + b,
        inverse: (a, b) => a - b,
      })
      .to('windows', sink);
  });
  return { built, sink };
}

async function outcomeOf(options: Omit<RunOptions, 'world'>, throwsAt = 0, world = createSimulatedWorld()) {
  const { built, sink } = job(throwsAt);
  // lmdb is opened before the virtual time begins.
  const started = await start(built, { ...options, world });
  const result = await world.complete(started.done, 1_000_000);
  expect(result.error).toBeUndefined();
  const state = Object.fromEntries(UIDS.map((uid) => [uid, [...result.state(uid)]]));
  return { results: sink.results, state };
}

describe.each(['micro-batch', 'record'] as const)('state in lmdb, in %s mode,', (mode) => {
  it('gives what state in memory gives, in the same order', async () => {
    const expected = await outcomeOf({ mode, parallelism: 2 });
    expect(expected.results.length).toBeGreaterThan(500);
    expect(await outcomeOf({ mode, parallelism: 2, state: 'lmdb' })).toEqual(expected);
  });

  it('is set back when a function throws', async () => {
    const options = { mode, settings: { guarantee: 'exactly-once' as const } };
    const expected = await outcomeOf(options);
    const again = await outcomeOf({ ...options, state: 'lmdb' }, 137);
    expect(again.state).toEqual(expected.state);
    expect(again.results.map(String).sort()).toEqual(expected.results.map(String).sort());
  });

  it.each([
    ['memory', 'lmdb'],
    ['lmdb', 'memory'],
    ['lmdb', 'lmdb'],
  ] as const)('goes on from a checkpoint: %s, then %s', async (first, second) => {
    const lives = async (before: 'memory' | 'lmdb', after: 'memory' | 'lmdb') => {
      const world = createSimulatedWorld();
      const paced = { mode, rate: 1_000, checkpoint: { folder: '/progress', batches: 1, time: B } };
      await outcomeOf({ ...paced, state: before, duration: millis(140) }, 0, world);
      return outcomeOf({ ...paced, state: after }, 0, world);
    };
    const expected = await lives('memory', 'memory');
    expect(await lives(first, second)).toEqual(expected);
    expect(expected.results.length).toBeGreaterThan(0);
    expect(expected.state).toEqual((await outcomeOf({ mode })).state);
  });
});

describe('a kind of state', () => {
  it('that there is none of is refused', async () => {
    await expect(outcomeOf({ mode: 'record', state: 'rocks' as never })).rejects.toMatchObject({
      code: 'RG011',
      hint: 'use one of memory, lmdb',
    });
  });

  it('whose package is missing is refused with the command that installs it', async () => {
    const hook = `export const resolve = (name, context, next) => { if (name === 'lmdb') throw Object.assign(new Error('no lmdb'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(name, context); }`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
    const words = ['run', 'comparisons/word-count.ts', '--mode', 'record', '--state', 'lmdb', '--quiet'];
    const { code, stderr } = await raingauge(words, {
      nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(register)}`],
    });
    expect(stderr).toContain("error[RG075]: state: 'lmdb' (--state lmdb) needs the package lmdb");
    expect(stderr).toContain('help: npm install lmdb');
    expect(code).toBe(5);
  });
});
