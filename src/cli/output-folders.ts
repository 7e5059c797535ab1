/** Looks into the folders of `--sink NAME=file:FOLDER` before a run: results never go among files of somebody else. */
import { readdirSync } from 'node:fs';
import { StreamErrors } from '../core/errors.js';
import type { Ends } from './ends.js';
import type { JobFlags } from './flags.js';
import { UsageError } from './usage-error.js';

/** Files of an earlier run, which this one may overwrite. */
const OWN_FILE = /^(\.?part-|\.(accepted|staged)-)/;

/** @throws StreamErrors with `RG070` for each folder that holds other files than those of an earlier run. */
export function checkOutputFolders({ sink: uris = {} }: Pick<JobFlags, 'sink'>, { sinks }: Ends): void {
  const problems = Object.entries(uris).flatMap(([name, uri]) => {
    const spec = sinks[name];
    const folder = spec?.kind === 'text-file' ? String(spec.options['folder']) : undefined;
    const other = folder === undefined ? undefined : filesIn(folder).find((file) => !OWN_FILE.test(file));
    if (other === undefined) return [];
    const message = `--sink ${name}: the folder ${folder} is not empty: it holds ${other}, which is no file of an earlier run`;
    return [new UsageError('RG070', message, 'name a folder that is new or empty', `${name}=${uri}`)];
  });
  if (problems.length > 0) throw new StreamErrors(problems);
}

/** None where no folder is: what else stands there is told when the sink is opened. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
