/** What is told of faults agrees with what the parts of a job can do: live sources, state, spouts and bolts, acking. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { recordOptions, survivalOf } from '../../src/executors/record/record-options.js';
import { type AfterFault, ackedOn, afterFaults } from '../../src/plan/after-faults.js';
import { compile } from '../../src/plan/compile.js';
import { createMemoryDurability } from '../../src/runtime/memory-durability.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt, Spout } from '../../src/topology/components.js';
import type { Topology } from '../../src/topology/graph.js';
import { memory as memorySink, stdout, textFile } from '../../src/topology/sink-specs.js';
import { memory, tcp } from '../../src/topology/source-specs.js';
import { GUARANTEES, type Guarantee, type SourceSpec } from '../../src/topology/specs.js';

interface Line {
  readonly line: string;
}

const counting = (guarantee: Guarantee, source: SourceSpec<string> = memory(['a'])): Topology =>
  topology('counting', { guarantee }, (t) => {
    t.source('in', source).countByValue().to('out', memorySink());
  });
const copying = topology('copying', (t) => t.source('in', memory(['a'])).to('out', stdout()));
const gathering = topology('gathering', (t) => t.source('in', memory(['a'])).to('out', textFile('out')));
const timed = topology('timed', (t) =>
  t
    .source('in', memory([1]))
    .timestamps({ extract: (n) => n, maxOutOfOrderness: millis(1) })
    .to('out', memorySink()),
);
const bolts = (holdsTuples: boolean): Topology =>
  topology('bolts', (t) => {
    const spout: Spout<Line> = { nextTuple: () => 'done' };
    const bolt: Bolt<Line> = { execute: (tuple, collector) => collector.ack(tuple) };
    t.setBolt('bolt', () => bolt, { holdsTuples }).shuffleGrouping(t.setSpout('spout', () => spout));
  });

const TRACKED = { acking: true } as const;

function held(rows: readonly AfterFault[]): readonly (readonly [string, string])[] {
  return rows.map(({ microBatch, record }) => [microBatch.holds, record.holds]);
}

describe('after a fault', () => {
  it.each<[Guarantee, readonly (readonly [string, string])[]]>([
    [
      'at-most-once',
      [
        ['at-most-once', 'at-most-once'],
        ['exactly-once', 'at-most-once'],
        ['anew', 'anew'],
        ['at-most-once', 'at-most-once'],
      ],
    ],
    [
      'at-least-once',
      [
        ['exactly-once', 'at-least-once'],
        ['exactly-once', 'at-least-once'],
        ['anew', 'anew'],
        ['at-least-once', 'at-least-once'],
      ],
    ],
    [
      'exactly-once',
      [
        ['exactly-once', 'exactly-once'],
        ['exactly-once', 'exactly-once'],
        ['anew', 'anew'],
        ['exactly-once', 'exactly-once'],
      ],
    ],
  ])('%s holds at least, once something is kept', (guarantee, expected) => {
    const rows = afterFaults(counting(guarantee).graph, TRACKED);
    expect(held(rows)).toEqual(expected);
    for (const [microBatch, record] of held(rows))
      for (const holds of [microBatch, record])
        if (holds !== 'anew')
          expect(GUARANTEES.indexOf(holds as Guarantee)).toBeGreaterThanOrEqual(GUARANTEES.indexOf(guarantee));
  });

  it('without acking record mode keeps nothing', () => {
    const record = afterFaults(counting('at-least-once').graph, { acking: false }).map((row) => row.record.holds);
    expect(record).toEqual(['at-most-once', 'at-most-once', 'anew', 'anew']);
  });

  it('what a live source gave is told to be safe from the log on, in both modes, and lost before', () => {
    const told = 'live input is safe once its block is in the log, and what is on its way then is lost';
    const last = afterFaults(counting('at-least-once', tcp('localhost:9999')).graph, TRACKED).at(-1)!;
    expect(last.microBatch.how).toContain(told);
    expect(last.record.how).toContain(told);
    expect(afterFaults(counting('at-least-once').graph, TRACKED).at(-1)!.record.how).not.toContain('live');
    const { capabilities, ...queue } = tcp('localhost:9999');
    const acknowledged = { ...queue, capabilities: { ...capabilities, acknowledged: true } };
    for (const guarantee of ['at-least-once', 'exactly-once'] as const) {
      const { microBatch, record } = afterFaults(counting(guarantee, acknowledged).graph, TRACKED).at(-1)!;
      expect(microBatch.how + record.how).not.toContain('live');
      expect(afterFaults(counting(guarantee, acknowledged).graph, TRACKED)[2]!.record.how).toContain('live');
      expect([microBatch.holds, record.holds]).toEqual([guarantee, guarantee]);
    }
  });

  it('a stateful bolt: its state is that of the last checkpoint, as any other', () => {
    const job = topology('stateful', (t) => {
      const lines = t.source('in', memory(['a'])).map((line) => ({ line }));
      t.setStatefulBolt<Line, string, number, Line>('bolt', () => ({
        initState: () => undefined,
        execute: (tuple, collector) => collector.ack(tuple),
      })).shuffleGrouping(lines);
    });
    const told = afterFaults(job.graph, TRACKED).map(({ record }) => record.how);
    expect(told[1]).toBe('all tasks and sources go back to the last checkpoint; results since then come again');
    expect(told.join(' ')).not.toContain('bolts begin empty');
  });

  it('spouts and bolts: the spout emits again, and bolts begin empty', () => {
    const rows = afterFaults(bolts(false).graph, TRACKED);
    const least = 'at-least-once';
    expect(rows.map(({ microBatch }) => microBatch.holds)).toEqual([least, least, 'anew', least]);
    expect(rows[1]!.microBatch.how).toContain('bolts begin empty, and execute again what was under way');
    const lost = 'a spout must emit by itself what it heard no ack of; bolts begin empty';
    expect(rows.at(-1)!.record.how).toContain(lost);
    expect(rows.at(-1)!.microBatch.how).toContain(lost);
    expect(rows[0]!.microBatch.how).toBe(
      'its task runs again on the same records; what a bolt remembers by itself is not taken back; what a bolt gives up in the end its spout may emit again',
    );
  });
});

describe('a record is told to be done', () => {
  it.each([
    ['at a checkpoint where there is state', counting('at-least-once'), 'checkpoint'],
    [
      'at a checkpoint with exactly-once',
      topology('exact', { guarantee: 'exactly-once' }, (t) => t.source('in', memory(['a'])).to('out', memorySink())),
      'checkpoint',
    ],
    [
      'at a checkpoint also where there is none: a restart asks for what the last one does not hold',
      copying,
      'checkpoint',
    ],
    ['when it is processed where a bolt holds tuples', bolts(true), 'update'],
  ] as const)('%s', (_when, job, expected) => {
    expect(ackedOn(job.graph, {})).toBe(expected);
  });

  it('when the option says', () => {
    expect(ackedOn(counting('at-least-once').graph, { ackOn: 'update' })).toBe('update');
    expect(ackedOn(counting('at-least-once').graph, { ackOn: 'expiry' })).toBe('expiry');
  });

  it.each([counting('at-least-once'), counting('exactly-once'), copying, gathering, timed, bolts(false), bolts(true)])(
    'as record mode does it (%#)',
    (job) => {
      const plan = compile(job, { mode: 'record' });
      const { scheduler } = createSimulatedWorld();
      const durability = createMemoryDurability({ scheduler, interval: { batches: 1, time: 1 } });
      const { untilDurable } = survivalOf(plan, recordOptions(plan, {}), { durability });
      expect(ackedOn(job.graph, {})).toBe(untilDurable ? 'checkpoint' : 'update');
    },
  );
});
