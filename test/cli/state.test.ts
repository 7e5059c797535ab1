/** `raingauge state`: looks into a checkpoint folder that a driver wrote, and may still hold. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeyedStore, StoreSnapshot } from '../../src/core/keyed-store.js';
import { seconds } from '../../src/core/time.js';
import { openCheckpointFolder } from '../../src/runtime/checkpoint-folder.js';
import type { JobSnapshot, StoreSource } from '../../src/runtime/durability.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import { realFiles } from '../../src/runtime/real-files.js';
import { realScheduler } from '../../src/runtime/real-world.js';
import { folderOf, raingauge } from './command.js';

const operators = [
  { uid: 'counts', kind: 'running-reduce', schemaVersion: 1, tasks: 2 },
  { uid: 'panes', kind: 'window-reduce', schemaVersion: 1, tasks: 1 },
];
const empty = folderOf({});
const folder = folderOf({});
const damaged = folderOf({});

/** Three checkpoints: epoch 2, 3 and 5. */
beforeAll(async () => {
  await writeCheckpoints(folder);
  await writeCheckpoints(damaged);
  const manifest = join(damaged, 'checkpoints', 'chk-3', 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('counts', 'Counts'));
  const state = join(damaged, 'checkpoints', 'chk-5', 'state-1.bin');
  const bytes = readFileSync(state);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(state, bytes);
});

describe('state ls', () => {
  it('lists the checkpoints while the driver holds the folder', async () => {
    const held = await open(folder);
    const { code, stdout, stderr } = await raingauge(['state', 'ls', folder]);
    await held.close();
    expect(stderr).toBe('');
    expect(stdout.split('\n').slice(1, 5)).toEqual([
      '  epoch  content  stream time               records read  rows  bytes',
      expect.stringMatching(/^ {6}2 {2}whole {4}1970-01-01T00:00:02\.000Z {11}200 {5}6 +\d+$/),
      expect.stringMatching(/^ {6}3 {2}whole {4}1970-01-01T00:00:03\.000Z {11}300 {5}6 +\d+$/),
      expect.stringMatching(/^ {6}5 {2}whole {4}1970-01-01T00:00:05\.000Z {11}500 {5}7 +\d+$/),
    ]);
    expect(code).toBe(0);
  });

  it('prints one document', async () => {
    const { stdout } = await raingauge(['state', 'ls', folder, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'raingauge/state-list@1',
      job: 'words',
      mode: 'micro-batch',
      checkpoints: [
        { epoch: 2, state: 'whole' },
        { epoch: 3, state: 'whole' },
        {
          epoch: 5,
          state: 'whole',
          cells: 7,
          operators: [
            { uid: 'counts', cells: 5 },
            { uid: 'panes', cells: 2 },
          ],
        },
      ],
    });
  });

  it('marks one that is damaged, and exits with 5', async () => {
    const { code, stdout } = await raingauge(['state', 'ls', damaged]);
    expect(stdout).toMatch(/3 {2}damaged\n/);
    expect(stdout).toContain('its checksum is wrong');
    expect(code).toBe(5);
  });

  it('changes nothing in the folder', async () => {
    const before = readdirSync(folder, { recursive: true });
    await raingauge(['state', 'ls', folder]);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });
});

