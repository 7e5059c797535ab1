/** What sources that take requests, and sinks that answer them, share in a run. */
import { OpenRequests } from '../connectors/open-requests.js';
import { StreamError, StreamErrors } from '../core/errors.js';
import type { Plan, SinkOperator, SourceOperator } from '../plan/plan.js';
import type { World } from '../runtime/world.js';
import type { Listeners } from './listeners.js';
import type { RunOptions } from './run-options.js';

/**
 * The requests of a run; undefined where no source takes any, or where ends are brought from outside. Whoever waits for a record that is set
 * aside hears so.
 *
 * @throws StreamErrors `RG013` for requests that nobody would answer, and answers to nobody.
 */
export function requestsOf(
  { operators }: Plan,
  { openers, readers, writers }: Pick<RunOptions, 'openers' | 'readers' | 'writers'>,
  world: World,
  listeners: Listeners,
): OpenRequests | undefined {
  if (openers !== undefined || readers !== undefined || writers !== undefined) return undefined;
  const asking = operators.filter(
    (operator): operator is SourceOperator => operator.kind === 'source' && operator.spec.options['reply'] === true,
  );
  const answering = operators.filter(
    (operator): operator is SinkOperator => operator.kind === 'sink' && operator.spec.kind === 'reply',
  );
  if (asking.length === 0 && answering.length === 0) return undefined;
  const problems =
    asking.length === 0 ? answering.map(asksNobody) : answering.length === 0 ? asking.map(unanswered) : [];
  if (problems.length > 0) throw new StreamErrors(problems);
  const requests = new OpenRequests(world);
  listeners.watch((event) => {
    if (event.kind === 'deadLetter') requests.setAside(event.component, event.offset, event.code);
  });
  return requests;
}

function asksNobody({ name, place }: SinkOperator): StreamError {
  const message = `sink '${name}' answers requests, and no source takes any`;
  return new StreamError('RG013', message, 'begin with http({ port, reply: true })', { place });
}

function unanswered({ name, place }: SourceOperator): StreamError {
  const message = `source '${name}' takes requests, and no sink answers them`;
  return new StreamError('RG013', message, "end with .to('answers', reply()), or leave out reply", { place });
}
