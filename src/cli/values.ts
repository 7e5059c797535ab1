/** Reads the values of flags: durations, rates, counts, `NAME=URI`. Each error names its flag. */
import { StreamError } from '../core/errors.js';
import { type Duration, parseDuration } from '../core/time.js';
import { suggest } from '../host/suggest.js';
import { UsageError } from './usage-error.js';

/** Reads `500ms`, `2s`, `1m` above 0. @throws UsageError `RG010`. */
export function durationOf(flag: string): (text: string) => Duration {
  return (text) => {
    let value: Duration;
    try {
      value = parseDuration(text);
    } catch (error) {
      if (error instanceof StreamError) throw new UsageError(error.code, `${flag}: ${error.message}`, error.hint, flag);
      throw error;
    }
    if (value > 0) return value;
    throw new UsageError(
      'RG010',
      `${flag}: '${text}' is no time at all; it must be longer than 0`,
      'use for example 500ms',
      flag,
    );
  };
}

const SCALE: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6 };

/** Reads a whole number above 0: `200`, `10k`, `1.5M`. @throws UsageError `RG011`. */
export function countOf(flag: string, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([kKM]?)$/.exec(text.trim());
    const value = match === null ? Number.NaN : Number((Number(match[1]) * (SCALE[match[2]!] ?? 1)).toFixed(6));
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    const rule = most === Number.MAX_SAFE_INTEGER ? '1 or more' : `from 1 to ${most}`;
    throw new UsageError(
      'RG011',
      `${flag}: '${text}' is no whole number, ${rule}`,
      'write for example 200, 10k or 2M',
      flag,
    );
  };
}

/** Reads records a second: `2000`, `5k`, `5k/s`. @throws UsageError `RG011`. */
export function rateOf(flag: string): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)([kKM]?)(?:\/s)?$/.exec(text.trim());
    const value = match === null ? Number.NaN : Number(match[1]) * (SCALE[match[2]!] ?? 1);
    if (value > 0 && value <= 1e9) return value;
    throw new UsageError(
      'RG011',
      `${flag}: '${text}' is no rate in records a second, above 0`,
      'write for example 2000, 5k or 5k/s',
      flag,
    );
  };
}

/** Reads a whole number from 0. @throws UsageError `RG011`. */
export function seedOf(flag: string): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new UsageError(
      'RG011',
      `${flag}: '${text}' is no seed: it must be a whole number, 0 or more`,
      'write for example 42',
      flag,
    );
  };
}

/** Reads the number of a checkpoint. @throws UsageError `RG011`. */
export function epochOf(what: string): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (value >= 1) return value;
    const at = what.startsWith('--') ? what : text;
    throw new UsageError(
      'RG011',
      `${what}: '${text}' is no epoch: it must be a whole number, 1 or more`,
      'raingauge state ls DIR lists them',
      at,
    );
  };
}

/** Reads one of several words. @throws UsageError `RG004` with the nearest of them. */
export function oneOf<W extends string>(flag: string, words: readonly W[]): (text: string) => W {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new UsageError(
      'RG004',
      `${flag}: '${text}' is not one of ${words.join(', ')}`,
      suggest(text, words, 'known values'),
      flag,
    );
  };
}

/** Collects `NAME=URI` of a repeatable flag; the environment variable holds several with blanks between. @throws UsageError `RG006`, and `RG004` for a name given twice. */
export function endsOf(
  flag: string,
): (text: string, before: Readonly<Record<string, string>> | undefined) => Readonly<Record<string, string>> {
  return (text, before = {}) => {
    const ends = new Map(Object.entries(before));
    // Blanks are looked at from their first one only, else many of them would be looked at again and again.
    for (const part of text.split(/(?<!\s)\s+(?=[\w.-]+=)/)) {
      const at = part.indexOf('=');
      if (at <= 0 || at === part.length - 1) {
        throw new UsageError(
          'RG006',
          `${flag}: '${part}' is not NAME=URI`,
          `write for example ${flag} ${EXAMPLE_ENDS[flag] ?? 'lines=file:book.txt'}`,
          flag,
        );
      }
      const name = part.slice(0, at);
      if (ends.has(name)) {
        const message = `${flag}: '${name}' is given twice, as ${ends.get(name)} and as ${part.slice(at + 1)}`;
        throw new UsageError('RG004', message, 'keep one of them', part);
      }
      ends.set(name, part.slice(at + 1));
    }
    return Object.fromEntries(ends);
  };
}

const EXAMPLE_ENDS: Readonly<Record<string, string>> = {
  '--source': 'lines=file:book.txt',
  '--sink': 'counts=file:counts.txt',
};
