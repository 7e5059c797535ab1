/** Reads the faults that flags give: `--fault`, again and again, and `--fault-file`. */
import { readFileSync } from 'node:fs';
import { StreamError } from '../core/errors.js';
import {
  type Fault,
  type FaultPlan,
  parseFault,
  parseFaults,
  SIMULATED_KINDS,
  showFault,
} from '../runtime/faults/fault-plan.js';
import { UsageError } from './usage-error.js';

/** Flags that give faults. */
export interface FaultFlags {
  readonly fault?: readonly string[];
  readonly faultFile?: string;
}

/** The faults that flags give; undefined when they give none. @throws StreamError `RG063`, `RG040`. */
export function faultsOf(
  { fault = [], faultFile }: FaultFlags,
  command: 'run' | 'compare' | 'simulate',
): FaultPlan | undefined {
  const fromFile = faultFile === undefined ? [] : parseFile(faultFile);
  const all = [...fault.map(parseFlag), ...fromFile];
  for (const each of all) {
    const problem = problemOf(each, command);
    if (problem === undefined) continue;
    const [what, hint] = problem;
    const text = showFault(each);
    throw new UsageError('RG063', `'${text}' ${what}`, hint, fault.find((word) => word === text) ?? '--fault-file');
  }
  return all.length === 0 ? undefined : all;
}

/** Why a command cannot break this, and what can; undefined when it can. */
function problemOf({ kind, target }: Fault, command: string): readonly [string, string] | undefined {
  if (command === 'simulate') return undefined;
  if (SIMULATED_KINDS.has(kind)) return ['can only be simulated', 'use raingauge simulate JOB'];
  if (command === 'run') return undefined;
  if (target === 'driver')
    return [
      'would end the comparison itself: both modes run in its process',
      'name an operator and add --workers 2, or use raingauge run JOB --checkpoint DIR',
    ];
  if (/write|sync|disk/.test(kind))
    return ['has nothing to strike: a comparison keeps no checkpoints', 'use raingauge run JOB --checkpoint DIR'];
  return undefined;
}

function parseFlag(text: string): Fault {
  try {
    return parseFault(text);
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    throw new UsageError(error.code, error.message, error.hint, text);
  }
}

function parseFile(path: string): FaultPlan {
  const text = readFaultFile(path);
  try {
    return parseFaults(text);
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    throw new UsageError(error.code, `${path}, ${error.message}`, error.hint, path);
  }
}

function readFaultFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StreamError(
      'RG040',
      `the fault plan '${path}' cannot be read`,
      'check the path; one fault stands on each line',
      { cause },
    );
  }
}
