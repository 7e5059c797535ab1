/** One task of a stage across all batches: its chain, its state, and the attempts of each batch. */
import { StreamError } from '../../core/errors.js';
import type { KeyedStore } from '../../core/keyed-store.js';
import { foldOf } from '../../kernels/create-kernel.js';
import type { KernelCounter, RecordContext } from '../../kernels/kernel.js';
import type { CoreOperator, Plan, SinkOperator, Stage, WindowReduceOperator } from '../../plan/plan.js';
import type { GateState } from '../../runtime/durability.js';
import { createMemoryStore } from '../../runtime/memory-store.js';
import type { FunctionTable } from '../../topology/graph.js';
import { buildChain, type Chain } from '../chain.js';
import type { DeadLetter } from '../executor.js';
import type { Link } from '../link.js';
import type { Stores } from '../stores.js';
import { type CombineExit, combineExit } from './combine.js';
import { Rows } from './rows.js';
import { type ShuffleExit, type ShuffleOutput, shuffleLink } from './shuffle.js';
import { TaskFailure, type TaskNote, type TaskResult } from './task-result.js';

/** What all tasks of a job share. */
export interface TaskServices<O extends ShuffleOutput> {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly stores: Pick<Stores, 'of' | 'isStateful'>;
  /** What an attempt writes into. */
  readonly newOutput: (exit: ShuffleExit) => O;
}

/** The work of one task in one batch: records by index, then what follows them. */
export interface TaskInput {
  readonly length: number;
  /**
   * Runs the records `from` to `to` (exclusive); `at` is told before each, so that a failure knows its record, and
   * `NO_RECORD` before stream time goes on between two.
   */
  run(chain: Chain, context: RecordContext, from: number, to: number, at: (index: number) => void): void;
  /** Advances stream time behind the last record, and ends the input. */
  finish(chain: Chain): void;
  /** Undoes what the input itself keeps between batches, back to the begin or the last `keep`, before another attempt. */
  rewind(): void;
  /** What ran so far stands. Record `index` is set aside: only its time counts. */
  keep(chain: Chain, index: number): void;
  /** Where record `index` came from, for a dead letter. */
  describe(index: number): Pick<DeadLetter, 'source' | 'partition' | 'offset' | 'value'>;
}

/**
 * Runs attempts. Nothing of an attempt is seen before it succeeds: state is rolled back, shuffle output and results are
 * thrown away. After `attemptsMax` failed attempts the job fails, or, with `onError: 'dead-letter'`, the last attempt goes
 * piece by piece: the record at hand when it threw is set aside, and the task goes on behind it.
 */
export class BatchTask<O extends ShuffleOutput> {
  readonly stage: Stage;
  readonly task: number;
  readonly #services: TaskServices<O>;
  readonly #context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
  readonly #stateful: readonly CoreOperator[];
  readonly #exits: readonly ShuffleExit[];
  /** Results by sink in the attempt under way. */
  readonly #staged = new Map<string, Rows>();
  #chain: Chain;
  /** Map-side combines by shuffle; their stores are empty between batches. */
  readonly #combineStores = new Map<string, KeyedStore>();
  #combines: CombineExit[] = [];
  #outputs = new Map<string, O>();
  #isolating = false;
  #counts: [KernelCounter, number][] = [];
  #notes: TaskNote[] = [];
  /** The gates within the chain, as they were when the attempt began. */
  #gates: readonly GateState[];

