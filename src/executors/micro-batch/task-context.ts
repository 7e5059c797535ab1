/** What is known of the record at hand in a task: its times, who wrote it, and the spout messages that it came of. */
import type { RecordContext } from '../../kernels/kernel.js';
import type { MessagePlace } from './spout-message.js';

/** The messages of user-written spouts that a record came of; undefined where it came of none. */
export type Origin = MessagePlace | readonly MessagePlace[] | undefined;

export interface TaskContext extends RecordContext {
  /** Which of the task's inputs it came over: counts the tasks of all stages that write to it. */
  producer: number;
  origin: Origin;
}

export function newTaskContext(): TaskContext {
  return { timestamp: 0, windowEnd: Number.NaN, producer: 0, origin: undefined };
}

/** The messages of an origin. */
export function messagesOf(origin: Origin): readonly MessagePlace[] {
  if (origin === undefined) return [];
  return Array.isArray(origin) ? origin : [origin as MessagePlace];
}

/** Those of several records, each once. */
export function originOf(origins: readonly Origin[]): Origin {
  if (origins.length < 2) return origins[0];
  const messages = new Set(origins.flatMap(messagesOf));
  return messages.size < 2 ? [...messages][0] : [...messages];
}
