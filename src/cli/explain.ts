/** `raingauge explain`: both plans of a job, or a lesson about a topic or an error code. */
import { existsSync } from 'node:fs';
import { EXIT, nearest } from '../core/errors.js';
import type { JobFlags } from './flags.js';
import { lessonOf, topics } from './lessons.js';
import { printOut } from './stdout.js';
import { UsageError } from './usage-error.js';

/** Runs the command: a topic is looked for first, then a job file. */
export async function explainCommand(
  what: string | undefined,
  flags: JobFlags & { readonly json?: boolean },
): Promise<number> {
  if (what === undefined) {
    printOut(listOfTopics());
    return EXIT.ok;
  }
  const lesson = existsSync(what) ? undefined : lessonOf(what);
  if (lesson !== undefined) printOut(lesson);
  else if (looksLikeJob(what)) await explainJob(what, flags);
  else throw unknownTopic(what);
  return EXIT.ok;
}

function looksLikeJob(what: string): boolean {
  return existsSync(what) || /[/\\#]|\.[cm]?[jt]s$/.test(what);
}

async function explainJob(job: string, flags: JobFlags & { readonly json?: boolean }): Promise<void> {
  const [{ loadChangedJob, planOptionsOf }, { compile }, { explainPlan }] = await Promise.all([
    import('./job-options.js'),
    import('../plan/compile.js'),
    import('../plan/explain.js'),
  ]);
  const topology = await loadChangedJob(job, flags);
  const plan = compile(topology, planOptionsOf(flags));
  printOut(
    flags.json === true ? JSON.stringify(plan, null, 2) : explainPlan(topology.graph, plan, { acking: flags.acking }),
  );
}

function unknownTopic(what: string): UsageError {
  const names = topics();
  const near = nearest(what, names) ?? names.find((name) => name.toLowerCase().includes(what.toLowerCase()));
  const hint = near === undefined ? 'raingauge explain without a topic lists them all' : `did you mean '${near}'?`;
  return new UsageError('RG004', `there is no topic '${what}', and no job file of that name`, hint, what);
}

function listOfTopics(): string {
  return `raingauge explain TOPIC prints a short lesson. Topics:\n${topics()
    .filter((name) => !/^RG\d/.test(name))
    .map((name) => `  ${name}`)
    .join('\n')}\nand every error code, such as RG012.\nraingauge explain JOB shows both plans of a job.\n`;
}
