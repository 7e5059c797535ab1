/** Builds the fused chain of one task: from the operators of a stage to links, the same for both executors. */
import { assert } from '../core/assert.js';
import { StreamError } from '../core/errors.js';
import { Identity } from '../core/identity.js';
import type { KeyedStore } from '../core/keyed-store.js';
import { encodeKey } from '../core/keys.js';
import { createKernel } from '../kernels/create-kernel.js';
import { type Emit, type Kernel, type KernelCounter, NO_BUDGET, type RecordContext } from '../kernels/kernel.js';
import type { CallOutcome } from '../kernels/map-async.js';
import { kindTraits } from '../plan/kinds.js';
import type { CoreOperator, Plan, SinkOperator, Stage } from '../plan/plan.js';
import { resultIds } from '../plan/result-ids.js';
import type { GateState } from '../runtime/durability.js';
import type { FunctionTable } from '../topology/graph.js';
import { branchLink } from './branch-link.js';
import { fanOut, gated, type Link, NOWHERE, WatermarkGate } from './link.js';
import { narrowLink } from './narrow-links.js';
import { onTime } from './on-time.js';
import { timestampsLink } from './timestamps-link.js';
import { attributed } from './user-error.js';
import type { Deliveries } from './watermark-places.js';

/** What a task gives to its chain. */
export interface ChainParts {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly task: number;
  readonly functions: FunctionTable;
  readonly context: RecordContext;
  /** The store of a stateful operator on this task. */
  readonly store: (operator: CoreOperator) => KeyedStore;
  /** The links to the tasks of other stages that read this output. */
  readonly exits: (operator: number, output: string) => readonly Link[];
  /** Takes a sink's results; their times stand in the context. */
  readonly sink: (operator: SinkOperator) => Emit;
  /** Set for a stage that holds watermarks back: wraps each entrance where they begin to close windows. */
  readonly hold?: (link: Link) => Link;
  readonly count: (counter: KernelCounter, by: number) => void;
  /** Set where a record may be delivered again without everything after it. */
  readonly deliveries?: Deliveries;
  /** How often a result that a kernel makes or emits because stream time went on is tried: no record can be delivered again for it. Default 1. */
  readonly resultAttempts?: number;
  /** The same for a function of a kernel that leaves nothing behind when it throws. Default: `resultAttempts`. */
  readonly callAttempts?: number;
  /** Set when such results are set aside: takes what a kernel emitted, or, of one that it could not make, the key and the time. */
  readonly resultFailed?: (value: unknown, error: StreamError) => void;
  /** Hears of a result that could not be made and is not set aside, also where a record is at hand: it is not at fault. */
  readonly resultFatal?: (error: StreamError) => void;
  /** Where the gates within the chain stood when the stores were as they are now: from `Chain.gates` of the same plan. None or empty: at the beginning. */
  readonly gates?: readonly GateState[] | undefined;
}

/** A built chain. */
export interface Chain {
  /** Takes what the stage's head takes: a source's records, or those behind an exchange. For a spout or bolt: see `output`. */
  readonly head: Link;
  /** What follows an output of the head: where a source, spout or bolt emits. */
  readonly output: (name: string) => Link;
  /** The gates where paths of this chain meet, in the order in which it was built. Watermarks are no part of the stores. */
  readonly gates: () => readonly GateState[];
}

/** Builds a chain on the task's stores; building it again on the same stores and gates goes on where they stand. */
export function buildChain(parts: ChainParts): Chain {
  const builder = new ChainBuilder(parts);
  const head = parts.plan.operators[parts.stage.head]!;
  const streams =
    head.kind === 'spout' || head.kind === 'bolt' ? head.streams.map((stream) => stream.name) : ['default'];
  if (isEntrance(head)) for (const stream of streams) builder.outputOf(head, stream);
  return {
    head: headLink(builder, head),
    output: (name) => builder.outputOf(head, name),
    gates: builder.finish(),
  };
}

