/** A snapshot's state on its way to a worker, in pieces. */
import type { SnapshotRow } from '../../core/keyed-store.js';
import type { Plan } from '../../plan/plan.js';
import type { RestoredJob } from '../../runtime/durability.js';
import type { ToWorker } from './messages.js';
import type { Placement } from './placement.js';

/** Rows of one message. */
const RESTORED_ROWS_MAX = 10_000;

/** The state of the tasks of one worker. `uids` gets the operators that the snapshot has. */
export function* restoreMessages(
  plan: Plan,
  place: Placement,
  worker: number,
  restored: RestoredJob,
  uids: string[],
): Generator<ToWorker> {
  for (const stage of plan.stages) {
    for (const id of stage.operators) {
      const { uid } = plan.operators[id]!;
      for (let task = 0; task < stage.parallelism; task++) {
        if (place.hostOf(stage, task) !== worker) continue;
        const found = restored.rows(uid, task);
        if (found === undefined) continue;
        uids.push(uid);
        let rows: SnapshotRow[] = [];
        for (const row of found) {
          rows.push(row);
          if (rows.length < RESTORED_ROWS_MAX) continue;
          yield { kind: 'restore', uid, task, rows };
          rows = [];
        }
        if (rows.length > 0) yield { kind: 'restore', uid, task, rows };
      }
    }
  }
}
