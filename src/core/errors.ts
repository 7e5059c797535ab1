/** The one error class and the one table of error codes. */

/** Exit codes of the command line, by what failed. */
export const EXIT = { ok: 0, job: 1, usage: 2, verdict: 3, threshold: 4, environment: 5, interrupted: 130 } as const;

/** Every code that raingauge can print, with the exit code it leads to and what `raingauge explain CODE` says. */
export const ERRORS = {
  RG001: { exit: 2, title: 'no such job file' },
  RG002: { exit: 2, title: 'no such export in the job file, or the export is no topology' },
  RG003: { exit: 1, title: 'the job file threw while it was loaded' },
  RG004: { exit: 2, title: 'unknown command, flag or value' },
  RG005: { exit: 2, title: 'unknown source or sink name' },
  RG006: { exit: 2, title: 'unknown or malformed source or sink URI' },
  RG010: { exit: 2, title: 'not a duration' },
  RG011: { exit: 2, title: 'not a valid number, rate or limit' },
  RG012: { exit: 2, title: 'a window or slide is no multiple of its parent’s slide' },
  RG013: { exit: 2, title: 'a topology without a source, or without a sink' },
  RG014: { exit: 2, title: 'a duplicate uid or name' },
  RG015: { exit: 2, title: 'a cycle in the topology' },
  RG016: { exit: 2, title: 'a stream that nothing consumes' },
  RG017: { exit: 2, title: 'a guarantee that cannot hold' },
  RG018: { exit: 2, title: 'a grouping that does not fit its stream' },
  RG019: { exit: 2, title: 'not available in this mode' },
  RG020: { exit: 2, title: 'timestamps in the wrong place' },
  RG021: { exit: 2, title: 'streams with different slides' },
  RG022: { exit: 2, title: 'a name that may not be used' },
  RG023: { exit: 2, title: 'a topology that is not built in one go' },
  RG030: { exit: 1, title: 'a user function threw' },
  RG031: { exit: 1, title: 'a user function returned a promise' },
  RG032: { exit: 1, title: 'a user function returned the wrong shape' },
  RG033: { exit: 1, title: 'not a key' },
  RG034: { exit: 1, title: 'not a timestamp' },
  RG035: { exit: 1, title: 'a record failed too often' },
  RG036: { exit: 1, title: 'a bolt misused its collector' },
  RG037: { exit: 1, title: 'an inverse function that is no inverse' },
  RG038: { exit: 1, title: 'a state that is not there, or cannot be changed now' },
  RG039: { exit: 1, title: 'a custom grouping that chose a task that is not there' },
  RG040: { exit: 5, title: 'a file that is missing or cannot be read or written' },
  RG041: { exit: 5, title: 'a folder where a file is needed' },
  RG042: { exit: 1, title: 'invalid UTF-8' },
  RG043: { exit: 5, title: 'a connection that was refused or broke' },
  RG044: { exit: 1, title: 'a record that is too large' },
  RG045: { exit: 1, title: 'an input without any record' },
  RG046: { exit: 5, title: 'an output that cannot be written' },
  RG048: { exit: 1, title: 'a record, or a schema, that does not decode' },
  RG049: { exit: 1, title: 'a result that a format cannot hold, or the other side refuses for good' },
  RG050: { exit: 5, title: 'a package or tool that is missing' },
  RG051: { exit: 5, title: 'this Node.js is too old' },
  RG052: { exit: 5, title: 'a checkpoint folder that another driver holds' },
  RG053: { exit: 5, title: 'a checkpoint folder of another job, mode or plan' },
  RG054: { exit: 5, title: 'a checkpoint or log that is damaged' },
  RG055: { exit: 5, title: 'a checkpoint or log of a newer version' },
  RG056: { exit: 1, title: 'a value that a checkpoint cannot hold' },
  RG057: { exit: 5, title: 'a checkpoint or log that cannot be written' },
  RG058: { exit: 1, title: 'a worker that cannot load the job, or has another plan' },
  RG059: { exit: 1, title: 'workers that were lost too often' },
  RG060: { exit: 3, title: 'the modes disagree' },
  RG061: { exit: 1, title: 'the run is invalid' },
  RG062: { exit: 3, title: 'the guarantee was broken' },
  RG063: { exit: 2, title: 'a fault plan that names what does not exist' },
  RG064: { exit: 1, title: 'records that can no longer be read' },
  RG065: { exit: 1, title: 'a call that took too long' },
  RG066: { exit: 1, title: 'a state of more keys than its limit' },
  RG080: { exit: 1, title: 'a Kafka topic that is not there, or is not what it was' },
  RG081: { exit: 5, title: 'a Kafka cluster that refuses, or a client that cannot do what is asked' },
  RG070: { exit: 2, title: 'a folder that is not empty' },
  RG075: { exit: 5, title: 'an optional package that is missing' },
} as const;

/** A code of the table `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS;

/** Where in the user's project an error belongs. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every error that raingauge reports: what is wrong with which rule, and what to do. Never a bare `Error`. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: ErrorCode;
  /** What to do, as an imperative half sentence. */
  readonly hint: string;
  readonly place: Place | undefined;
  /** The operator's uid when a user function is at fault. */
  readonly operator: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    more: { readonly place?: Place | undefined; readonly cause?: unknown; readonly operator?: string | undefined } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = hint;
    this.place = more.place;
    this.operator = more.operator;
  }
}

/** Several problems found at once: validation returns all, not the first. */
export class StreamErrors extends Error {
  override readonly name = 'StreamErrors';
  readonly problems: readonly StreamError[];

  constructor(problems: readonly StreamError[]) {
    super(problems.map((problem) => `${problem.code}: ${problem.message}`).join('\n'));
    this.problems = problems;
  }
}

/** The closest of `names` to a misspelt one, when it is close enough to suggest. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    // So many letters must at least be added: a text of any length is soon known to be none of them.
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}
