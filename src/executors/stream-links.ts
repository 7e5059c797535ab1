/** Finds the link of a component's declared stream. */
import { nearest, StreamError } from '../core/errors.js';
import type { BoltOperator, SpoutOperator } from '../plan/plan.js';
import type { Chain } from './chain.js';
import type { Link } from './link.js';

/** A function from a stream's name to its link. @throws StreamError `RG036` for an undeclared stream, or the wrong kind of emit. */
export function streamLinks(
  component: SpoutOperator | BoltOperator,
  chain: Chain,
): (stream: string, direct: boolean) => Link {
  const links = new Map(
    component.streams.map((stream) => [stream.name, { direct: stream.direct, link: chain.output(stream.name) }]),
  );
  return (stream, direct) => {
    const found = links.get(stream);
    if (found === undefined || found.direct !== direct) throw misuse(component, stream, found);
    return found.link;
  };
}

/** @throws StreamError `RG036` as `streamLinks`, where there is no chain yet. */
export function checkStream(component: SpoutOperator, stream: string, direct: boolean): void {
  const found = component.streams.find(({ name }) => name === stream);
  if (found === undefined || found.direct !== direct) throw misuse(component, stream, found);
}

function misuse(
  { name, place, streams }: SpoutOperator | BoltOperator,
  stream: string,
  declared: { readonly direct: boolean } | undefined,
): StreamError {
  const error = (message: string, hint: string): StreamError =>
    new StreamError('RG036', `'${name}' ${message}`, hint, { operator: name, place });
  if (declared !== undefined)
    return declared.direct
      ? error(`used a regular emit on the direct stream '${stream}'`, 'use emitDirect')
      : error(`used emitDirect on '${stream}', which is not a direct stream`, "declare it 'direct', or use emitTo");
  const near = nearest(
    stream,
    streams.map((known) => known.name),
  );
  return error(
    `emitted to stream '${stream}', which it does not declare`,
    near === undefined ? `declare it: streams: { ${stream}: 'grouped' }` : `did you mean '${near}'?`,
  );
}