describe('state show', () => {
  it('shows the newest checkpoint: operators, positions, counters', async () => {
    const { stdout, code } = await raingauge(['state', 'show', folder]);
    const bytes = statSync(join(folder, 'checkpoints', 'chk-5', 'state-1.bin')).size.toLocaleString('en-US');
    expect(
      stdout,
    ).toBe(`words, epoch 5, micro-batch mode, stream time 1970-01-01T00:00:05.000Z; whole: 7 rows in ${bytes} bytes

  operator  kind            tasks  cells
  counts    running-reduce      2      5
  panes     window-reduce       1      2

  source   next record  watermark
  lines:0          500  1970-01-01T00:00:05.000Z

  counter
  lateRecords  5
`);
    expect(code).toBe(0);
  });

  it('shows the cells of an operator, in order', async () => {
    const { stdout } = await raingauge(['state', 'show', folder, 'counts', '--epoch', '2']);
    expect(stdout).toBe(`words, epoch 2, micro-batch mode, stream time 1970-01-01T00:00:02.000Z: 4 cells of 'counts'

  task  space  key         value                                        count
     0  state  'a'         2                                                0
     0  state  7           { total: 2n }                                    0
     0  state  '7'         Map(1) { 'at' => 1970-01-01T00:00:00.000Z }      0
     1  state  [ 'a', 1 ]  [ -Infinity, 2 ]                                 2
`);
  });

  it.each([
    ['a', ['a']],
    ['7', [7, '7']],
    ['"7"', ['7']],
    ['["a",1]', [['a', 1]]],
    ['none', []],
  ])('finds the key %s', async (key, found) => {
    const { stdout } = await raingauge(['state', 'show', folder, 'counts', '--key', key, '--json']);
    const { schema, uid, cells } = JSON.parse(stdout) as {
      readonly schema: string;
      readonly uid: string;
      readonly cells: readonly { readonly key: unknown }[];
    };
    expect([schema, uid]).toEqual(['raingauge/state@1', 'counts']);
    expect(cells.map((cell) => cell.key)).toEqual(found);
  });

  it('says in JSON what JSON lacks', async () => {
    const { stdout } = await raingauge(['state', 'show', folder, 'counts', '--json']);
    expect((JSON.parse(stdout) as { cells: readonly { value: unknown }[] }).cells.map(({ value }) => value)).toEqual([
      5,
      { total: '5n' },
      [['at', '1970-01-01T00:00:00.000Z']],
      ['-Infinity', 5],
      'new',
    ]);
  });
});

describe('state diff', () => {
  it('tells what was added, removed and changed', async () => {
    const { stdout, code } = await raingauge(['state', 'diff', folder, '2', '5']);
    expect(stdout).toBe(`words, epoch 2 → 5: 3 added, 2 removed, 3 changed

  source   from   to  records
  lines:0   200  500      300

     operator  space  key         value
  ~  counts    state  'a'         2 → 5
  ~  counts    state  7           { total: 2n } → { total: 5n }
  ~  counts    state  [ 'a', 1 ]  [ -Infinity, 2 ] → [ -Infinity, 5 ]
  +  counts    state  'later'     'new'
  +  panes     5      'a'         5
  +  panes     5      null        5
  -  panes     2      'a'         2
  -  panes     2      null        2
`);
    expect(code).toBe(0);
  });

  it('finds nothing between a checkpoint and itself', async () => {
    const { stdout } = await raingauge(['state', 'diff', folder, '5', '5', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'raingauge/state-diff@1', changes: [] });
  });
});

describe('increments', () => {
  const chain = folderOf({});

  beforeAll(async () => {
    const driver = await open(chain);
    const store = createMemoryStore();
    const state = store.space<unknown>('state');
    for (const key of ['a', 'b', 'c']) state.insert(key, key.repeat(200), 0);
    const first = store.snapshot();
    await driver.save({ ...snapshotOf(2), stores: [sourceFrom(first, undefined)] });
    state.delete('b');
    state.writable('a')!.value = 'changed';
    state.insert('d', 'new', 0);
    await driver.save({ ...snapshotOf(3), stores: [sourceFrom(store.snapshot(first.mark), 2)] });
    await driver.close();
  });

  it('are listed as such, with the rows that they hold', async () => {
    const { stdout } = await raingauge(['state', 'ls', chain]);
    expect(stdout.split('\n').slice(1, 4)).toEqual([
      '  epoch  content    stream time               records read  rows  bytes',
      expect.stringMatching(/^ {6}2 {2}whole {6}1970-01-01T00:00:02\.000Z {11}200 {5}3 +\d+$/),
      expect.stringMatching(/^ {6}3 {2}adds to 2 {2}1970-01-01T00:00:03\.000Z {11}300 {5}3 +\d+$/),
    ]);
    const json = JSON.parse((await raingauge(['state', 'ls', chain, '--json'])).stdout) as object;
    expect(json).toMatchObject({
      checkpoints: [
        { epoch: 2, content: 'whole', addsTo: null, cells: 3, rows: 3 },
        { epoch: 3, content: 'increment', addsTo: 2, cells: null, rows: 3 },
      ],
    });
  });

  it('are shown with what they add to', async () => {
    expect((await raingauge(['state', 'show', chain])).stdout).toMatch(
      /; adds to 2: 3 rows in \d+ bytes\n[\s\S]*counts .* 2 {6}3\n/,
    );
    const { stdout } = await raingauge(['state', 'show', chain, 'counts', '--json']);
    const { cells } = JSON.parse(stdout) as { cells: readonly { key: unknown; value: unknown }[] };
    expect(cells.map(({ key, value }) => [key, value])).toEqual([
      ['a', 'changed'],
      ['c', 'c'.repeat(200)],
      ['d', 'new'],
    ]);
  });

  it('differ from the whole one by what they hold', async () => {
    const { stdout } = await raingauge(['state', 'diff', chain, '2', '3']);
    expect(stdout).toContain('1 added, 1 removed, 1 changed');
  });
});

