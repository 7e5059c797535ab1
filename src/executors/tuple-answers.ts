/** What a bolt may do with its tuples: anchor to them while they are open, and answer each once. */
import { StreamError } from '../core/errors.js';
import type { BoltOperator } from '../plan/plan.js';
import type { DeliveredTuple } from '../topology/delivered-tuple.js';

/** A tuple may still be anchored to. @throws StreamError `RG036` if it is answered. */
export function checkOpen({ answer }: DeliveredTuple, { name, place }: BoltOperator): void {
  if (answer === 'none') return;
  throw new StreamError(
    'RG036',
    `'${name}' emitted a tuple anchored to one that it had ${answer} before`,
    'emit first, then ack',
    { operator: name, place },
  );
}

/**
 * The stream time of what a bolt emits while it executes a tuple or tick of `time`: that of its first anchor. What comes of windows has the
 * time of what closed them: their tuples are older than the watermark that went on, by however much.
 */
export function timeOfEmit({ windows }: BoltOperator, anchors: readonly DeliveredTuple[], time: number): number {
  return windows === undefined ? (anchors[0]?.timestamp ?? time) : time;
}

/** Takes a bolt's answer. @throws StreamError `RG036` if there is one already. */
export function takeAnswer(tuple: DeliveredTuple, answer: 'acked' | 'failed', { name, place }: BoltOperator): void {
  if (tuple.answer !== 'none')
    throw new StreamError(
      'RG036',
      `'${name}' ${answer} a tuple that it had ${tuple.answer} before`,
      'answer each tuple once',
      { operator: name, place },
    );
  tuple.answer = answer;
}

/** The error for an object that the engine did not deliver. */
export function notDelivered(component: string): StreamError {
  return new StreamError(
    'RG036',
    `'${component}' used a tuple that was not delivered to it`,
    'anchor to, ack and fail only tuples that execute() got',
    { operator: component },
  );
}
