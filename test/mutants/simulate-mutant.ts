/** Runs `raingauge simulate` on the built program with a planted defect; and, without one, in this process. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type SimulateOptions, type SimulateResult, simulate } from '../../src/compare/simulate/simulate.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import type { Topology } from '../../src/topology/graph.js';
import { type Outcome, root } from '../cli/command.js';

/** Children at a time. */
const AT_A_TIME = 2;
const waiting: (() => void)[] = [];
let running = 0;

export async function simulateMutant(name: string, words: readonly string[]): Promise<Outcome> {
  if (running === AT_A_TIME) await new Promise<void>((resolve) => void waiting.push(resolve));
  else running += 1;
  const child = spawn(
    process.execPath,
    ['--import', './test/mutants/switch.mjs', 'dist/cli/main.js', 'simulate', ...words],
    { cwd: root, env: { ...process.env, RAINGAUGE_MUTANT: name }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const next = waiting.shift();
  if (next === undefined) running -= 1;
  else next();
  return { code, stdout, stderr };
}

/** The same words, without a defect and without a process. */
export async function simulateWords([job = '', ...words]: readonly string[]): Promise<SimulateResult> {
  const { default: topology } = (await import(pathToFileURL(join(root, job)).href)) as { default: Topology };
  const values = new Map<string, string[]>();
  for (let i = 0; i < words.length; i += 2) {
    const flag = words[i]!.slice(2);
    values.set(flag, [...(values.get(flag) ?? []), words[i + 1]!]);
  }
  const text = (flag: string): string => values.get(flag)![0]!;
  return simulate(topology, {
    seeds: 1,
    seed: Number(text('seed')),
    workers: Number(text('workers')),
    parallelism: Number(text('parallelism')),
    records: Number(text('records')),
    mode: text('mode') as NonNullable<SimulateOptions['mode']>,
    guarantee: text('guarantee') as NonNullable<SimulateOptions['guarantee']>,
    faults: (values.get('fault') ?? []).map(parseFault),
    ...(values.has('ack-on') ? { ackOn: text('ack-on') as NonNullable<SimulateOptions['ackOn']> } : {}),
  });
}
