/** One task of a stage across all batches: its chain, its state, and the attempts of each batch. */
import { StreamError } from '../../core/errors.js';
import type { KeyedStore } from '../../core/keyed-store.js';
import type { KernelCounter } from '../../kernels/kernel.js';
import type { CoreOperator, Plan, SinkOperator, Stage } from '../../plan/plan.js';
import type { GateState } from '../../runtime/durability.js';
import type { FunctionTable } from '../../topology/graph.js';
import { buildChain, type Chain } from '../chain.js';
import type { Link } from '../link.js';
import type { Stores } from '../stores.js';
import { Pieces } from './pieces.js';
import { Rows } from './rows.js';
import { type ShuffleExit, type ShuffleOutput, shuffleLink } from './shuffle.js';
import { newTaskContext, type TaskContext } from './task-context.js';
import { TaskExits } from './task-exits.js';
import { type RecordPlace, TaskFailure, type TaskNote, type TaskResult } from './task-result.js';
import { TupleFailed } from './tuple-failed.js';

/** What all tasks of a job share. */
export interface TaskServices<O extends ShuffleOutput> {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly stores: Pick<Stores, 'of' | 'isStateful'>;
  /** What an attempt writes into. */
  readonly newOutput: (exit: ShuffleExit) => O;
  /** Only in a job with spouts and bolts. */
  readonly component?: (stage: Stage, task: number, context: TaskContext) => TaskComponent<O>;
}

/** What a task does beside its chain in a job with spouts and bolts. */
export interface TaskComponent<O extends ShuffleOutput> {
  /** The link into a shuffle. */
  exit(exit: ShuffleExit, output: () => O): Link;
  /** The chain with the task's spout or bolt at its head. */
  headed(chain: Chain): Chain;
  /** What ran so far stands; what comes may be taken back to here. */
  keep(): void;
  rollback(): void;
  /** The bolt threw behind its answer: no record can be set aside for it. */
  readonly threwBehindAnswer: boolean;
  /** The tuples of the batch that nobody answered: each as the error that it is. */
  takeUnanswered(): readonly TupleFailed[];
}

/** The work of one task in one batch: records by index, then what follows them. */
export interface TaskInput {
  readonly length: number;
  /**
   * Runs the records `from` to `to` (exclusive); `at` is told before each, so that a failure knows its record, and
   * `NO_RECORD` before stream time goes on between two.
   */
  run(chain: Chain, context: TaskContext, from: number, to: number, at: (index: number) => void): void;
  /** Advances stream time behind the last record, and ends the input. */
  finish(chain: Chain, context: TaskContext): void;
  /** Undoes what the input itself keeps between batches, back to the begin or the last `keep`, before another attempt. */
  rewind(): void;
  /** What ran so far stands. Record `index` is set aside: only its time counts. */
  keep(chain: Chain, index: number): void;
  describe(index: number): RecordPlace;
}

/**
 * Runs attempts. Nothing of an attempt is seen before it succeeds: state is rolled back, shuffle output and results are
 * thrown away. After `attemptsMax` failed attempts the job fails, or, with `onError: 'dead-letter'`, the last attempt goes
 * piece by piece: the record at hand when it threw is set aside, and the task goes on behind it.
 */
export class BatchTask<O extends ShuffleOutput> {
  readonly stage: Stage;
  readonly task: number;
  readonly pieces: Pieces;
  readonly #services: TaskServices<O>;
  readonly #context = newTaskContext();
  readonly #component: TaskComponent<O> | undefined;
  readonly #stateful: readonly CoreOperator[];
  readonly #exits: TaskExits<O>;
  /** Results by sink in the attempt under way. */
  readonly #staged = new Map<string, Rows>();
  #chain: Chain;
  #isolating = false;
  #counts: [KernelCounter, number][] = [];
  #notes: TaskNote[] = [];
  /** The gates within the chain, as they were when the attempt began. */
  #gates: readonly GateState[];

