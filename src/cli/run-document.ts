/** `raingauge run --json`: a run's result as one JSON document with a versioned schema. */
import type { StreamError } from '../core/errors.js';
import type { JobResult } from '../executors/executor.js';
import type { SinkUnits } from './sink-units.js';

/** The schema of the document. A field may be added within a version, never change its meaning. */
const RUN_SCHEMA = 'raingauge/run@1';

/** The document, without the state of operators. Durations are in microseconds, as everywhere inside. */
export function runDocument(
  job: string,
  flags: { readonly seed?: number },
  result: JobResult,
  resultUnits: SinkUnits,
  error: StreamError | undefined,
): string {
  const { state: _, mode, outcome, duration, recordsRead, resultsWritten, ...figures } = result;
  const document = {
    schema: RUN_SCHEMA,
    job,
    mode,
    seed: flags.seed ?? 1,
    outcome,
    duration,
    recordsRead,
    resultsWritten,
    /** What `resultsWritten` counts at each sink: every result, or closed intervals with all their results. */
    resultUnits,
    ...figures,
    error: error === undefined ? null : plainError(error),
    deadLetters: result.deadLetters.map((letter) => ({ ...letter, error: plainError(letter.error) })),
  };
  return JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
}

function plainError({ code, message, hint, operator, place }: StreamError): object {
  return { code, message, hint, operator: operator ?? null, place: place ?? null };
}
