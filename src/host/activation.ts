/** Deactivates a running job and activates it again: sources are not read and spouts not asked meanwhile. Executors know nothing of it. */
import { type Gate, gatedSource } from '../runtime/gated-source.js';
import type { SourceReader } from '../runtime/source.js';
import type { Spout, Values } from '../topology/components.js';
import { type FunctionTable, functionId, type Graph } from '../topology/graph.js';

/** Whether a job takes in records, and what it does to its sources and spouts for that. */
export class Activation {
  #isActive = true;
  #hasEnded = false;
  /** By source and partition: who asked while the gate was shut. */
  readonly #waiting = new Map<string, () => void>();

  get isActive(): boolean {
    return this.#isActive;
  }

  deactivate(): void {
    this.#isActive = false;
  }

  activate(): void {
    this.#isActive = true;
    this.#open();
  }

  /** The job stops: sources are as they always are then, and spouts are not activated for it. */
  end(): void {
    this.#hasEnded = true;
    this.#open();
  }

  /** A source that gives neither records nor heartbeats while the job is inactive: its stream time stands still. */
  source(name: string, reader: SourceReader): SourceReader {
    const isOpen = (): boolean => this.#isActive || this.#hasEnded;
    const gate: Gate = {
      get isOpen() {
        return isOpen();
      },
      onOpen: (partition, wake) => void this.#waiting.set(`${name}:${partition}`, wake),
    };
    return gatedSource(reader, gate);
  }

  /** The functions of a job, whose spouts are asked for nothing while it is inactive. */
  functions({ nodes }: Graph, functions: FunctionTable): FunctionTable {
    const wrapped = nodes.flatMap(({ kind, id }) => {
      const role = functionId(id, 'create');
      const create = functions.get(role) as () => Spout<Values>;
      return kind === 'spout' ? [[role, () => this.#spout(create())] as const] : [];
    });
    return wrapped.length === 0 ? functions : new Map([...functions, ...wrapped]);
  }

  /** It hears `deactivate` and `activate` where it would be asked for tuples, so that what they throw is the spout's. */
  #spout(spout: Spout<Values>): Spout<Values> {
    let isTold = false;
    const tell = (isActive: boolean): void => {
      if (isTold === isActive) return;
      isTold = isActive;
      if (isActive) spout.activate?.();
      else spout.deactivate?.();
    };
    return {
      open: (collector, info) => spout.open?.(collector, info),
      activate: () => tell(true),
      deactivate: () => tell(false),
      nextTuple: (collector) => {
        tell(this.#isActive);
        return this.#isActive ? spout.nextTuple(collector) : 'idle';
      },
      ack: (id) => spout.ack?.(id),
      fail: (id) => spout.fail?.(id),
      close: () => spout.close?.(),
    };
  }

  #open(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
