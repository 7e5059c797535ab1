/** Runs a protocol on simulated files and gives every state of the disk that a crash on the way may leave. */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { SimulatedFiles } from '../../src/runtime/simulated-files.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Scheduler } from '../../src/runtime/world.js';

/** Runs at once: for code under test that yields to other work, of which there is none. */
export const atOnce: Scheduler = {
  soon: (run) => setImmediate(run),
  at: createSimulatedWorld().scheduler.at,
};

/** Ways in which the operations that are not synced may come through a crash; more would take too long to look at. */
const STATES_MAX = 20_000;

export interface Crash<T> {
  readonly files: SimulatedFiles;
  /** What had been promised when the power went. */
  readonly promised: T;
  readonly step: string;
}

/**
 * Every state after a loss of power at any step of `run`, with what `promised` told at that moment. Equal ones once: `seen`
 * carries that over to other calls.
 */
export async function crashesDuring<T>(
  files: SimulatedFiles,
  run: () => Promise<unknown>,
  promised: () => T,
  seen: Set<string> = new Set(),
): Promise<readonly Crash<T>[]> {
  const crashes: Crash<T>[] = [];
  let count = 0;
  const look = (step: string): void => {
    count += 1;
    const now = promised();
    for (const state of files.crashStates(STATES_MAX)) {
      const mark = createHash('sha256')
        .update(`${inspect(now, { depth: 9 })}${state.fingerprint}`)
        .digest('hex');
      if (!seen.has(mark)) crashes.push({ files: state, promised: now, step: `${count}: ${step}` });
      seen.add(mark);
    }
  };
  look('begin');
  files.onStep = look;
  await run();
  files.onStep = undefined;
  look('end');
  return crashes;
}

/** Thrown into a protocol in place of a step that its process did not live to see. */
class Killed extends Error {}

/** Runs on fresh files and kills the process after each step in turn; gives the files as the next process finds them. */
export async function killsDuring<T>(
  run: (files: SimulatedFiles) => { readonly done: Promise<unknown>; readonly promised: () => T },
): Promise<readonly Crash<T>[]> {
  const kills: Crash<T>[] = [];
  for (let last = 1; ; last++) {
    const files = new SimulatedFiles(atOnce);
    let count = 0;
    let at = '';
    files.onStep = (step) => {
      count += 1;
      if (count === last) at = `${count}: ${step}`;
      if (count >= last) throw new Killed(step);
    };
    const running = run(files);
    await running.done.catch(() => undefined);
    files.onStep = undefined;
    if (count < last) return kills;
    files.kill();
    kills.push({ files, promised: running.promised(), step: at });
  }
}
