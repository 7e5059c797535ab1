/** Says on stderr what a job goes on from, which of its workers were lost, and which receivers start again. */
import { formatDuration } from '../core/time.js';
import type { StartedJob } from '../host/run.js';
import type { WorkerPoolEvent } from '../host/worker-pool.js';
import type { ReceiverEvent } from '../runtime/events.js';

/** Prints what a job goes on from, and what was found wrong with its folder. Nothing for a job that begins. */
export function tellOrigin({ goesOnFrom, warnings }: Pick<StartedJob, 'goesOnFrom' | 'warnings'>, nowMs: number): void {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  if (goesOnFrom === undefined) return;
  if (goesOnFrom.kind === 'log') return void process.stderr.write('going on from the log, before any checkpoint\n');
  // By stream time, which a job that has to catch up is behind with.
  const ageMs = Math.max(0, Math.round(nowMs - goesOnFrom.time / 1e3));
  const shownMs = ageMs >= 1_000 ? Math.round(ageMs / 1_000) * 1_000 : ageMs;
  process.stderr.write(`going on from checkpoint ${goesOnFrom.epoch}, taken ${formatDuration(shownMs * 1_000)} ago\n`);
}

/** Prints each loss of a worker. One that was never ready ends the job with an error of its own. */
export function tellLosses(): (event: WorkerPoolEvent) => void {
  const ready = new Set<number>();
  return (event) => {
    if (event.kind === 'workerReady') ready.add(event.worker);
    else if (ready.has(event.worker))
      process.stderr.write(`warning: worker ${event.worker} was lost: ${shortReason(event.reason)}\n`);
  };
}

/** Prints each time that a receiver lost its connection, and when it is there again. */
export function tellReceiver(event: ReceiverEvent): void {
  const { source, message } = event;
  if (event.kind === 'receiverStarted') return void process.stderr.write(`source '${source}': ${message}\n`);
  const next = `attempt ${event.attempt} of ${event.attemptsMax} in ${formatDuration(event.delay)}`;
  process.stderr.write(`warning: source '${source}': ${message}; ${next}\n`);
}

/** The first line, and of what a process said with its last breath only that its memory was full. */
function shortReason(reason: string): string {
  const [first = ''] = reason.split(/; it said:|\n/);
  const isFull = reason.includes('out of memory') && !first.includes('memory');
  return isFull ? `${first}, out of memory` : first;
}
