/** The ledger of messages: what each spout emitted, and what it heard of it. It knows no executor, and no bolt. */
import type { MessageId, Spout, SpoutCollector, Values } from '../../topology/components.js';
import { functionId, type Topology } from '../../topology/graph.js';
import { SpoutAllowance, type SpoutPace, shareOf } from './spout-allowance.js';

type AnySpout = Spout<Values, Record<string, Values>>;
type AnyCollector = SpoutCollector<Values, Record<string, Values>>;

/** Told what must never happen, and did. */
export type Violation = (what: string) => void;

/** One message as a spout emitted it. */
export interface Emission {
  readonly spout: string;
  readonly task: number;
  readonly stream: string;
  readonly values: Values;
  readonly id: MessageId | undefined;
}

/** What the spouts of one life emitted and heard. */
export interface MessageCounts {
  readonly emitted: number;
  readonly acked: number;
  readonly failed: number;
  /** Failed, and not emitted again: it is the spout that gave them up. */
  readonly givenUp: number;
}

/** Where a spout's life takes place. */
export interface SpoutLife {
  now(): number;
  readonly isAlive: boolean;
}

/**
 * Never happens: a spout hears `ack` or `fail` of what it has not emitted, or a second time for one emission; or the job ends, and it has not
 * heard of all. A driver that dies takes its spouts with it: the next life's emit anew, and only theirs must be answered.
 */
export class SpoutLedger {
  #accounts: SpoutAccount[] = [];
  #life: SpoutLife | undefined;
  readonly #pace: SpoutPace;
  readonly #onEmission: ((emission: Emission) => void) | undefined;
  #violation: Violation = () => {};

  constructor(pace: SpoutPace, onEmission?: (emission: Emission) => void) {
    this.#pace = pace;
    this.#onEmission = onEmission;
  }

  /** Of the life that began last. */
  get counts(): MessageCounts {
    const sum = (of: (account: SpoutAccount) => number): number =>
      this.#accounts.reduce((total, account) => total + of(account), 0);
    return {
      emitted: sum(({ count }) => count),
      acked: sum(({ acks }) => acks),
      failed: sum(({ failures }) => failures),
      givenUp: sum(({ failed }) => failed.size),
    };
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
  }

  /** The spout, with its account. */
  kept(name: string, spout: AnySpout): AnySpout {
    const life = this.#life!;
    const violation: Violation = (what) => {
      if (life.isAlive) this.#violation(what);
    };
    const account = new SpoutAccount(name, violation);
    this.#accounts.push(account);
    let allowance = new SpoutAllowance(this.#pace, life.now());
    let task = 0;
    let collector: AnyCollector | undefined;
    /** False for what is withheld. */
    const emitted = (stream: string, values: Values, id: MessageId | undefined): boolean => {
      if (!allowance.emits(life.now(), account.hasFailed(id))) return false;
      account.emitted(id);
      this.#onEmission?.({ spout: name, task, stream, values, id });
      return true;
    };
    const keeping = (given: AnyCollector): AnyCollector => {
      collector ??= {
        emit: (values, id) => {
          if (emitted('default', values, id)) given.emit(values, id);
        },
        emitTo: (stream, values, id) => {
          if (emitted(stream, values, id)) given.emitTo(stream, values, id);
        },
        emitDirect: (task, stream, values, id) => {
          if (emitted(`${stream} of task ${task}`, values, id)) given.emitDirect(task, stream, values, id);
        },
        get pendingCount() {
          return given.pendingCount;
        },
        reportError: (error) => given.reportError(error),
      };
      return collector;
    };
    return {
      open: (given, info) => {
        task = info.task;
        allowance = new SpoutAllowance(shareOf(this.#pace, task, info.parallelism), life.now());
        spout.open?.(keeping(given), info);
      },
      nextTuple: (given) => {
        const may = allowance.at(life.now(), account.mayRepeat);
        if (may === 'call') return allowance.call(() => spout.nextTuple(keeping(given)));
        return may === 'over' && account.isAnswered ? 'done' : 'idle';
      },
      ack: (id) => {
        account.answered(id, 'ack');
        allowance.heard(life.now());
        spout.ack?.(id);
      },
      fail: (id) => {
        account.answered(id, 'fail');
        allowance.heard(life.now());
        spout.fail?.(id);
      },
      activate: () => spout.activate?.(),
      deactivate: () => spout.deactivate?.(),
      close: () => spout.close?.(),
    };
  }
}

/** What one spout task emitted in its life. */
class SpoutAccount {
  count = 0;
  acks = 0;
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

  /** Something failed that was not emitted again, or not yet. */
  get mayRepeat(): boolean {
    return this.failed.size > 0;
  }

  hasFailed(id: MessageId | undefined): boolean {
    return id !== undefined && this.failed.has(id);
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
    if (how === 'ack') {
      this.acks += 1;
      return;
    }
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
