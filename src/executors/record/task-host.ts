/** What a worker runs in record mode: the tasks of its stages, between messages of the driver. */
import type { SnapshotRow } from '../../core/keyed-store.js';
import { prng } from '../../core/prng.js';
import { restoredJob } from '../../runtime/restored-job.js';
import type { TaskHost, TaskHostParts } from '../workers.js';
import { HostRun } from './host-run.js';
import type { ToWorker } from './messages.js';

/** State of one task, as it comes in pieces. */
interface RestoredPieces {
  readonly uid: string;
  readonly task: number;
  readonly pieces: (readonly SnapshotRow[])[];
}

/** Makes the host of one worker. It holds one wiring at a time: `begin` throws the one before away. */
export function createRecordHost(parts: TaskHostParts): TaskHost {
  return new RecordHost(parts);
}

class RecordHost implements TaskHost {
  readonly #parts: TaskHostParts;
  #restored: RestoredPieces[] = [];
  #run: HostRun | undefined;
  #runs = 0;

  constructor(parts: TaskHostParts) {
    this.#parts = parts;
  }

  onMessage(heard: unknown): void {
    const message = heard as ToWorker;
    switch (message.kind) {
      case 'restore':
        this.#restore(message.uid, message.task, message.rows);
        return;
      case 'begin':
        this.#begin(message);
        return;
      default:
        // A wiring that was set back is not heard any more.
        if (message.run === this.#run?.number) this.#run.onMessage(message);
    }
  }

  #restore(uid: string, task: number, rows: readonly SnapshotRow[]): void {
    const last = this.#restored.at(-1);
    if (last?.uid === uid && last.task === task) last.pieces.push(rows);
    else this.#restored.push({ uid, task, pieces: [rows] });
  }

  #begin(message: Extract<ToWorker, { readonly kind: 'begin' }>): void {
    const stores = this.#restored.map(({ uid, task, pieces }) => ({ uid, task, pieces: () => pieces }));
    this.#restored = [];
    this.#run?.end();
    const { meta, uids } = message;
    // Another number for each wiring: a bolt's ids of the one before may still be under way.
    const ids = prng(this.#parts.seed).fork(`wiring ${this.#runs++}`);
    this.#run = new HostRun(this.#parts, message, ids, meta && restoredJob(meta, uids, stores));
  }
}