  /** `gates`: those within the chain, of a snapshot. */
  constructor(stage: Stage, task: number, services: TaskServices<O>, gates: readonly GateState[] = []) {
    this.stage = stage;
    this.task = task;
    this.pieces = new Pieces(services.plan, stage);
    this.#services = services;
    this.#stateful = stage.operators.map((id) => services.plan.operators[id]!).filter(services.stores.isStateful);
    this.#component = services.component?.(stage, task, this.#context);
    this.#exits = new TaskExits({
      plan: services.plan,
      stage,
      task,
      functions: services.functions,
      context: this.#context,
      newOutput: services.newOutput,
      newLink: (exit, output) => this.#component?.exit(exit, output) ?? shuffleLink(this.#context, output),
    });
    this.#gates = gates;
    this.#chain = this.#build();
  }

  /** The gates within the chain. */
  gates(): readonly GateState[] {
    return this.#chain.gates();
  }

  /** Runs one piece of work to success, or until all attempts failed. */
  runBatch(input: TaskInput): TaskResult<O> | TaskFailure {
    const { guarantee, onError } = this.#services.plan.settings;
    // At most once: a range is committed before it is processed, and not processed again.
    const attemptsMax = guarantee === 'at-most-once' ? 1 : this.#services.plan.settings.attemptsMax;
    this.#notes = [];
    let isGivenUp = false;
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= attemptsMax;
      const isPiecewise = isLast && (onError === 'dead-letter' || isGivenUp);
      this.#begin();
      try {
        if (isPiecewise) this.#runPiecewise(input);
        else input.run(this.#chain, this.#context, 0, input.length, NOT_TOLD);
        input.finish(this.#chain, this.#context);
        for (const failed of this.#component?.takeUnanswered() ?? []) {
          if (!isPiecewise) throw failed;
          this.#giveUp({ source: failed.by, partition: this.task, offset: -1, value: failed.values }, failed);
        }
        this.#exits.drain();
      } catch (thrown) {
        this.#rollback(input);
        const code = thrown instanceof StreamError ? thrown.code : 'bug';
        this.#notes.push({ kind: 'failed', attempt, code });
        // What bolts give up their spouts may emit again, whatever becomes of errors.
        isGivenUp = thrown instanceof TupleFailed && thrown.messages.length > 0;
        if ((isLast && (isPiecewise || !isGivenUp)) || !mayTryAgain(thrown))
          return new TaskFailure(this.#notes, attempt - 1, thrown);
        continue;
      } finally {
        this.#isolating = false;
      }
      return this.#commit(input.length, attempt - 1);
    }
  }

  /** Runs from one bad record to the next. What came before a bad record is kept; of the record itself only its time is. */
  #runPiecewise(input: TaskInput): void {
    this.#isolating = true;
    for (let from = 0; from < input.length; ) {
      const bad = this.#runToBadRecord(input, from);
      if (bad === undefined) return;
      input.keep(this.#chain, bad.index);
      this.#keep();
      this.#giveUp(input.describe(bad.index), bad.error);
      from = bad.index + 1;
    }
  }

  /** A record that cannot be processed: its spout hears of it, or it is set aside, or the attempt fails. */
  #giveUp(place: RecordPlace, error: StreamError): void {
    if (error instanceof TupleFailed && error.messages.length > 0)
      this.#notes.push({ kind: 'tuple-failed', by: error.blamed, messages: error.messages });
    else if (this.#services.plan.settings.onError === 'dead-letter') this.#setAside(place, error);
    else throw error;
  }

  /**
   * Runs the records before the first that throws; undefined when none does. What throws between records is no record's
   * fault, and fails the attempt. A function may throw for another record each time: then it is run to that one.
   */
  #runToBadRecord(input: TaskInput, from: number): { readonly index: number; readonly error: StreamError } | undefined {
    let index = NO_RECORD;
    const at = (current: number): void => {
      index = current;
    };
    const marks = this.#mark();
    let bad: { readonly index: number; readonly error: StreamError } | undefined;
    for (;;) {
      try {
        input.run(this.#chain, this.#context, from, bad?.index ?? input.length, at);
        return bad;
      } catch (thrown) {
        if (!mayTryAgain(thrown) || index === NO_RECORD || this.#component?.threwBehindAnswer === true) throw thrown;
        bad = { index, error: thrown };
        this.#backTo(marks, input);
      }
    }
  }

  #begin(): void {
    this.#exits.begin();
    for (const rows of this.#staged.values()) rows.clear();
    this.#counts = [];
    this.#gates = this.#chain.gates();
    this.#component?.keep();
    for (const store of this.#allStores()) store.begin();
  }

  #rollback(input: TaskInput): void {
    for (const store of this.#allStores()) store.rollback();
    input.rewind();
    this.#component?.rollback();
    this.#chain = this.#build();
  }

  #commit(records: number, retries: number): TaskResult<O> {
    for (const store of this.#allStores()) store.commit();
    this.pieces.gave(records, this.#staged.values());
    return { outputs: this.#exits.take(), results: this.#staged, counts: this.#counts, notes: this.#notes, retries };
  }

  /** The lengths of all that an attempt writes, to cut it back to. */
  #mark(): readonly (() => void)[] {
    const counts = this.#counts.length;
    const staged = [...this.#staged.values()].map((rows) => {
      const { length } = rows;
      return () => rows.cutTo(length);
    });
    return [...staged, this.#exits.mark(), () => this.#counts.splice(counts)];
  }

  #backTo(marks: readonly (() => void)[], input: TaskInput): void {
    for (const cut of marks) cut();
    for (const store of this.#allStores()) store.rollback();
    input.rewind();
    this.#component?.rollback();
    this.#chain = this.#build();
    for (const store of this.#allStores()) store.begin();
  }

  /** Makes the piece so far final within the attempt. */
  #keep(): void {
    for (const store of this.#allStores()) {
      store.commit();
      store.begin();
    }
    this.#component?.keep();
    this.#gates = this.#chain.gates();
  }

  #allStores(): readonly KeyedStore[] {
    return [...this.#stateful.map((operator) => this.#services.stores.of(operator, this.task)), ...this.#exits.stores];
  }

  #build(): Chain {
    this.#exits.forgetLinks();
    const { plan, functions, stores } = this.#services;
    const { stage, task } = this;
    const context = this.#context;
    const chain = buildChain({
      plan,
      stage,
      task,
      functions,
      context,
      store: (operator) => stores.of(operator, task),
      exits: (operator, output) => this.#exits.links(operator, output),
      sink: (operator) => this.#stage(operator),
      count: (counter, by) => this.#counts.push([counter, by]),
      gates: this.#gates,
      ...(plan.settings.onError === 'dead-letter'
        ? { resultFailed: (value, error) => this.#resultFailed(value, error) }
        : {}),
    });
    return this.#component?.headed(chain) ?? chain;
  }

  #resultFailed(value: unknown, error: StreamError): void {
    if (!this.#isolating) throw error;
    const head = this.#services.plan.operators[this.stage.head]!;
    this.#setAside({ source: head.uid, partition: this.task, offset: -1, value }, error);
  }

  #setAside({ message, ...place }: RecordPlace, error: StreamError): void {
    this.#notes.push({ kind: 'dead-letter', letter: { ...place, error }, message });
  }

  #stage(operator: SinkOperator): (value: unknown) => void {
    let staged = this.#staged.get(operator.name);
    if (staged === undefined) {
      staged = new Rows();
      this.#staged.set(operator.name, staged);
    }
    const rows = staged;
    const context = this.#context;
    return (value) => rows.add(value, context);
  }
}

const NOT_TOLD = (): void => {};

/** Told in place of a record's index while stream time goes on. */
export const NO_RECORD = -1;

/** The wrong use of a collector is as wrong the next time. */
function mayTryAgain(thrown: unknown): thrown is StreamError {
  return thrown instanceof StreamError && thrown.code !== 'RG036';
}