  /** `gates`: those within the chain, of a snapshot. */
  constructor(stage: Stage, task: number, services: TaskServices<O>, gates: readonly GateState[] = []) {
    this.stage = stage;
    this.task = task;
    this.#services = services;
    this.#stateful = stage.operators.map((id) => services.plan.operators[id]!).filter(services.stores.isStateful);
    this.#exits = services.plan.stages.flatMap((reading) =>
      reading.inputs.flatMap((input, index) =>
        input.stage === stage.id
          ? [
              {
                key: `${reading.id}:${index}`,
                exchange: input.exchange,
                writer: task,
                reader: services.plan.operators[reading.head]!,
                readers: reading.parallelism,
              },
            ]
          : [],
      ),
    );
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
    for (let attempt = 1; ; attempt++) {
      this.#begin();
      try {
        const isLast = attempt === attemptsMax;
        if (isLast && onError === 'dead-letter') this.#runPiecewise(input);
        else input.run(this.#chain, this.#context, 0, input.length, NOT_TOLD);
        input.finish(this.#chain);
        for (const combine of this.#combines) combine.drain();
      } catch (thrown) {
        this.#rollback(input);
        const code = thrown instanceof StreamError ? thrown.code : 'bug';
        this.#notes.push({ kind: 'failed', attempt, code });
        if (attempt === attemptsMax || !(thrown instanceof StreamError))
          return new TaskFailure(this.#notes, attempt - 1, thrown);
        continue;
      } finally {
        this.#isolating = false;
      }
      return this.#commit(attempt - 1);
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
      this.#setAside({ ...input.describe(bad.index), error: bad.error });
      from = bad.index + 1;
    }
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
        if (!(thrown instanceof StreamError) || index === NO_RECORD) throw thrown;
        bad = { index, error: thrown };
        this.#backTo(marks, input);
      }
    }
  }

  #begin(): void {
    for (const exit of this.#exits) this.#outputs.set(exit.key, this.#services.newOutput(exit));
    for (const rows of this.#staged.values()) rows.clear();
    this.#counts = [];
    this.#gates = this.#chain.gates();
    for (const store of this.#allStores()) store.begin();
  }

  #rollback(input: TaskInput): void {
    for (const store of this.#allStores()) store.rollback();
    input.rewind();
    this.#chain = this.#build();
  }

  #commit(retries: number): TaskResult<O> {
    for (const store of this.#allStores()) store.commit();
    const outputs = this.#outputs;
    this.#outputs = new Map();
    return { outputs, results: this.#staged, counts: this.#counts, notes: this.#notes, retries };
  }

  /** The lengths of all that an attempt writes, to cut it back to. */
  #mark(): readonly (() => void)[] {
    const counts = this.#counts.length;
    const staged = [...this.#staged.values()].map((rows) => {
      const { length } = rows;
      return () => rows.cutTo(length);
    });
    const written = [...this.#outputs.values()].map((output) => output.mark());
    return [...staged, ...written, () => this.#counts.splice(counts)];
  }

  #backTo(marks: readonly (() => void)[], input: TaskInput): void {
    for (const cut of marks) cut();
    for (const store of this.#allStores()) store.rollback();
    input.rewind();
    this.#chain = this.#build();
    for (const store of this.#allStores()) store.begin();
  }

  /** Makes the piece so far final within the attempt. */
  #keep(): void {
    for (const store of this.#allStores()) {
      store.commit();
      store.begin();
    }
    this.#gates = this.#chain.gates();
  }

  #allStores(): readonly KeyedStore[] {
    return [
      ...this.#stateful.map((operator) => this.#services.stores.of(operator, this.task)),
      ...this.#combineStores.values(),
    ];
  }

  #build(): Chain {
    this.#combines = [];
    const { plan, functions, stores } = this.#services;
    const { stage, task } = this;
    const context = this.#context;
    return buildChain({
      plan,
      stage,
      functions,
      context,
      store: (operator) => stores.of(operator, task),
      exits: (operator, output) => this.#shuffles(operator, output),
      sink: (operator) => this.#stage(operator),
      count: (counter, by) => this.#counts.push([counter, by]),
      gates: this.#gates,
      ...(plan.settings.onError === 'dead-letter'
        ? { resultFailed: (value, error) => this.#resultFailed(value, error) }
        : {}),
    });
  }

  #resultFailed(value: unknown, error: StreamError): void {
    if (!this.#isolating) throw error;
    const head = this.#services.plan.operators[this.stage.head]!;
    this.#setAside({ source: head.uid, partition: this.task, offset: -1, value, error });
  }

  #setAside(letter: DeadLetter): void {
    this.#notes.push({ kind: 'dead-letter', letter });
  }

  #shuffles(operator: number, output: string): readonly Link[] {
    const { plan } = this.#services;
    return plan.stages.flatMap((reading) =>
      reading.inputs.flatMap((input, index) => {
        if (input.stage !== this.stage.id || input.operator !== operator || input.output !== output) return [];
        const key = `${reading.id}:${index}`;
        const reader = plan.operators[reading.head]!;
        const written = (): O => this.#outputs.get(key)!;
        return [
          reader.kind === 'window-reduce' ? this.#combine(key, reader, written) : shuffleLink(this.#context, written),
        ];
      }),
    );
  }

  /** A window's pairs are folded by key and pane before they are shuffled (Spark's map-side combine). */
  #combine(key: string, reader: WindowReduceOperator, output: () => O): Link {
    let store = this.#combineStores.get(key);
    if (store === undefined) {
      store = createMemoryStore();
      this.#combineStores.set(key, store);
    }
    const exit = combineExit(reader, foldOf(reader, this.#services.functions), store, this.#context, output);
    this.#combines.push(exit);
    return exit.link;
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
