/** Runs a decorated job on an input in which a record is missing or comes twice, and judges it by the whole input. */
import { withIds } from '../../../src/compare/provenance/record-ids.js';
import { withProvenance } from '../../../src/compare/provenance/with-provenance.js';
import { expectedParts, stateList } from '../../../src/compare/recovery/expected-parts.js';
import { type FaultRun, type FaultVerdict, judgeFaultRun } from '../../../src/compare/recovery/judge-fault-run.js';
import { RecordNames } from '../../../src/compare/recovery/record-names.js';
import type { ResultList } from '../../../src/compare/result-list.js';
import type { Trace } from '../../../src/compare/trace.js';
import { compile } from '../../../src/plan/compile.js';
import type { SinkOperator } from '../../../src/plan/plan.js';
import type { Built } from '../../executors/random/build.js';
import { runIn, type Way } from '../../executors/random/judge.js';

/** What happens to one record of the first source. Stream time goes on as if nothing had happened. */
export interface Alteration {
  readonly partition: number;
  readonly offset: number;
  /** How often it comes. */
  readonly times: number;
}

export const MICRO_BATCH: Way = { mode: 'micro-batch', atOnce: true, heartbeatEach: 1 };
export const RECORD: Way = { mode: 'record', atOnce: true, heartbeatEach: 1 };

/** What a run gave, ready to be judged. */
export async function runAltered(built: Built, alterations: readonly Alteration[], way: Way): Promise<FaultRun> {
  const { topology, trace, operators } = built;
  const altered = alterations.reduce(altering, withIds(trace));
  const { job, sinks } = await runIn({ topology: withProvenance(topology), trace: altered, operators }, way);
  if (job.error !== undefined) throw job.error;
  const captured = compile(topology).operators.filter((operator): operator is SinkOperator => operator.kind === 'sink');
  const expected = await expectedParts(
    topology,
    trace,
    captured.map(({ name, delivery, slide }) => ({ name, interval: delivery === 'interval' ? slide : undefined })),
  );
  const actual = new Map<string, ResultList>();
  for (const { name } of expected) {
    const [kind, ...rest] = name.split(' ');
    if (kind === 'sink') {
      const { results } = sinks.get(rest.join(' '))!;
      const [values, timestamps] = [results.map(({ value }) => value), results.map(({ timestamp }) => timestamp)];
      actual.set(name, { values, timestamps, windowEnds: results.map(({ windowEnd }) => windowEnd) });
    } else {
      const states = Array.from(job.state(name.slice('state of '.length)), ([key, value]) => ({ key, value }));
      actual.set(name, stateList(states));
    }
  }
  return { guarantee: 'exactly-once', expected, actual, names: new RecordNames(trace), replayed: 0, reexecuted: 0 };
}

export async function judgeAltered(
  built: Built,
  alterations: readonly Alteration[],
  way: Way,
  more: Partial<FaultRun> = {},
): Promise<FaultVerdict> {
  return judgeFaultRun({ ...(await runAltered(built, alterations, way)), ...more });
}

function altering(trace: Trace, { partition, offset, times }: Alteration): Trace {
  const [first, ...others] = trace.sources as [Trace['sources'][number], ...Trace['sources']];
  const partitions = first.partitions.map((sequence, i) => {
    if (i !== partition) return sequence;
    const offsets = Array.from(sequence.values, (_, at) => Array<number>(at === offset ? times : 1).fill(at)).flat();
    return {
      values: offsets.map((at) => sequence.values[at]),
      timestamps: Float64Array.from(offsets, (at) => sequence.timestamps[at]!),
      heartbeats: sequence.heartbeats.map((beat) => ({
        ...beat,
        at: beat.at > offset ? beat.at + times - 1 : beat.at,
      })),
    };
  });
  return { sources: [{ ...first, partitions }, ...others] };
}
