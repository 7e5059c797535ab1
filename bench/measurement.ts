/** What a variant takes and gives, and the checksum by which variants of one job must agree. */
import { readFileSync } from 'node:fs';

/** What a variant is told. */
export interface VariantInput {
  /** Lines of a word count, roots of a null job, and in proportion the amount of any other work. */
  readonly lines: number;
  readonly seed: number;
}

/** What one run of a variant measured. */
export interface Measurement {
  /** The timed part by the clock (ms). */
  readonly ms: number;
  /** The part of `ms` in which the main thread had a core (ms): what is left when others use the machine too. */
  readonly onCoreMs: number;
  /** Units of work in it: lines, roots, tuples, edges. */
  readonly count: number;
  /** Equal for all variants of one job on one input. */
  readonly checksum?: string;
  /** Further numbers by name. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** Makes its input, runs once, and measures that one run. */
export type Variant = (input: VariantInput) => Measurement | Promise<Measurement>;

/** Starts timing; the function that it returns says what has passed since. */
export function startTimer(): () => Pick<Measurement, 'ms' | 'onCoreMs'> {
  const onCore = onCoreMs();
  const began = performance.now();
  return () => ({ ms: performance.now() - began, onCoreMs: onCoreMs() - onCore });
}

/** Linux says how long the main thread ran, in ns; elsewhere the clock stands in. */
function onCoreMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** Collects garbage of the preparation, so that the timed part does not pay for it. Needs `--expose-gc`. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** A checksum over counts by word that does not depend on their order. */
export function checksumOf(counts: Iterable<readonly [unknown, number]>): string {
  let words = 0;
  let total = 0;
  let mixed = 0;
  for (const [word, count] of counts) {
    const text = String(word);
    let hash = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    mixed = (mixed + Math.imul(hash ^ (hash >>> 15), count | 1) + count) | 0;
    words += 1;
    total += count;
  }
  return `${words} words, ${total} in all, ${(mixed >>> 0).toString(16).padStart(8, '0')}`;
}
