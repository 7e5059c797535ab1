/**
 * Each operator of the public API in nine cases, in both modes: never, empty, one, many, the same key twice, an error in each of its
 * functions, a late record, an early stop, a restart. An operator without a row, or without a reason where it has no case, fails here.
 */
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/plan/compile.js';
import { withSettings } from '../../src/topology/builder.js';
import { askOracle, differences, runIn } from '../executors/random/judge.js';
import { END_ROWS } from './vocabulary/end-rows.js';
import { INTERVAL_ROWS } from './vocabulary/interval-rows.js';
import { operatorNames } from './vocabulary/operator-names.js';
import { RECORD_ROWS } from './vocabulary/record-rows.js';
import { restart, seenOf } from './vocabulary/restarts.js';
import { EMPTY, FAULTY, LATE, MANY, ONE, type Row, shown, TWICE } from './vocabulary/row.js';
import { functionsOf, jobOf, runRow, traceOf } from './vocabulary/run-row.js';
import { STATE_ROWS } from './vocabulary/state-rows.js';
import { WINDOW_ROWS } from './vocabulary/window-rows.js';

const ROWS: Readonly<Record<string, Row>> = {
  ...RECORD_ROWS,
  ...INTERVAL_ROWS,
  ...WINDOW_ROWS,
  ...STATE_ROWS,
  ...END_ROWS,
};

/** Why an operator has no error in a function. */
const WITHOUT_FUNCTION: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['union', 'repartition', 'joinTable', 'leftOuterJoinTable', 'count', 'countByValue', 'distinct', 'glom'],
      ...['stateQuery', 'groupByKey', 'cogroup', 'join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin', 'window'],
      ...['countByWindow', 'countByValueAndWindow', 'groupByKeyAndWindow', 'intervalJoin', 'to', 'print'],
      'saveAsTextFiles',
    ].map((name) => [name, 'it takes none']),
  ),
  foreachBatch: 'its function is the sink, which is captured here: outputs.test.ts',
};

/** Ends that can be no part of a job that is exactly-once, as the restart here is. */
const NEVER_EXACTLY_ONCE = ['print', 'foreachBatch'];

/** What is set aside when it first throws, record at a time and exactly-once with dead letters: it may have left something behind. */
const SET_ASIDE_AT_ONCE = [
  'transform: transform',
  'transformWith: transform',
  'process: onTimer',
  'reduceByKeyAndWindow: filter',
];

const ATTEMPTS = 2;
const rows = Object.entries(ROWS);
const faulty = rows.flatMap(([name, row]) =>
  Object.entries(row.errors).map(([called, aside]) => [name, called, row, aside] as const),
);

describe('the vocabulary', () => {
  it('has a row for each operator, and no other', () => {
    expect(Object.keys(ROWS).toSorted()).toEqual(operatorNames());
  });

  it('has a case for each function of an operator, or says why there is none', () => {
    for (const [name, row] of rows) expect([name, Object.keys(row.errors)]).toEqual([name, functionsOf(row)]);
    const without = rows.filter(([, row]) => functionsOf(row).length === 0).map(([name]) => name);
    expect(Object.keys(WITHOUT_FUNCTION).toSorted()).toEqual(without.toSorted());
  });

  it.each(NEVER_EXACTLY_ONCE)('%s has no restart here, since exactly-once is refused', (name) => {
    const job = withSettings(jobOf(ROWS[name]!), { guarantee: 'exactly-once' });
    const refused = expect.objectContaining({ problems: [expect.objectContaining({ code: 'RG017' })] });
    expect(() => compile(job, { mode: 'record' })).toThrow(refused);
  });
});

/** What is late behind a record depends on its time: record at a time that is asked again at once, and then once with each replay. */
function attemptsOf(thrower: string, mode: string): number {
  return thrower === 'extract' && mode === 'record' ? 2 * ATTEMPTS - 1 : ATTEMPTS;
}