/** Records begin there, and no kernel takes them. */
function isEntrance({ kind }: CoreOperator): boolean {
  return kind === 'source' || kind === 'spout' || kind === 'bolt';
}

function headLink(builder: ChainBuilder, head: CoreOperator): Link {
  if (head.kind === 'source') return builder.outputOf(head, 'default');
  return isEntrance(head) ? NOWHERE : builder.linkOf(head);
}

const NO_GATES: readonly GateState[] = [];

class ChainBuilder {
  readonly #parts: ChainParts;
  readonly #members: ReadonlySet<number>;
  readonly #entrances = new Map<number, Link[]>();
  readonly #outputs = new Map<string, Link>();
  readonly #gates: WatermarkGate[] = [];

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#members = new Set(parts.stage.operators);
  }

  /** All is built. Gives what reads the gates. */
  finish(): () => readonly GateState[] {
    const gates = this.#gates;
    const given = this.#parts.gates?.length ?? 0;
    assert(given === 0 || given === gates.length, 'a chain is built on the gates of another');
    return gates.length === 0 ? () => NO_GATES : () => gates.map((gate) => gate.state());
  }

  /** Everything that reads this output: operators of the same stage, then other stages. */
  outputOf(operator: CoreOperator, output: string): Link {
    const name = `${operator.id}:${output}`;
    const known = this.#outputs.get(name);
    if (known !== undefined) return known;
    const { plan, stage, exits } = this.#parts;
    const readers = stage.operators.flatMap((id) => {
      const reader = plan.operators[id]!;
      if (id === stage.head) return [];
      const paths = reader.inputs.filter((input) => input.operator === operator.id && input.output === output);
      return paths.map(() => this.#held(operator, reader, this.#entranceOf(reader)));
    });
    const link = fanOut([
      ...readers,
      ...exits(operator.id, output).map((exit) => this.#held(operator, undefined, exit)),
    ]);
    this.#outputs.set(name, link);
    return link;
  }

  /** Watermarks are held behind narrow operators and `timestamps`, which must see them in sequence, and once on each path. */
  #held(from: CoreOperator, reader: CoreOperator | undefined, link: Link): Link {
    const { hold } = this.#parts;
    if (hold === undefined || !isNarrow(from) || (reader !== undefined && isNarrow(reader))) return link;
    return hold(link);
  }

  /** The next free entrance of an operator: it has one for each path that leads to it within the stage. */
  #entranceOf(operator: CoreOperator): Link {
    let free = this.#entrances.get(operator.id);
    if (free === undefined) {
      const paths = operator.inputs.filter((input) => this.#members.has(input.operator)).length;
      free = [...gated(this.linkOf(operator), paths, (inputs) => this.#gate(inputs))];
      this.#entrances.set(operator.id, free);
    }
    return free.shift()!;
  }

  #gate(inputs: number): WatermarkGate {
    const gate = new WatermarkGate(inputs, this.#parts.gates?.[this.#gates.length]);
    this.#gates.push(gate);
    return gate;
  }

  /** Results go on as they are, unless those that fail are set aside one by one. */
  #emit(operator: CoreOperator, next: Link, times: EmissionTime): Emit {
    const { resultFailed, resultAttempts = 1, context } = this.#parts;
    const isOnTime = operator.kind !== 'running-reduce';
    if (!isOnTime || (resultFailed === undefined && resultAttempts === 1)) return next.push;
    return (value) => {
      const { timestamp, windowEnd } = context;
      for (let attempt = 1; ; attempt++) {
        try {
          next.push(value);
          return;
        } catch (thrown) {
          if (!times.isAdvancing || !(thrown instanceof StreamError)) throw thrown;
          context.timestamp = timestamp;
          context.windowEnd = windowEnd;
          if (attempt < resultAttempts) continue;
          if (resultFailed === undefined) throw thrown;
          resultFailed(value, thrown);
          return;
        }
      }
    };
  }

  /** What a kernel gives has a name of its own, or none: the record at hand was only its occasion. */
  #named(operator: CoreOperator, next: Link): Link {
    const { context, plan } = this.#parts;
    const { identity } = context;
    if (identity === undefined) return next;
    const own = new Identity();
    const isWindow = resultIds(plan).windows.has(operator.id);
    return {
      ...next,
      push: (value) => {
        own.begin(isWindow ? `${operator.uid}/${encodeKey((value as [unknown])[0])}/${context.windowEnd}` : undefined);
        context.identity = own;
        try {
          next.push(value);
        } finally {
          context.identity = identity;
        }
      },
    };
  }

  linkOf(operator: CoreOperator): Link {
    const { task, functions, context, store, sink, count } = this.#parts;
    switch (operator.kind) {
      case 'map':
      case 'flat-map':
      case 'filter':
        return narrowLink(operator, functions, this.outputOf(operator, 'default'));
      case 'branch':
        return branchLink(operator, functions, (arm) => this.outputOf(operator, arm));
      case 'timestamps': {
        const { plan, deliveries } = this.#parts;
        return timestampsLink({
          operator,
          functions,
          context,
          store: store(operator),
          step: plan.step,
          count,
          next: this.outputOf(operator, 'default'),
          late: this.outputOf(operator, 'late'),
          deliveries,
          attemptsMax: plan.settings.attemptsMax,
        });
      }
      case 'map-async':
        return outcomeLink(this.outputOf(operator, 'default'));
      case 'sink':
        return { ...NOWHERE, push: sink(operator) };
      case 'source':
      case 'spout':
      case 'bolt':
        return NOWHERE;
      default: {
        const next = this.#named(operator, this.outputOf(operator, 'default'));
        const times = { isAdvancing: false };
        const emit = this.#emit(operator, next, times);
        const retry = onTime(this.#parts, operator);
        const kernel = createKernel(operator, functions, { task, store: store(operator), context, emit, count, retry });
        return kernelLink(kernel, operator, next, times);
      }
    }
  }
}

/** Takes what came of calls, in place of the records that they were made for. */
function outcomeLink({ push, advance, end }: Link): Link {
  return {
    push: (outcome) => {
      const { error, result } = outcome as CallOutcome;
      if (error !== undefined) throw error;
      push(result);
    },
    advance,
    end,
  };
}

/** Whether a kernel is emitting because stream time went on, and not because of a record that can be delivered again. */
interface EmissionTime {
  isAdvancing: boolean;
}

/** The link of a stateful kernel: results of a watermark come before the watermark. */
function kernelLink(kernel: Kernel, operator: CoreOperator, next: Link, times: EmissionTime): Link {
  const attempt = (run: () => void): void => {
    times.isAdvancing = true;
    try {
      run();
    } catch (thrown) {
      throw attributed(thrown, operator);
    } finally {
      times.isAdvancing = false;
    }
  };
  return {
    push: (value) => {
      try {
        kernel.onRecord(value);
      } catch (thrown) {
        throw attributed(thrown, operator);
      }
    },
    advance: (watermark) => {
      attempt(() => completely(() => kernel.advance(watermark, NO_BUDGET)));
      next.advance(watermark);
    },
    end: (finalWatermark, highest) => {
      attempt(() => {
        if (finalWatermark !== Number.NEGATIVE_INFINITY) completely(() => kernel.advance(finalWatermark, NO_BUDGET));
        if (highest !== Number.NEGATIVE_INFINITY) completely(() => kernel.endOfInput(highest, NO_BUDGET));
      });
      next.end(finalWatermark, highest + (kernel.reach ?? 0));
    },
  };
}

function isNarrow(operator: CoreOperator): boolean {
  return kindTraits(operator).isNarrow;
}

function completely(step: () => boolean): void {
  while (!step());
}
