/** Runs a row's job so that it may go back or go on behind a crash, exactly-once: what is seen in the end. */
import type { Mode } from '../../../src/runtime/events.js';
import type { CapturedResult } from '../../../src/testing/captured-sink.js';
import type { Topology } from '../../../src/topology/graph.js';
import { live as liveInBatches } from '../../executors/micro-batch/incarnations.js';
import { live as liveByRecord } from '../../executors/record/survival/lives.js';
import { B, type Entry, type Intervals } from './row.js';
import { traceOf } from './run-row.js';

/** Results of a job that nobody disturbed, and of one whose driver crashed. */
export interface Restarted {
  readonly undisturbed: readonly string[];
  readonly restarted: readonly string[];
  /** Whether the second driver began with a state that the first one left. */
  readonly wasRestored: boolean;
}

const PARALLELISM = 2;

/** What is seen where nothing crashes, though a function may throw. */
export async function seenOf(topology: Topology, input: Intervals<Entry>, mode: Mode): Promise<readonly string[]> {
  const parts = { topology, trace: traceOf(topology, input), parallelism: PARALLELISM };
  if (mode === 'micro-batch') {
    const { sinks } = await liveInBatches({ ...parts, crashes: [] });
    return told([...sinks.values()].flatMap((sink) => sink.visible));
  }
  const { sinks } = await liveByRecord({ ...parts, settings: {}, interval: 2 * B });
  return told([...sinks.values()].flatMap(({ results }) => results));
}

/** Crashes the driver in the middle, and lets the next one go on. */
export function restart(topology: Topology, input: Intervals<Entry>, mode: Mode): Promise<Restarted> {
  return mode === 'micro-batch' ? restartInBatches(topology, input) : restartByRecord(topology, input);
}

async function restartInBatches(topology: Topology, input: Intervals<Entry>): Promise<Restarted> {
  const steps: string[] = [];
  const parts = { topology, trace: traceOf(topology, input), parallelism: PARALLELISM };
  const undisturbed = await liveInBatches({ ...parts, crashes: [], hear: (step) => steps.push(step) });
  const middle = Math.floor(steps.length / 2);
  const step = steps[middle]!;
  const nth = steps.slice(0, middle + 1).filter((each) => each === step).length;
  const crashed = await liveInBatches({ ...parts, crashes: [{ kind: 'step', step, nth }] });
  const visible = ({ sinks }: typeof crashed) => [...sinks.values()].flatMap((sink) => sink.visible);
  return {
    undisturbed: told(visible(undisturbed)),
    restarted: told(visible(crashed)),
    wasRestored: crashed.crashed === 1 && crashed.events.some(({ kind }) => kind === 'jobRestored'),
  };
}

async function restartByRecord(topology: Topology, input: Intervals<Entry>): Promise<Restarted> {
  const parts = { topology, trace: traceOf(topology, input), settings: {}, parallelism: PARALLELISM, interval: 2 * B };
  const undisturbed = await liveByRecord(parts);
  const crashed = await liveByRecord({ ...parts, crashes: [Math.floor(undisturbed.steps[0]!.length / 2)] });
  const visible = ({ sinks }: typeof crashed) => [...sinks.values()].flatMap(({ results }) => results);
  return {
    undisturbed: told(visible(undisturbed)),
    restarted: told(visible(crashed)),
    wasRestored: crashed.steps.length === 2 && crashed.steps[0]!.includes('save'),
  };
}

function told(results: readonly CapturedResult[]): readonly string[] {
  return results
    .map(({ value, timestamp, windowEnd }) => `${timestamp} ${windowEnd} ${JSON.stringify(value)}`)
    .toSorted();
}
