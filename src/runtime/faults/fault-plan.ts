/** Faults as data: what is to break, where and when; read from text, and written back. It breaks nothing itself. */
import { nearest, StreamError } from '../../core/errors.js';

/** When a fault strikes: at a share of the input, after so many records, or after so much time (us) since the job began. */
export type FaultTime =
  | { readonly unit: 'share'; readonly value: number }
  | { readonly unit: 'records'; readonly value: number }
  | { readonly unit: 'time'; readonly value: number };

/** One fault. */
export type Fault =
  /** The worker that runs a task of the component, or the driver: killed (SIGKILL), ended, or stopped for a while (SIGSTOP). */
  | {
      readonly kind: 'kill' | 'terminate' | 'stop';
      /** Uid or name of a component, or `driver`. */
      readonly target: string;
      readonly at: FaultTime;
      /** How long it is stopped (us). */
      readonly span: number;
    }
  /** The n-th ack or fail from, or tuple to, a component. A delay has a length (us). */
  | {
      readonly kind: 'drop-ack' | 'duplicate-ack' | 'delay-ack' | 'drop-fail' | 'drop-tuple';
      readonly target: string;
      readonly nth: number;
      readonly span: number;
    }
  /** The functions of an operator throw at the n-th call, `times` calls in a row, or take longer by `span` (us). */
  | {
      readonly kind: 'throw' | 'slow';
      readonly target: string;
      readonly nth: number;
      readonly times: number;
      readonly span: number;
    }
  /** The n-th write or sync below a path that contains `target` fails; a torn write leaves a part. A full disk stays full for `span` writes. */
  | {
      readonly kind: 'fail-write' | 'fail-sync' | 'torn-write' | 'disk-full';
      readonly target: string;
      readonly nth: number;
      readonly times: number;
    }
  /** An acker task, by its number, loses all that it knows. */
  | { readonly kind: 'lose-acker'; readonly target: string; readonly at: FaultTime; readonly span: number }
  /** Simulated only. The clock jumps by `span` (us): back only while the driver is down. */
  | { readonly kind: 'jump'; readonly target: 'clock'; readonly at: FaultTime; readonly span: number }
  /** Simulated only. For `span` (us) nothing gets through that workers say; then all of it does, in order. */
  | { readonly kind: 'clog'; readonly target: 'workers'; readonly at: FaultTime; readonly span: number }
  /** Simulated only. A life of the driver, by its number, ends at its n-th step: an event, or the beginning or end of what it asks of files. */
  | { readonly kind: 'crash'; readonly target: string; readonly nth: number }
  /** Simulated only. When the driver is down for the n-th time, a bit of a file is flipped whose path contains `target`. */
  | { readonly kind: 'flip'; readonly target: string; readonly nth: number }
  /** A source gives nothing for a while. */
  | { readonly kind: 'disconnect'; readonly target: string; readonly at: FaultTime; readonly span: number };

/** Faults of one run. */
export type FaultPlan = readonly Fault[];

type Kind = Fault['kind'];

/** What a kind needs behind its target: a time or a count, and what `+` and `x` mean. */
const FORMS: Readonly<
  Record<Kind, { readonly when: 'time' | 'count'; readonly span?: number; readonly times?: number }>
> = {
  kill: { when: 'time' },
  terminate: { when: 'time' },
  stop: { when: 'time', span: 1_000_000 },
  'lose-acker': { when: 'time' },
  jump: { when: 'time', span: 1_000_000 },
  clog: { when: 'time', span: 1_000_000 },
  crash: { when: 'count' },
  flip: { when: 'count' },
  disconnect: { when: 'time', span: 1_000_000 },
  'drop-ack': { when: 'count' },
  'duplicate-ack': { when: 'count' },
  'delay-ack': { when: 'count', span: 100_000 },
  'drop-fail': { when: 'count' },
  'drop-tuple': { when: 'count' },
  throw: { when: 'count', times: 1 },
  slow: { when: 'count', times: 1, span: 100_000 },
  'fail-write': { when: 'count', times: 1 },
  'fail-sync': { when: 'count', times: 1 },
  'torn-write': { when: 'count', times: 1 },
  'disk-full': { when: 'count', times: 1 },
};

/** Kinds that only a simulated World can do. */
export const SIMULATED_KINDS: ReadonlySet<Fault['kind']> = new Set(['jump', 'clog', 'crash', 'flip']);

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000, min: 60_000_000, h: 3_600_000_000 };

/** `KIND:TARGET@WHEN`, with `+LENGTH` for how long and `xTIMES` for how often. */
const TEXT =
  /^([a-z-]+):([^@]+)@(\d+(?:\.\d+)?)(%|us|ms|s|min|h)?(?:([+-])(\d+(?:\.\d+)?)(us|ms|s|min|h))?(?:x(\d+))?$/;

