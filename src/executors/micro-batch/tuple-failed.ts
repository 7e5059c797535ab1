/** What a bolt gave up: a tuple that it failed, or answered in no way. It is tried again with its batch, before its spout hears of it. */
import { StreamError } from '../../core/errors.js';
import type { BoltOperator } from '../../plan/plan.js';
import type { Values } from '../../topology/components.js';
import type { MessagePlace } from './spout-message.js';
import { messagesOf, type Origin } from './task-context.js';

/** The tuple, as far as it matters here. */
interface GivenUp {
  readonly values: Values;
  readonly origin: Origin;
}

export class TupleFailed extends StreamError {
  /** The messages that it came of; none where it came of sources. */
  readonly messages: readonly MessagePlace[];
  readonly values: Values;
  readonly by: string;
  /** Who gave it up, and the reason that the bolt gave. */
  readonly blamed: string;

  constructor({ name, place }: BoltOperator, { values, origin }: GivenUp, why: string, hint: string, reason?: string) {
    super('RG035', `a tuple ${why}`, hint, { operator: name, place });
    this.messages = messagesOf(origin);
    this.values = values;
    this.by = name;
    this.blamed = reason === undefined ? name : `${name}: ${reason}`;
  }
}
