/** Simulates a job with a planted defect, on the built program in a process of its own; and, without one, in this process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type SimulateOptions, type SimulateResult, simulate } from '../../src/compare/simulate/simulate.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import type { Topology } from '../../src/topology/graph.js';
import { root } from '../cli/command.js';

type Answer = { readonly result: SimulateResult } | { readonly error: string };

/** Processes at a time. */
const AT_A_TIME = 2;
const MODULE = fileURLToPath(new URL('simulate-mutants.mjs', import.meta.url));
const idle: ChildProcess[] = [];
const all: ChildProcess[] = [];
const waiting: ((child: ChildProcess) => void)[] = [];

/** What `raingauge simulate` with these words finds in the program with a defect. */
export async function simulateMutant(name: string, words: readonly string[]): Promise<SimulateResult> {
  const child = await freeChild();
  const { job, options } = read(words);
  child.send({ name, job, options });
  const answer = await Promise.race([
    once(child, 'message').then(([message]) => message as Answer),
    once(child, 'exit').then(([code, signal]): Answer => ({ error: `its process ended: ${signal ?? code}` })),
  ]);
  if ('error' in answer) throw new Error(`${name}: ${answer.error}`);
  const next = waiting.shift();
  if (next === undefined) idle.push(child);
  else next(child);
  return answer.result;
}

/** The same words, without a defect and without a process. */
export async function simulateWords(words: readonly string[]): Promise<SimulateResult> {
  const { job, options } = read(words);
  const { default: topology } = (await import(pathToFileURL(join(root, job)).href)) as { default: Topology };
  return simulate(topology, options);
}

/** Ends the processes, also one in which a defect goes on without end. */
export function endChildren(): void {
  for (const child of all) child.kill('SIGKILL');
}

function freeChild(): ChildProcess | Promise<ChildProcess> {
  const free = idle.pop();
  if (free !== undefined) return free;
  if (all.filter(isAlive).length >= AT_A_TIME) return new Promise((resolve) => void waiting.push(resolve));
  const child = fork(MODULE, { cwd: root, serialization: 'advanced', execArgv: [] });
  all.push(child);
  return child;
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function read([job = '', ...words]: readonly string[]): { readonly job: string; readonly options: SimulateOptions } {
  const values = new Map<string, string[]>();
  for (let i = 0; i < words.length; i += 2) {
    const flag = words[i]!.slice(2);
    values.set(flag, [...(values.get(flag) ?? []), words[i + 1]!]);
  }
  const option = <K extends keyof SimulateOptions>(key: K, flag: string, of: (text: string) => unknown) =>
    values.has(flag) ? { [key]: of(values.get(flag)![0]!) as SimulateOptions[K] } : {};
  const text = (value: string): string => value;
  const options: SimulateOptions = {
    ...option('seeds', 'seeds', Number),
    ...option('seed', 'seed', Number),
    ...option('workers', 'workers', Number),
    ...option('parallelism', 'parallelism', Number),
    ...option('records', 'records', Number),
    ...option('mode', 'mode', text),
    ...option('guarantee', 'guarantee', text),
    ...option('ackOn', 'ack-on', text),
    ...option('faults', 'no-faults', () => []),
    ...option('faults', 'fault', () => values.get('fault')!.map(parseFault)),
  };
  return { job, options };
}
