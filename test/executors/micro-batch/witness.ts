/** What a chain of drivers left, as the judge of random jobs asks for it. */
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import type { Witness } from '../random/judge.js';
import type { Life } from './incarnations.js';

export function witness({ job, sinks }: Life): Witness {
  return {
    job,
    sinks: new Map(
      [...sinks].map(([name, { visible }]) => {
        const sink = new CapturedSink('record');
        sink.results.push(...visible);
        return [name, sink] as const;
      }),
    ),
  };
}
