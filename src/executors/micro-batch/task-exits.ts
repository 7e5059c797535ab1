/** The ways out of one task into shuffles: what an attempt writes for the tasks of other stages, as it is or combined. */
import type { KeyedStore } from '../../core/keyed-store.js';
import { foldOf } from '../../kernels/create-kernel.js';
import type { Plan, Stage, WindowReduceOperator } from '../../plan/plan.js';
import { createMemoryStore } from '../../runtime/memory-store.js';
import type { FunctionTable } from '../../topology/graph.js';
import type { Link } from '../link.js';
import { type CombineExit, combineExit } from './combine.js';
import type { ShuffleExit, ShuffleOutput } from './shuffle.js';
import type { TaskContext } from './task-context.js';

/** What exits need from their task. */
export interface TaskExitParts<O extends ShuffleOutput> {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly task: number;
  readonly functions: FunctionTable;
  readonly context: TaskContext;
  /** What an attempt writes into. */
  readonly newOutput: (exit: ShuffleExit) => O;
  /** The link of what is not combined; `output` gives the one of the attempt under way. */
  readonly newLink: (exit: ShuffleExit, output: () => O) => Link;
}

/** One way out, and where it begins. */
interface OwnExit<O> extends ShuffleExit {
  readonly operator: number;
  readonly output: string;
  /** What the attempt under way writes into: looked at for each record. */
  written: O | undefined;
}

export class TaskExits<O extends ShuffleOutput> {
  readonly #parts: TaskExitParts<O>;
  readonly #exits: readonly OwnExit<O>[];
  /** Map-side combines by shuffle; their stores are empty between batches. */
  readonly #combineStores = new Map<string, KeyedStore>();
  #combines: CombineExit[] = [];

  constructor(parts: TaskExitParts<O>) {
    const { plan, stage, task } = parts;
    this.#parts = parts;
    this.#exits = plan.stages.flatMap((reading) =>
      reading.inputs.flatMap((input, index) => {
        const { exchange, operator, output } = input;
        const reader = plan.operators[reading.head]!;
        const exit = { key: `${reading.id}:${index}`, exchange, writer: task, reader, readers: reading.parallelism };
        return input.stage === stage.id ? [{ ...exit, operator, output, written: undefined }] : [];
      }),
    );
  }

  /** The stores of what is combined. */
  get stores(): Iterable<KeyedStore> {
    return this.#combineStores.values();
  }

  /** An attempt begins. */
  begin(): void {
    for (const exit of this.#exits) exit.written = this.#parts.newOutput(exit);
  }

  /** The chain is built anew, and asks for its links again. */
  forgetLinks(): void {
    this.#combines = [];
  }

  /** The links of everything that reads this output. */
  links(operator: number, output: string): readonly Link[] {
    return this.#exits
      .filter((exit) => exit.operator === operator && exit.output === output)
      .map((exit) => {
        const written = (): O => exit.written!;
        const { reader } = exit;
        return reader.kind === 'window-reduce'
          ? this.#combine(exit.key, reader, written)
          : this.#parts.newLink(exit, written);
      });
  }

  /** Writes what was combined, at the end of an attempt. */
  drain(): void {
    this.#parts.context.origin = undefined;
    for (const combine of this.#combines) combine.drain();
  }

  /** Returns what takes back all that is written after the call. */
  mark(): () => void {
    const marks = this.#exits.map(({ written }) => written!.mark());
    return () => {
      for (const cut of marks) cut();
    };
  }

  /** What the attempt wrote, by `stage:input` of the readers. */
  take(): ReadonlyMap<string, O> {
    const outputs = new Map(this.#exits.map(({ key, written }) => [key, written!]));
    for (const exit of this.#exits) exit.written = undefined;
    return outputs;
  }

  /** A window's pairs are folded by key and pane before they are shuffled (Spark's map-side combine). */
  #combine(key: string, reader: WindowReduceOperator, output: () => O): Link {
    let store = this.#combineStores.get(key);
    if (store === undefined) {
      store = createMemoryStore();
      this.#combineStores.set(key, store);
    }
    const { functions, context } = this.#parts;
    const exit = combineExit(reader, foldOf(reader, functions), store, context, output);
    this.#combines.push(exit);
    return exit.link;
  }
}
