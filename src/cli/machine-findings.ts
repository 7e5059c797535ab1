/** Looks at this machine: versions, cores, memory, how punctual its timers are, and which optional tools it has. */
import { accessSync, constants } from 'node:fs';
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNodeSupported, OLDEST_NODE } from './node-version.js';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly state: 'good' | 'warning' | 'bad';
  readonly value: string;
  /** What it means or what to do, when it is not good. */
  readonly hint?: string;
}

/** A run is INVALID above this lateness of the load driver (DESIGN, measurement). */
const LATENESS_MS_MAX = 5;
const PROBE_SLOTS = 500;
const GIB = 1024 ** 3;

/** All findings. */
export async function machineFindings(): Promise<readonly Finding[]> {
  return [nodeFinding(), coresFinding(), memoryFinding(), loadFinding(), ...(await timerFindings()), ...toolFindings()];
}

function nodeFinding(): Finding {
  const { node, v8 } = process.versions;
  const value = `${node} (V8 ${v8}, ${process.platform} ${process.arch})`;
  if (isNodeSupported(node)) return { name: 'Node.js', state: 'good', value };
  return {
    name: 'Node.js',
    state: 'bad',
    value,
    hint: `${OLDEST_NODE.join('.')} or newer is needed: https://nodejs.org`,
  };
}

function coresFinding(): Finding {
  const cores = availableParallelism();
  const value = `${cores} (${cpus()[0]?.model.trim() ?? 'unknown model'})`;
  if (cores >= 2) return { name: 'cores', state: 'good', value };
  return {
    name: 'cores',
    state: 'warning',
    value,
    hint: 'the load driver has a thread of its own: with one core it disturbs what it measures',
  };
}

function memoryFinding(): Finding {
  const free = freemem() / GIB;
  const value = `${(totalmem() / GIB).toFixed(1)} GiB, ${free.toFixed(1)} GiB free`;
  return free >= 1
    ? { name: 'memory', state: 'good', value }
    : { name: 'memory', state: 'warning', value, hint: 'close other programs: swapping spoils every latency' };
}

function loadFinding(): Finding {
  const load = loadavg()[0] ?? 0;
  const value = `load ${load.toFixed(2)} in the last minute, ${availableParallelism()} cores`;
  const isBusy = load > availableParallelism() / 2;
  return isBusy
    ? {
        name: 'neighbours',
        state: 'warning',
        value,
        hint: 'something else is working here: expect INVALID runs and wide intervals',
      }
    : { name: 'neighbours', state: 'good', value };
}

/** The timer of the event loop, and a thread-like wait in slots of a millisecond, as the load driver paces itself. */
async function timerFindings(): Promise<readonly Finding[]> {
  const timer = await timerLateness();
  const pacing = pacingLateness();
  const isLate = pacing.p99 > LATENESS_MS_MAX;
  return [
    {
      name: 'timers',
      state: 'good',
      value: `setTimeout(1 ms) comes ${timer.p50.toFixed(2)} ms late in the median, p99 ${timer.p99.toFixed(2)} ms`,
    },
    {
      name: 'pacing',
      state: isLate ? 'warning' : 'good',
      value: `1 ms slots: ${pacing.p50.toFixed(3)} ms late in the median, p99 ${pacing.p99.toFixed(3)} ms, max ${pacing.max.toFixed(2)} ms`,
      ...(isLate
        ? { hint: `above ${LATENESS_MS_MAX} ms at p99 a comparison is INVALID: try again on a quieter machine` }
        : {}),
    },
    stealFinding(pacing.max),
  ];
}

/** One long gap in an otherwise idle wait means that somebody else had the core. */
function stealFinding(gapMs: number): Finding {
  const value = `longest gap while waiting ${gapMs.toFixed(2)} ms`;
  return gapMs <= 2 * LATENESS_MS_MAX
    ? { name: 'stalls', state: 'good', value }
    : {
        name: 'stalls',
        state: 'warning',
        value,
        hint: 'the core was taken away that long: do not trust p99.9, nor small differences',
      };
}

interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

async function timerLateness(): Promise<Lateness> {
  const late: number[] = [];
  for (let i = 0; i < PROBE_SLOTS / 2; i++) {
    const start = performance.now();
    await sleep(1);
    late.push(performance.now() - start - 1);
  }
  return summary(late);
}

function pacingLateness(): Lateness {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const late: number[] = [];
  const start = performance.now();
  for (let i = 1; i <= PROBE_SLOTS; i++) {
    const wait = start + i - performance.now();
    if (wait > 0) Atomics.wait(cell, 0, 0, wait);
    late.push(Math.max(0, performance.now() - start - i));
  }
  return summary(late);
}

function summary(values: readonly number[]): Lateness {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

const TOOLS = {
  java: 'needed later, to run a job on Apache Storm and Spark',
  docker: 'needed later, to run brokers and engines',
  nc: 'handy to try --source lines=tcp://localhost:9999 (nc -lk 9999)',
} as const;

function toolFindings(): readonly Finding[] {
  return Object.entries(TOOLS).map(([name, use]) => {
    const path = findOnPath(name);
    return path === undefined
      ? { name, state: 'good', value: 'not found (optional)', hint: use }
      : { name, state: 'good', value: path };
  });
}

function findOnPath(name: string): string | undefined {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name + suffix))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
