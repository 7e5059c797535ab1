/** Writes a run's events to the log, each at the level at which someone would look for it. */
import type { JobEvent, Listener } from '../runtime/events.js';
import type { LogLevel } from '../runtime/log.js';

/** A listener that logs; undefined for `silent`, so that a run without a log makes no events at all. */
export async function eventLog(level: LogLevel): Promise<Listener | undefined> {
  if (level === 'silent') return undefined;
  const { createLog } = await import('../runtime/log.js');
  const log = createLog({ level });
  return (event) => {
    const severity = severityOf(event);
    if (severity === 'trace' && level !== 'trace') return;
    const { kind, ...fields } = event;
    log[severity === 'trace' ? 'debug' : severity](fields, kind);
  };
}

/** `trace` for what happens for each record. */
function severityOf(event: JobEvent): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (event.kind) {
    case 'jobStarted':
    case 'jobEnded':
    case 'sourceEnded':
    case 'tupleReplayed':
    case 'receiverError':
    case 'receiverStarted':
      return 'info';
    case 'batchSubmitted':
    case 'batchCompleted':
      return 'debug';
    case 'taskFailed':
    case 'tupleFailed':
    case 'errorReported':
      return 'warn';
    case 'deadLetter':
      return 'error';
    default:
      return 'trace';
  }
}