describe.each(['micro-batch', 'record'] as const)('%s', (mode) => {
  it.each(rows)('%s: never: nothing comes of nothing', async (_name, row) => {
    const { outputs, outside, result } = await runRow(row, [], { mode, intervals: 3, ends: true });
    expect([shown(outputs), outside, result.outcome]).toEqual([' |  | ', [], 'finished']);
  });

  it.each(rows)('%s: empty: intervals before, between and behind those with records', async (_name, row) => {
    const { outputs, outside } = await runRow(row, EMPTY, { mode });
    expect([shown(outputs), outside]).toEqual([row.empty, []]);
  });

  it.each(rows)('%s: one', async (_name, row) => {
    const { outputs, outside } = await runRow(row, ONE, { mode });
    expect([shown(outputs), outside]).toEqual([row.one, []]);
  });

  it.each(rows)('%s: the same key twice, and the same value', async (_name, row) => {
    const { outputs, outside } = await runRow(row, TWICE, { mode });
    expect([shown(outputs), outside]).toEqual([row.twice, []]);
  });

  it.each(faulty)(
    '%s: an error in %s fails the job after its attempts, with the operator',
    async (_name, thrower, row) => {
      const { result, thrown } = await runRow(row, FAULTY, { mode, thrower, settings: { attemptsMax: ATTEMPTS } });
      expect([result.outcome, result.deadLetterCount]).toEqual(['failed', 0]);
      expect(result.error).toMatchObject({
        code: 'RG030',
        operator: 'op',
        cause: { message: `${thrower} is unlucky` },
        place: { file: expect.stringMatching(/-rows\.ts$/) },
      });
      // Record at a time what is left of the turn is done too, and not seen: of one key several timers may be due.
      if (thrower === 'onTimer' && mode === 'record') expect(thrown).toBeGreaterThanOrEqual(ATTEMPTS);
      else expect(thrown).toBe(attemptsOf(thrower, mode));
    },
  );

  it.each(faulty)('%s: an error in %s that goes away changes nothing', async (_name, thrower, row) => {
    const settings = { attemptsMax: ATTEMPTS };
    const { outputs } = await runRow(row, FAULTY, { mode, settings });
    const ran = await runRow(row, FAULTY, { mode, thrower, throws: ATTEMPTS - 1, settings });
    expect([ran.result.error, ran.result.deadLetterCount, ran.thrown]).toEqual([undefined, 0, ATTEMPTS - 1]);
    expect(shown(ran.outputs)).toBe(shown(outputs));
  });

  it.each(faulty)(
    '%s: an error in %s sets aside what it is about, and nothing else',
    async (_name, thrower, row, left) => {
      const settings = { attemptsMax: ATTEMPTS, onError: 'dead-letter' } as const;
      const { outputs, result, thrown } = await runRow(row, FAULTY, { mode, thrower, settings });
      expect([shown(outputs), result.error]).toEqual([left, undefined]);
      expect(result.deadLetterCount).toBeGreaterThan(0);
      // As micro-batches, attempts are those of a batch, in which several timers may be due.
      if (thrower !== 'onTimer') expect(thrown).toBe(attemptsOf(thrower, mode) * result.deadLetterCount);
      for (const { error } of result.deadLetters) expect(error).toMatchObject({ code: 'RG030', operator: 'op' });
    },
  );

  // Of records errors.test.ts and failures.test.ts tell.
  const onTime = faulty.filter(([name]) => !Object.hasOwn(RECORD_ROWS, name));
  it.each(
    onTime.filter(([name, called]) => mode === 'micro-batch' || !SET_ASIDE_AT_ONCE.includes(`${name}: ${called}`)),
  )(
    '%s: an error in %s that goes away changes nothing, exactly-once with dead letters',
    async (_name, thrower, row) => {
      const settings = { attemptsMax: ATTEMPTS, onError: 'dead-letter', guarantee: 'exactly-once' } as const;
      let throws = 0;
      const job = jobOf(row, { settings }, (called) => called === thrower && throws < ATTEMPTS - 1 && ++throws > 0);
      const seen = await seenOf(job, FAULTY, mode);
      expect(throws).toBe(ATTEMPTS - 1);
      expect(seen).toEqual(await seenOf(jobOf(row, { settings }), FAULTY, mode));
    },
  );

  it.each(rows)('%s: a late record is set aside, and changes nothing', async (_name, row) => {
    const run = { mode, isTimed: true, ends: true };
    const inTime = LATE.map((entries) => entries.filter(([, n]) => n !== 100));
    const [ran, other] = [await runRow(row, LATE, run), await runRow(row, inTime, run)];
    const sources = jobOf(row).graph.nodes.filter(({ kind }) => kind === 'source').length;
    expect([ran.result.lateRecords, other.result.lateRecords]).toEqual([sources, 0]);
    expect([shown(ran.outputs), ran.outside]).toEqual([shown(other.outputs), other.outside]);
    expect(ran.outputs.flat()).not.toEqual([]);
  });

  it.each(rows)('%s: stopped early, it has said the same', async (_name, row) => {
    const whole = await runRow(row, MANY, { mode });
    const { outputs, result } = await runRow(row, MANY, { mode, intervals: 5 });
    expect([shown(outputs), result.outcome]).toEqual([shown(whole.outputs.slice(0, 5)), 'stopped']);
  });

  it.each(rows.filter(([name]) => !NEVER_EXACTLY_ONCE.includes(name)))(
    '%s: goes on behind a crash as if nothing had been',
    async (_name, row) => {
      const job = withSettings(jobOf(row), { guarantee: 'exactly-once' });
      const { undisturbed, restarted, wasRestored } = await restart(job, MANY, mode);
      expect(wasRestored).toBe(true);
      expect(restarted).toEqual(undisturbed);
      expect(restarted).not.toEqual([]);
    },
  );
});

it.each(rows)('%s: many: what the oracle says, in both modes', async (_name, row) => {
  const topology = jobOf(row);
  const built = { topology, trace: traceOf(topology, MANY), operators: [] };
  const ways = { parallelism: 2, chaining: true, atOnce: false, heartbeatEach: 1 };
  const batches = await runIn(built, { ...ways, mode: 'micro-batch' });
  const records = await runIn(built, { ...ways, mode: 'record' });
  const oracle = await askOracle(built);
  expect([batches.job.outcome, records.job.outcome]).toEqual(['finished', 'finished']);
  expect(differences(built, batches, records, oracle)).toEqual([]);
  expect([...oracle.sinks.values()].flat().length).toBeGreaterThan(5);
});
