/** Why the figures differ, in a sentence made of the figures, and what to try next. */
import type { Guarantee } from '../../topology/specs.js';
import type { CompareResult } from '../result.js';
import { formatMs } from './format.js';

/** The sentence; undefined when nothing was measured that it could explain. */
export function whyLatencyDiffers({ modes, input, fault }: CompareResult): string | undefined {
  // Then latency is a matter of the recovery, which has a sentence of its own.
  if (fault !== undefined) return undefined;
  const { 'micro-batch': microBatch, record } = modes;
  const interval = input.batchIntervalMs;
  const processing = microBatch.batches.processingDelayMs;
  const [slow, quick] = [microBatch.latencyMs.p50, record.latencyMs.p50];
  if (slow !== null && quick !== null) {
    const expected = interval / 2 + processing;
    const measured = `${formatMs(expected)} expected, ${formatMs(slow)} measured at p50`;
    return `A record of a micro-batch waits for the next tick, ${formatMs(interval / 2)} on average, and ${formatMs(processing)} for its batch (${measured}); record mode works on it when it comes.`;
  }
  const [slowWindow, quickWindow] = [microBatch.windowLatencyMs.p50, record.windowLatencyMs.p50];
  if (slowWindow === null || quickWindow === null) return undefined;
  return `Both modes wait for the window's end; then micro-batch works through a whole batch (${formatMs(processing)}) before the window closes, and record mode has only the window left to close.`;
}

/** The next thing to try. */
export function whatNext(result: CompareResult): { readonly command: string; readonly why: string } {
  const base = result.command ?? 'raingauge compare JOB';
  if (result.verdict.same === false || result.verdict.oracle === 'fail') {
    return {
      command: base.replace(/\bcompare\b/, 'explain').replace(/ --.*/, ''),
      why: 'shows both plans: which operator the difference comes from',
    };
  }
  if (result.interrupted) return { command: base, why: 'again, to its end' };
  if (result.fault !== undefined) {
    const next = OTHER_PROMISE[result.verdict.declaredGuarantee];
    return { command: withFlag(base, '--guarantee', next), why: 'the same fault under another promise' };
  }
  if (!result.driver.valid) return { command: base, why: 'again, when nothing else keeps the processors busy' };
  if (!result.valid) {
    return {
      command: withFlag(base, '--rate', String(Math.max(1, Math.round(result.input.rate / 2)))),
      why: 'half the rate, for figures that hold',
    };
  }
  const { batchIntervalMs } = result.input;
  const shorter = batchIntervalMs % 5 === 0 && batchIntervalMs >= 250 ? batchIntervalMs / 5 : batchIntervalMs * 2;
  const why =
    shorter < batchIntervalMs ? 'a fifth of the wait: what does it cost?' : 'twice the wait: what does it save?';
  return { command: withFlag(base, '--batch-interval', `${shorter}ms`), why };
}

const OTHER_PROMISE: Readonly<Record<Guarantee, Guarantee>> = {
  'exactly-once': 'at-least-once',
  'at-least-once': 'at-most-once',
  'at-most-once': 'exactly-once',
};

function withFlag(command: string, flag: string, value: string): string {
  const without = command.replace(new RegExp(` ${flag}[ =]\\S+`), '');
  return `${without} ${flag} ${value}`;
}
