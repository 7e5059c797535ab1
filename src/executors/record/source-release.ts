/** Up to which offset a source task may let its source forget: when everything before is processed, in a checkpoint, or out of all windows. */
import { tooManyInWindows } from './expiry-errors.js';
import type { SourceTaskParts } from './read-task-parts.js';
import type { TaskParts } from './task.js';

/** `durable` in DESIGN's words: the second of the two signals of a tuple, bounded by `maxUncommitted`. */
export class SourceRelease {
  readonly #parts: TaskParts;
  readonly #own: SourceTaskParts;
  readonly #name: string;
  /** Offsets below it are released. */
  #released: number;
  /** Passed on by all tasks of the job. */
  #frontier = Number.NEGATIVE_INFINITY;

  constructor(parts: TaskParts, own: SourceTaskParts, name: string) {
    this.#parts = parts;
    this.#own = own;
    this.#name = name;
    this.#released = own.from?.offset ?? 0;
  }

  /** How many more records may be read, with `offset` the next one. Asks for what makes room when there is none. */
  room(offset: number): number {
    const { untilDurable, marks } = this.#own;
    const { options, job } = this.#parts;
    if (!untilDurable) return Number.POSITIVE_INFINITY;
    const room = this.#released + options.maxUncommitted - offset;
    if (room > 0) return room;
    if (marks === undefined) job.barrierNeeded();
    else this.#checkWindowsCanClose();
    return room;
  }

  /** Everything below that offset is kept, or needed no more: the source may forget it. True when that is news. */
  to(offset: number): boolean {
    if (offset <= this.#released) return false;
    this.#released = offset;
    this.#own.reader.commit(offset);
    return true;
  }

  /** All tasks have passed that watermark on. True when records were released. */
  expire(frontier: number): boolean {
    const { marks, pending } = this.#own;
    this.#frontier = frontier;
    return marks !== undefined && this.to(marks.pass(frontier, pending.processed));
  }

  /** No window closes any more when all watermarks that there were are through. */
  #checkWindowsCanClose(): void {
    const { job, plan, task, options } = this.#parts;
    const { holds, pending } = this.#own;
    const arrived = Math.min(...holds.map((hold) => hold.arrived));
    if (pending.processed === pending.next && this.#frontier >= arrived)
      job.abort(tooManyInWindows(plan, this.#name, task, options.maxUncommitted));
  }
}
