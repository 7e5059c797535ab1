/** Bolts of a micro-batch job on real workers, also where one is lost in the middle: each message is acked, and each result is there once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectFolderOf, raingauge } from '../cli/command.js';
import { visibleFiles } from './numbers.js';

const RECORDS = 300;
const KEYS = 7;
const JOB = `import { seconds, topology } from 'raingauge';
import { textFile } from 'raingauge/sinks';

/** Thirty at a time. */
const numbers = () => {
  let [next, calls, acked] = [0, 0, 0];
  return {
    nextTuple(collector) {
      if (next === ${RECORDS}) return 'done';
      if (calls++ % 32 >= 30) return 'idle';
      collector.emit({ n: next }, next++);
    },
    ack: () => void acked++,
    close: () => console.error('acked: ' + acked),
  };
};
const counts = () => {
  let state;
  return {
    initState: (given) => {
      state = given;
    },
    execute(tuple, collector) {
      const { key } = tuple.values;
      state.put(key, state.get(key, 0) + 1);
      collector.emit({ line: key + ' ' + state.get(key) }, tuple);
      collector.ack(tuple);
    },
  };
};

export default topology('bolts', { batchInterval: seconds(0.1) }, (t) => {
  const keys = t
    .setBasicBolt('keys', () => ({ execute: ({ values }, collector) => collector.emit({ key: values.n % ${KEYS} }) }), { parallelism: 2 })
    .shuffleGrouping(t.setSpout('numbers', numbers, { repeatable: true }));
  t.setStatefulBolt('counts', counts, { parallelism: 2 })
    .fieldsGrouping(keys, 'key')
    .map(({ line }) => line)
    .to('counts', textFile('counts'));
});
`;

it.concurrent.each([
  ['process', 'kill:counts@150', 'ended by SIGKILL'],
  ['thread', 'terminate:keys@100', 'killed'],
])('on a worker (%s) that has the fault %s', async (isolation, fault, reason) => {
  const cwd = projectFolderOf({ 'job.mjs': JOB });
  const words = [
    'run',
    'job.mjs',
    '--mode',
    'micro-batch',
    '--workers',
    '2',
    '--isolation',
    isolation,
    '--fault',
    fault,
  ];
  const { code, stderr } = await raingauge([...words, '--sink', 'counts=file:counts'], { cwd });
  expect(stderr).toMatch(new RegExp(`^warning: worker \\d was lost: ${reason}$`, 'm'));
  expect(stderr).toContain(`acked: ${RECORDS}`);
  expect(code).toBe(0);
  const folder = join(cwd, 'counts');
  const lines = visibleFiles(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1),
  );
  const expected = Array.from({ length: RECORDS }, (_, n) => `${n % KEYS} ${Math.floor(n / KEYS) + 1}`);
  expect(lines.toSorted()).toEqual(expected.toSorted());
});

it.concurrent('on two workers both modes give the same, and answer each message once', async () => {
  const cwd = projectFolderOf({ 'job.mjs': JOB });
  const words = ['compare', 'job.mjs', '--workers', '2', '--rate', '2000', '--sink', 'counts=none:', '--json'];
  const { code, stdout, stderr } = await raingauge([...words, '--records', '1000'], { cwd });
  expect(code, stderr).toBe(0);
  const { verdict } = JSON.parse(stdout);
  expect(verdict).toMatchObject({ same: true, guarantee: 'held', compared: { results: RECORDS } });
});
