/** The ledger of a simulation's messages: what each spout emitted, and what it heard of it. It knows no executor, and no bolt. */
import type { MessageId, Spout, SpoutCollector, Values } from '../../topology/components.js';
import { functionId, type Topology } from '../../topology/graph.js';
import type { Violation } from './outside.js';

type AnySpout = Spout<Values, Record<string, Values>>;
type AnyCollector = SpoutCollector<Values, Record<string, Values>>;

/** Where a spout's life takes place. */
export interface SpoutLife {
  now(): number;
  readonly isAlive: boolean;
}

/** How much a spout gives, so that also an endless one ends. */
export interface SpoutPace {
  /** Calls of `nextTuple` that emitted something. */
  readonly calls: number;
  /** Between two of them (us): faults are to strike in between. */
  readonly every: number;
}

/**
 * Never happens: a spout hears `ack` or `fail` of what it has not emitted, or a second time for one emission; or the job ends, and it has not
 * heard of all. A driver that dies takes its spouts with it: the next life's emit anew, and only theirs must be answered.
 */
export class SpoutLedger {
  /** Messages that were failed and not emitted again: it is the spout that gave them up. */
  givenUp = 0;
  #accounts: SpoutAccount[] = [];
  #life: SpoutLife | undefined;
  readonly #pace: SpoutPace;
  #violation: Violation = () => {};

  constructor(pace: SpoutPace) {
    this.#pace = pace;
  }

  /** A driver begins. */
  begin(life: SpoutLife, violation: Violation): void {
    this.#life = life;
    this.#violation = violation;
    this.#accounts = [];
  }

  /** The job came to its end. */
  finished(): void {
    for (const account of this.#accounts) account.finish();
    this.givenUp = this.#accounts.reduce((sum, { failed }) => sum + failed.size, 0);
  }

  /** The spout, with its account. */
  kept(name: string, spout: AnySpout): AnySpout {
    const life = this.#life!;
    const violation: Violation = (what) => {
      if (life.isAlive) this.#violation(what);
    };
    const account = new SpoutAccount(name, violation);
    this.#accounts.push(account);
    const start = life.now();
    let calls = 0;
    let collector: AnyCollector | undefined;
    const keeping = (given: AnyCollector): AnyCollector => {
      collector ??= {
        emit: (values, id) => {
          account.emitted(id);
          given.emit(values, id);
        },
        emitTo: (stream, values, id) => {
          account.emitted(id);
          given.emitTo(stream, values, id);
        },
        emitDirect: (task, stream, values, id) => {
          account.emitted(id);
          given.emitDirect(task, stream, values, id);
        },
        get pendingCount() {
          return given.pendingCount;
        },
      };
      return collector;
    };
    return {
      open: (given, info) => spout.open?.(keeping(given), info),
      nextTuple: (given) => {
        // What failed may be emitted again, so each failure is one call more.
        if (calls >= this.#pace.calls + account.failures) return account.isAnswered ? 'done' : 'idle';
        if (calls < this.#pace.calls && life.now() < start + calls * this.#pace.every) return 'idle';
        const before = account.count;
        const said = spout.nextTuple(keeping(given));
        if (account.count > before) calls += 1;
        return said;
      },
      ack: (id) => {
        account.answered(id, 'ack');
        spout.ack?.(id);
      },
      fail: (id) => {
        account.answered(id, 'fail');
        spout.fail?.(id);
      },
      close: () => spout.close?.(),
    };
  }
}

/** What one spout task emitted in its life. */
class SpoutAccount {
  count = 0;
  /** How often it heard `fail`. */
  failures = 0;
  readonly failed = new Set<MessageId>();
  readonly #open = new Map<MessageId, number>();
  readonly #name: string;
  readonly #violation: Violation;

  constructor(name: string, violation: Violation) {
    this.#name = name;
    this.#violation = violation;
  }

  get isAnswered(): boolean {
    return this.#open.size === 0;
  }

  emitted(id: MessageId | undefined): void {
    this.count += 1;
    if (id === undefined) return;
    this.failed.delete(id);
    this.#open.set(id, (this.#open.get(id) ?? 0) + 1);
  }

  answered(id: MessageId, how: 'ack' | 'fail'): void {
    const open = this.#open.get(id) ?? 0;
    if (open === 0) return this.#violation(`spout '${this.#name}' hears ${how} of message ${id}, which waits for none`);
    if (open === 1) this.#open.delete(id);
    else this.#open.set(id, open - 1);
    if (how === 'ack') return;
    this.failures += 1;
    this.failed.add(id);
  }

  finish(): void {
    const silent = [...this.#open.keys()];
    if (silent.length === 0) return;
    const more = silent.length > SHOWN ? ` and ${silent.length - SHOWN} more` : '';
    const shown = silent.slice(0, SHOWN).join(', ');
    this.#violation(`the job has ended, and spout '${this.#name}' has heard nothing of message ${shown}${more}`);
  }
}

/** Ids that a violation names. */
const SHOWN = 5;

/** The job with each spout in the ledger. */
export function withLedger(job: Topology, ledger: SpoutLedger): Topology {
  const functions = new Map(job.functions);
  for (const node of job.graph.nodes) {
    if (node.kind !== 'spout') continue;
    const id = functionId(node.id, 'create');
    const create = functions.get(id) as () => AnySpout;
    functions.set(id, () => ledger.kept(node.name, create()));
  }
  return { graph: job.graph, functions };
}
