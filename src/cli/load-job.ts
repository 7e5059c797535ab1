/** Loads JOB of a command line: its errors are shown there, and a file that never finishes loading ends the command. */
import { ERRORS, StreamError } from '../core/errors.js';
import { loadJob as load } from '../host/load-job.js';
import type { Topology } from '../topology/graph.js';
import { printError } from './print-error.js';
import { UsageError } from './usage-error.js';

/** Loads a job. @throws StreamError `RG001`, `RG002`, `RG003` as the host's `loadJob`. */
export async function loadJob(job: string): Promise<Topology> {
  try {
    return await load(job, stuck);
  } catch (error) {
    if (!(error instanceof StreamError) || (error.code !== 'RG001' && error.code !== 'RG002')) throw error;
    throw new UsageError(error.code, error.message, error.hint, job);
  }
}

function stuck(error: StreamError): void {
  printError(error);
  process.exit(ERRORS[error.code].exit);
}
