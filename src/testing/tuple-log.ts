/** What happened to tuples in a test, in order, from the events of a run. */

import type { FailReason, JobEvent } from '../runtime/events.js';
import type { MessageId } from '../topology/components.js';
import type { ComponentWatcher, DeliveredTuple, LifeCall, WindowActivation } from './watched-components.js';

/** One emit of a spout or bolt. */
export interface EmittedTuple {
  readonly component: string;
  readonly task: number;
  readonly stream: string;
  readonly values: unknown;
  /** Ids of the messages at whose trees it hangs; for a spout its own. */
  readonly anchors: MessageId[];
}

/** One failed attempt at a message. */
export interface FailedTuple {
  readonly id: MessageId;
  /** `timeout`; `failed`: a bolt called `fail`; `error`: a user function threw. */
  readonly reason: FailReason;
  /** Who failed it; none for a timeout. */
  readonly component?: string;
  /** What the bolt gave to `fail(tuple, reason)`. */
  readonly message?: string;
}

/** One error that a spout or bolt gave to `reportError`. */
export interface ReportedError {
  readonly component: string;
  readonly task: number;
  /** Its text. */
  readonly error: string;
  /** Which one of its task's it is, from 1: of more than 5 in 10 s of virtual time the rest is left out. */
  readonly count: number;
}

/** One batch, with what was delivered and answered in it. */
export interface TupleBatch {
  /** Stream time of its tick (us). */
  readonly batchTime: number;
  /** Records of spouts and sources. */
  readonly numRecords: number;
  readonly delivered: DeliveredTuple[];
  readonly failed: FailedTuple[];
  readonly acked: MessageId[];
}

/** Keeps what a listener hears until it is frozen. */
export class TupleLog implements ComponentWatcher {
  readonly acked: MessageId[] = [];
  readonly failed: FailedTuple[] = [];
  readonly emitted: EmittedTuple[] = [];
  readonly errors: ReportedError[] = [];
  readonly deliveries: DeliveredTuple[] = [];
  readonly lifeCalls: LifeCall[] = [];
  readonly activations: WindowActivation[] = [];
  isFrozen = false;
  readonly #components: readonly string[];
  readonly #acksFirst: boolean;
  readonly #batches: TupleBatch[] = [];
  /** How much of each list earlier batches have. */
  readonly #told = { delivered: 0, failed: 0, acked: 0 };

  /** `components` are the names that may stand before the reason of a `fail`; `acksFirst`: spouts hear acks as their batch begins. */
  constructor(components: readonly string[], acksFirst = false) {
    this.#components = components;
    this.#acksFirst = acksFirst;
  }

  /** The batches in which anything was. */
  get batches(): TupleBatch[] {
    return this.#batches.filter(({ delivered, failed, acked }) => delivered.length + failed.length + acked.length > 0);
  }

  readonly ack = (id: MessageId): void => {
    if (this.isFrozen) return;
    this.acked.push(id);
    if (!this.#acksFirst) this.#batches.at(-1)?.acked.push(id);
  };

  readonly delivered = (tuple: DeliveredTuple): void => {
    if (!this.isFrozen) this.deliveries.push(tuple);
  };

  readonly activated = (window: WindowActivation): void => {
    if (!this.isFrozen) this.activations.push(window);
  };

  readonly called = (call: LifeCall): void => {
    this.lifeCalls.push(call);
  };

  readonly listener = (event: JobEvent): void => {
    if (this.isFrozen) return;
    if (event.kind === 'tupleEmitted') {
      const { component, task, stream, values, anchors } = event;
      this.emitted.push({ component, task, stream, values, anchors: [...anchors] });
    } else if (event.kind === 'tupleFailed') {
      this.failed.push({ id: event.id, reason: event.reason, ...this.#blamed(event.by) });
    } else if (event.kind === 'errorReported') {
      const { component, task, error, count } = event;
      this.errors.push({ component, task, error, count });
    } else if (event.kind === 'batchCompleted') {
      const { batchTime, numRecords } = event.batch;
      const delivered = this.deliveries.slice(this.#told.delivered);
      const failed = this.failed.slice(this.#told.failed);
      const acked = this.#acksFirst ? this.acked.slice(this.#told.acked) : [];
      this.#batches.push({ batchTime, numRecords, delivered, failed, acked });
      Object.assign(this.#told, {
        delivered: this.deliveries.length,
        failed: this.failed.length,
        acked: this.acked.length,
      });
    }
  };

  #blamed(by: string | undefined): Pick<FailedTuple, 'component' | 'message'> {
    if (by === undefined) return {};
    const component = this.#components.find((name) => by.startsWith(`${name}: `));
    if (component === undefined || this.#components.includes(by)) return { component: by };
    return { component, message: by.slice(component.length + 2) };
  }
}
