/** A function that makes a component, and throws or makes none: one failed result in both modes, with code and place. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import type { JobEvent } from '../../../src/runtime/events.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Bolt, CustomGrouping, Spout } from '../../../src/topology/components.js';
import { memory } from '../../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const done = (): Spout<N> => ({ nextTuple: () => 'done' });
const bolt = (): Bolt<N, N> => ({ execute: (tuple, out) => out.ack(tuple) });

/** A job for each kind of component, made by `create`. */
const JOBS: Readonly<Record<string, (t: TopologyBuilder, create: () => never) => void>> = {
  'a spout': (t, create) => {
    t.setBolt('other', bolt).shuffleGrouping(t.setSpout<N>('made', create));
  },
  'a bolt': (t, create) => {
    t.setBolt<N, N>('made', create).shuffleGrouping(t.setSpout('from', done));
  },
  'a basic bolt': (t, create) => {
    t.setBasicBolt<N, N>('made', create).shuffleGrouping(t.setSpout('from', done));
  },
  'a stateful bolt': (t, create) => {
    t.setStatefulBolt<N, string, N, N>('made', create).shuffleGrouping(t.setSpout('from', done));
  },
  'a windowed bolt': (t, create) => {
    t.setWindowedBolt<N, N>('made', create, { window: millis(1_000) }).shuffleGrouping(t.setSpout('from', done));
  },
  'a stateful windowed bolt': (t, create) => {
    const options = { window: millis(1_000) };
    t.setStatefulWindowedBolt<N, string, N, N>('made', create, options).shuffleGrouping(t.setSpout('from', done));
  },
  'a grouping': (t, create) => {
    t.setBolt('made', bolt).customGrouping(t.setSpout('from', done), create);
  },
};
const METHODS: Readonly<Record<string, string>> = { 'a spout': 'nextTuple', 'a grouping': 'chooseTasks' };

async function failure(mode: (typeof MODES)[number], job: ReturnType<typeof topology>) {
  const events: JobEvent[] = [];
  const run = await startVirtual(job, () => ({ mode, listener: (event) => events.push(event) }));
  const result = await run.end();
  expect([run.job.progress().recordsRead, result.outcome, result.recordsRead]).toEqual([0, 'failed', {}]);
  expect(events.map(({ kind }) => kind).filter((kind) => kind.startsWith('job'))).toEqual(['jobStarted', 'jobEnded']);
  return result.error;
}

describe.each(MODES)('%s', (mode) => {
  describe.each(Object.keys(JOBS))('%s', (kind) => {
    it('whose function throws: RG030, with the line that declares it', async () => {
      const job = topology('job', (t) =>
        JOBS[kind]!(t, () => {
          throw new Error('no model there');
        }),
      );
      expect(await failure(mode, job)).toMatchObject({
        code: 'RG030',
        operator: 'made',
        message: expect.stringMatching(/^'made': the function that makes this (spout|bolt|grouping) threw: no model/),
        hint: expect.stringContaining('before the job begins') as string,
        place: { file: expect.stringContaining('factories.test.ts') as string },
        cause: expect.objectContaining({ message: 'no model there' }) as object,
      });
    });

    it.each([undefined, null, 7, {}])('whose function gives %o: RG032', async (given) => {
      const error = await failure(
        mode,
        topology('job', (t) => JOBS[kind]!(t, () => given as never)),
      );
      expect(error).toMatchObject({ code: 'RG032', operator: 'made' });
      expect(error!.message).toContain(`not an object with the method ${METHODS[kind] ?? 'execute'}`);
    });
  });

  it('a class in place of a function: the hint says new', async () => {
    class Done {
      nextTuple(): 'done' {
        return 'done';
      }
    }
    const error = await failure(
      mode,
      topology('job', (t) => JOBS['a spout']!(t, Done as never)),
    );
    expect(error).toMatchObject({ code: 'RG030', hint: expect.stringContaining('() => new') as string });
  });

  it('a grouping that does not prepare', async () => {
    const broken = (): CustomGrouping<N> => ({
      prepare: () => {
        throw new Error('no table there');
      },
      chooseTasks: () => 0,
    });
    const job = topology('job', (t) => {
      t.setBolt('made', bolt).customGrouping(t.setSpout('from', done), broken).to('out', memory());
    });
    expect(await failure(mode, job)).toMatchObject({ code: 'RG030', operator: 'made' });
  });
});
