/** `raingauge state`: what is in a checkpoint folder. Needs neither the job's code nor the folder's lock. */
import { EXIT } from '../core/errors.js';
import { suggest } from '../host/suggest.js';
import type { Checkpoint } from '../runtime/checkpoint-files.js';
import type { Manifest } from '../runtime/checkpoint-manifest.js';
import { cellsOf, jobOf, listCheckpoints, openCheckpoint, type StateCell } from './state-folder.js';
import { bytesOf, cellsText, changesText, checkpointText, firstCells, listText, rowsOf } from './state-text.js';
import { changesBetween, keyMatcher, plainValue } from './state-values.js';
import { printOut } from './stdout.js';
import { UsageError } from './usage-error.js';

interface StateFlags {
  readonly json?: boolean;
}

/** `state ls DIR`: all checkpoints. Exit code 5 when one is damaged. */
export async function stateListCommand(folder: string, flags: StateFlags): Promise<number> {
  const { job, mode, plan } = await jobOf(folder);
  const listed = await listCheckpoints(folder);
  const checkpoints = (): readonly object[] =>
    listed.map((checkpoint) =>
      'error' in checkpoint
        ? { epoch: checkpoint.epoch, state: 'damaged', error: checkpoint.error.message }
        : {
            epoch: checkpoint.epoch,
            state: 'whole',
            ...summaryOf(checkpoint.manifest, cellsOnSight(checkpoint.manifest)),
          },
    );
  print(
    flags,
    () => ({ schema: 'raingauge/state-list@1', folder, job, mode, plan, checkpoints: checkpoints() }),
    () => listText(folder, job, mode, listed),
  );
  return listed.some((checkpoint) => 'error' in checkpoint) ? EXIT.environment : EXIT.ok;
}

/** `state show DIR [UID]`: one checkpoint, or the state of one of its operators. */
export async function stateShowCommand(
  folder: string,
  uid: string | undefined,
  flags: StateFlags & { readonly key?: string; readonly epoch?: number },
): Promise<number> {
  await jobOf(folder);
  const checkpoint = await openCheckpoint(folder, flags.epoch);
  const { manifest } = checkpoint;
  if (uid === undefined && flags.key === undefined) {
    print(
      flags,
      () => ({ schema: 'raingauge/state@1', folder, ...describe(checkpoint) }),
      () => checkpointText(manifest, cellCount(checkpoint)),
    );
    return EXIT.ok;
  }
  const shown = uid ?? onlyOperator(manifest);
  checkOperator(manifest, shown);
  const cells = (): Iterable<StateCell> => matching(checkpoint, shown, flags.key);
  print(
    flags,
    () => ({
      schema: 'raingauge/state@1',
      folder,
      ...describe(checkpoint),
      uid: shown,
      cells: Array.from(cells(), plainCell),
    }),
    () => {
      const { first, count } = firstCells(cells());
      return cellsText(manifest, shown, first, count);
    },
  );
  return EXIT.ok;
}

/** `state diff DIR A B`: what became of the state between two checkpoints. */
export async function stateDiffCommand(folder: string, a: number, b: number, flags: StateFlags): Promise<number> {
  await jobOf(folder);
  const before = await openCheckpoint(folder, a);
  const after = await openCheckpoint(folder, b);
  const changes = changesBetween(cellsOf(before), cellsOf(after));
  const plain = (cell: StateCell | undefined): object | null => (cell === undefined ? null : plainCell(cell));
  print(
    flags,
    () => ({
      schema: 'raingauge/state-diff@1',
      folder,
      before: describe(before),
      after: describe(after),
      changes: changes.map((change) => ({
        kind: change.kind,
        before: plain(change.before),
        after: plain(change.after),
      })),
    }),
    () => changesText(before.manifest, after.manifest, changes),
  );
  return EXIT.ok;
}

function print(flags: StateFlags, document: () => object, text: () => string): void {
  printOut(flags.json === true ? JSON.stringify(document(), null, 2) : text());
}

type CellCount = (uid: string) => number | null;

/** `cells`: how many an operator has; null where an increment alone does not tell. */
function summaryOf(manifest: Manifest, cells: CellCount): object {
  const { meta, operators, addsTo } = manifest;
  const counted = operators.map((operator) => ({ ...operator, cells: cells(operator.uid) }));
  const isKnown = counted.every((operator) => operator.cells !== null);
  return {
    time: plainValue(meta.time),
    content: addsTo === undefined ? 'whole' : 'increment',
    addsTo: addsTo?.epoch ?? null,
    cells: isKnown ? counted.reduce((sum, operator) => sum + operator.cells!, 0) : null,
    rows: rowsOf(manifest),
    bytes: bytesOf(manifest),
    operators: counted,
    sources: plainValue(meta.sources),
  };
}

/** Without reading any state. */
function cellsOnSight({ stores }: Manifest): CellCount {
  return (uid) => {
    const own = stores.filter((store) => store.uid === uid);
    return own.some(({ content }) => content === 'increment') ? null : own.reduce((sum, { rows }) => sum + rows, 0);
  };
}

function cellCount(checkpoint: Checkpoint): (uid: string) => number {
  return (uid) => {
    let count = 0;
    for (const _ of cellsOf(checkpoint, uid)) count += 1;
    return count;
  };
}

function describe(checkpoint: Checkpoint): object {
  const { job, plan, meta } = checkpoint.manifest;
  const { epoch, mode, counters } = meta;
  return { job, plan, epoch, mode, ...summaryOf(checkpoint.manifest, cellCount(checkpoint)), counters };
}

function plainCell({ uid, task, space, key, value, count }: StateCell): object {
  return { uid, task, space, key: plainValue(key), value: plainValue(value), count };
}

function* matching(checkpoint: Checkpoint, uid: string, key: string | undefined): Iterable<StateCell> {
  const isWanted = key === undefined ? () => true : keyMatcher(key);
  for (const cell of cellsOf(checkpoint, uid)) if (isWanted(cell.key)) yield cell;
}

function onlyOperator({ operators }: Manifest): string {
  const [only, second] = operators;
  if (only !== undefined && second === undefined) return only.uid;
  const names = operators.map(({ uid }) => uid);
  throw new UsageError(
    'RG004',
    `--key needs an operator: the checkpoint has the state of ${names.length}`,
    `name one of them before it: ${names.join(', ')}`,
    '--key',
  );
}

function checkOperator({ operators }: Manifest, uid: string): void {
  const names = operators.map((operator) => operator.uid);
  if (names.includes(uid)) return;
  const hint = suggest(uid, names, 'operators with state');
  throw new UsageError('RG004', `the checkpoint has no state of an operator '${uid}'`, hint, uid);
}
