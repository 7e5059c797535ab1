/** How many records a source task gives in one turn, so that no turn takes long: a barrier waits for the turn at hand. */
import type { RecordOptions } from '../executor.js';

/** Records of the first turns: nobody knows yet how long one takes. */
const RECORDS_FIRST = 32;

/** The most records with which a turn stays within its time. */
class Pace {
  records: number;
  readonly #options: Pick<RecordOptions, 'turnRecordsMax' | 'turnTimeMax'>;

  constructor(options: Pick<RecordOptions, 'turnRecordsMax' | 'turnTimeMax'>) {
    this.#options = options;
    this.records = Math.min(RECORDS_FIRST, options.turnRecordsMax);
  }

  /** A turn took so long (us). One that was not full does not tell what a full one would take: it makes no turn longer. */
  took(time: number, isFull: boolean): void {
    const { turnRecordsMax, turnTimeMax } = this.#options;
    if (time > turnTimeMax) this.records = Math.max(1, Math.floor((this.records * turnTimeMax) / time));
    else if (isFull && 2 * time <= turnTimeMax) this.records = Math.min(turnRecordsMax, 2 * this.records);
  }
}

/**
 * Begins low, doubles while full turns take less than half of `turnTimeMax`, and falls in proportion when one takes longer. With workers
 * each has its own pace, by what it says its share of a turn took; the slowest counts.
 */
export class TurnQuantum {
  /** The most records of a source task in the turn at hand. */
  recordsMax: number;
  readonly #options: Pick<RecordOptions, 'turnRecordsMax' | 'turnTimeMax'>;
  readonly #here: Pace;
  readonly #workers: Pace[] = [];
  #given = 0;
  #isFull = false;

  constructor(options: Pick<RecordOptions, 'turnRecordsMax' | 'turnTimeMax'>) {
    this.#options = options;
    this.#here = new Pace(options);
    this.recordsMax = this.#here.records;
  }

  /** A task gave so many records in this turn. */
  gave(records: number): void {
    if (records > this.#given) this.#given = records;
  }

  /** The turn is over, and took so long (us). */
  turnTook(time: number): void {
    this.#isFull = this.#given >= this.recordsMax;
    this.#given = 0;
    this.#here.took(time, this.#isFull);
    this.#update();
  }

  /** A worker's share of a turn took so long (us). */
  workerTook(worker: number, time: number): void {
    this.#workers[worker] ??= new Pace(this.#options);
    this.#workers[worker].took(time, this.#isFull);
    this.#update();
  }

  #update(): void {
    let records = this.#here.records;
    for (const pace of this.#workers) if (pace !== undefined && pace.records < records) records = pace.records;
    this.recordsMax = records;
  }
}