describe('what is wrong', () => {
  it.each([
    ['no folder', () => ['ls', join(empty, 'gone')], 5, 'error[RG040]: there is no folder'],
    ['a folder of something else', () => ['ls', empty], 5, 'error[RG040]: '],
    ['the folder below', () => ['ls', join(folder, 'checkpoints')], 5, 'help: name the folder above it'],
    ['an epoch that is not there', () => ['show', folder, '--epoch', '4'], 5, 'help: there are 2, 3, 5'],
    ['damaged state', () => ['show', damaged], 5, 'error[RG054]: '],
    ['an unknown operator', () => ['show', folder, 'count'], 2, "help: did you mean 'counts'?"],
    ['a key of no operator', () => ['show', folder, '--key', 'a'], 2, 'error[RG004]: --key needs an operator'],
    ['an epoch that is no number', () => ['diff', folder, '2', 'x'], 2, "error[RG011]: <b>: 'x' is no epoch"],
    ['no command', () => [], 2, 'error[RG004]: a command is missing'],
    ['an unknown command', () => ['lst', folder], 2, 'error[RG004]: there is no command lst'],
  ])('%s', async (_, words, expected, text) => {
    const { code, stdout, stderr } = await raingauge(['state', ...words()]);
    expect(stderr).toContain(text);
    expect([code, stdout]).toEqual([expected, '']);
  });
});

async function writeCheckpoints(path: string): Promise<void> {
  const driver = await open(path);
  for (const epoch of [2, 3, 5]) await driver.save(snapshotOf(epoch));
  await driver.close();
}

function open(path: string): ReturnType<typeof openCheckpointFolder> {
  return openCheckpointFolder({
    files: realFiles,
    scheduler: realScheduler,
    folder: path,
    interval: { batches: 1, time: seconds(1) },
    job: 'words',
    mode: 'micro-batch',
    plan: 'some hash',
    operators,
  });
}

function snapshotOf(epoch: number): JobSnapshot {
  const time = seconds(epoch);
  const [first, second, panes] = [createMemoryStore(), createMemoryStore(), createMemoryStore()];
  const state = first.space('state');
  state.insert('a', epoch, 0);
  state.insert(7, { total: BigInt(epoch) }, 0);
  state.insert('7', new Map([['at', new Date(0)]]), 0);
  second.space('state').insert(['a', 1], [Number.NEGATIVE_INFINITY, epoch], epoch);
  if (epoch === 5) second.space('state').insert('later', 'new', 0);
  for (const key of ['a', null]) panes.space(epoch).insert(key, epoch, 1);
  const times = { watermark: time, nextStep: time, highest: time, sent: time };
  return {
    meta: {
      epoch,
      mode: 'micro-batch',
      time,
      sources: [{ source: 'lines', partition: 0, offset: epoch * 100, hasEnded: false, times, reader: null }],
      gates: {},
      innerGates: {},
      counters: { lateRecords: epoch },
    },
    stores: [sourceOf(0, 0, first), sourceOf(0, 1, second), sourceOf(1, 0, panes)],
  };
}

function sourceOf(operator: number, task: number, store: KeyedStore): StoreSource {
  return { ...sourceFrom(store.snapshot(), undefined), ...operators[operator]!, task };
}

function sourceFrom(snapshot: StoreSnapshot, since: number | undefined): StoreSource {
  return {
    ...operators[0]!,
    task: 0,
    since,
    next: () => snapshot.next(10_000),
    close: () => snapshot.close(),
  };
}