const EXAMPLES = 'kill:counts@50%, stop:counts@2s+3s, drop-ack:counts@100 or throw:counts@1000';

/**
 * Reads one fault.
 *
 * @throws StreamError `RG063` for what is no fault.
 */
export function parseFault(text: string): Fault {
  const match = TEXT.exec(text.trim());
  if (match === null) throw malformed(text, `write KIND:TARGET@WHEN, such as ${EXAMPLES}`);
  const [, kind = '', target = '', amount = '', unit, sign, length, lengthUnit = '', times] = match;
  if (!isKind(kind)) {
    const near = nearest(kind, Object.keys(FORMS));
    throw malformed(
      text,
      near === undefined ? `the kinds are ${Object.keys(FORMS).join(', ')}` : `did you mean '${near}'?`,
    );
  }
  const form = FORMS[kind];
  const given = length === undefined ? (form.span ?? 0) : timeIn(text, Number(length), lengthUnit);
  const span = sign === '-' ? 0 - given : given;
  if (length !== undefined && form.span === undefined) throw malformed(text, `'${kind}' takes no length`);
  if (times !== undefined && form.times === undefined) throw malformed(text, `'${kind}' takes no xTIMES`);
  const often = Number(times ?? form.times ?? 1);
  if (!Number.isSafeInteger(often) || often < 1) throw malformed(text, `xTIMES is a whole number from 1 on, as in x3`);
  const parts = { kind, target, span, times: often };
  if (form.when === 'count') {
    const nth = Number(amount);
    if (unit !== undefined || !Number.isSafeInteger(nth) || nth < 1)
      throw malformed(text, `'${kind}' counts: @1 is the first, as in ${kind}:${target}@100`);
    return { ...parts, nth } as Fault;
  }
  return { ...parts, at: timeOf(text, Number(amount), unit) } as Fault;
}

/** Reads a file of faults: one a line; empty lines and lines with `#` are left out. @throws StreamError `RG063` */
export function parseFaults(text: string): FaultPlan {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const fault = line.replace(/#.*/, '').trim();
    return fault === '' ? [] : [parseLine(fault, index + 1)];
  });
}

function parseLine(text: string, line: number): Fault {
  try {
    return parseFault(text);
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    throw new StreamError(error.code, `line ${line}: ${error.message}`, error.hint);
  }
}

/** Writes a fault so that `parseFault` gives it again. */
export function showFault(fault: Fault): string {
  const { when, span, times } = FORMS[fault.kind];
  const place = when === 'count' ? String((fault as { nth: number }).nth) : showTime((fault as { at: FaultTime }).at);
  const length = (fault as { span?: number }).span;
  const often = (fault as { times?: number }).times;
  const withSpan =
    span === undefined || length === undefined ? '' : `${length < 0 ? '-' : '+'}${showLength(Math.abs(length))}`;
  return `${fault.kind}:${fault.target}@${place}${withSpan}${times === undefined || often === 1 ? '' : `x${often}`}`;
}

function timeOf(text: string, amount: number, unit: string | undefined): FaultTime {
  if (unit === undefined) {
    if (!Number.isSafeInteger(amount)) throw malformed(text, 'records are counted in whole numbers');
    return { unit: 'records', value: amount };
  }
  if (unit !== '%') return { unit: 'time', value: timeIn(text, amount, unit) };
  if (amount > 100) throw malformed(text, 'a share of the input is at most 100%');
  const parts = Math.round(amount * PERCENT_PARTS);
  if (parts === 0 && amount > 0) throw malformed(text, 'a share of the input is 0% or at least 0.000001%');
  return { unit: 'share', value: parts / (100 * PERCENT_PARTS) };
}

/** What is smaller than a millionth of a percent is no other share, so that each is written as it is read. */
const PERCENT_PARTS = 1_000_000;

/** In whole microseconds. */
function timeIn(text: string, amount: number, unit: string): number {
  const time = Math.round(amount * UNITS[unit]!);
  if (Number.isSafeInteger(time)) return time;
  throw malformed(text, `${amount}${unit} is longer than time is counted; write for example 3s`);
}

function showTime({ unit, value }: FaultTime): string {
  if (unit === 'share') return `${Math.round(value * 100 * PERCENT_PARTS) / PERCENT_PARTS}%`;
  return unit === 'records' ? String(value) : showLength(value);
}

function showLength(length: number): string {
  if (length % 1_000_000 === 0) return `${length / 1_000_000}s`;
  return length % 1_000 === 0 ? `${length / 1_000}ms` : `${length}us`;
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(FORMS, text);
}

function malformed(text: string, hint: string): StreamError {
  return new StreamError('RG063', `'${text}' is no fault`, hint);
}
