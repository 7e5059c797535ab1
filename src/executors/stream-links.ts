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
  const fail = (message: string, hint: string): StreamError =>
    new StreamError('RG036', `'${component.name}' ${message}`, hint, {
      operator: component.name,
      place: component.place,
    });
  return (stream, direct) => {
    const found = links.get(stream);
    if (found === undefined) {
      const near = nearest(stream, [...links.keys()]);
      throw fail(
        `emitted to stream '${stream}', which it does not declare`,
        near === undefined ? `declare it: streams: { ${stream}: 'grouped' }` : `did you mean '${near}'?`,
      );
    }
    if (found.direct !== direct) {
      throw direct
        ? fail(`used emitDirect on '${stream}', which is not a direct stream`, "declare it 'direct', or use emitTo")
        : fail(`used a regular emit on the direct stream '${stream}'`, 'use emitDirect');
    }
    return found.link;
  };
}
