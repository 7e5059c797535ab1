/** Loads JOB: the path of a .ts or .js file, with `#export` for one of several topologies. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest, StreamError, StreamErrors } from '../core/errors.js';
import type { Topology } from '../topology/graph.js';
import { importProblem } from './load-problem.js';
import { isPlainJob, needsLoader } from './plain-job.js';
import { shortPath } from './short-path.js';
import { suggest } from './suggest.js';
import { userFrame } from './user-frame.js';

const EXTENSIONS = ['.ts', '.js', '.mts', '.mjs'];

/** Where a job is found again, also by another process: an absolute path, and the name of one of its exports. */
export interface JobLocation {
  readonly path: string;
  readonly exportName: string;
}

/**
 * Loads a job.
 *
 * `stuck` is told when the process is about to end because the file awaits what never happens.
 *
 * @throws StreamError `RG001` for no such file, `RG002` for no such export or one that is no topology, `RG003` when the
 *   file throws while it is loaded.
 */
export function loadJob(job: string, stuck?: (error: StreamError) => void): Promise<Topology> {
  return loadJobAt(locateJob(job), stuck);
}

/** Loads the job at a place. @throws StreamError as `loadJob`. */
export async function loadJobAt({ path, exportName }: JobLocation, stuck = ignored): Promise<Topology> {
  checkFile(path);
  const exported = await importJob(path, stuck);
  const value: unknown = exportName in exported ? await exported[exportName] : undefined;
  if (isTopology(value)) return value;
  throw noTopology(path, exportName, value, exported);
}

/** What JOB names. */
export function locateJob(job: string): JobLocation {
  const at = job.lastIndexOf('#');
  if (at <= 0 || existsSync(job)) return { path: resolve(job), exportName: 'default' };
  return { path: resolve(job.slice(0, at)), exportName: job.slice(at + 1) || 'default' };
}

function checkFile(path: string): void {
  const shown = shortPath(path);
  if (!existsSync(path)) throw new StreamError('RG001', `there is no job file ${shown}`, similarFiles(path));
  if (statSync(path).isDirectory())
    throw new StreamError('RG001', `${shown} is a folder, not a job file`, jobFilesIn(path));
  if (!EXTENSIONS.includes(extname(path))) {
    throw new StreamError(
      'RG001',
      `${shown} is no job file: it must end with ${EXTENSIONS.join(', ')}`,
      'name the file that exports the topology; inputs are given by --source',
    );
  }
}

function similarFiles(path: string): string {
  const folder = dirname(path);
  if (!existsSync(folder)) return `there is no folder ${shortPath(folder)} either; check the path`;
  const names = filesOf(folder);
  const name = basename(path);
  const near =
    names.find((candidate) => EXTENSIONS.some((extension) => candidate === name + extension)) ?? nearest(name, names);
  return near === undefined ? jobFilesIn(folder) : `did you mean '${shortPath(join(folder, near))}'?`;
}

function jobFilesIn(folder: string): string {
  const names = filesOf(folder).slice(0, 8);
  const shown = shortPath(folder) || '.';
  return names.length === 0
    ? `there is no .ts or .js file in ${shown}; raingauge init makes an example`
    : `name one of its files: ${names.map((name) => join(shown, name)).join(', ')}`;
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder).filter(
    (name) => EXTENSIONS.includes(extname(name)) && !name.endsWith('.d.ts') && !name.includes('.config.'),
  );
}

async function importJob(
  path: string,
  stuck: (error: StreamError) => void,
): Promise<Readonly<Record<string, unknown>>> {
  const ending = (): void => {
    const hint = 'keep waiting out of the top level of a job file';
    stuck(new StreamError('RG003', `${shortPath(path)} never finished loading: it awaits what never happens`, hint));
  };
  process.once('beforeExit', ending);
  try {
    return await importWith(pathToFileURL(path).href, isPlainJob(path));
  } catch (error) {
    throw await loadError(path, error);
  } finally {
    process.off('beforeExit', ending);
  }
}

async function importWith(url: string, isPlain: boolean): Promise<Readonly<Record<string, unknown>>> {
  if (isPlain) {
    try {
      return (await import(url)) as Readonly<Record<string, unknown>>;
    } catch (error) {
      if (!needsLoader(error)) throw error;
    }
  }
  const { registerLoader } = await import('./job-loader.js');
  registerLoader();
  // Node keeps what it has found wrong with a module's name.
  return (await import(isPlain ? `${url}?loader` : url)) as Readonly<Record<string, unknown>>;
}

/** Our own errors keep their code and get the user's line; anything else is RG003. */
async function loadError(path: string, error: unknown): Promise<Error> {
  const place = userFrame(error);
  if (error instanceof StreamErrors) return error;
  if (error instanceof StreamError)
    return new StreamError(error.code, error.message, error.hint, { place: error.place ?? place, cause: error.cause });
  const found = await importProblem(path, error);
  if (found !== undefined) {
    return new StreamError('RG003', `${shortPath(path)} cannot be loaded: ${found.message}`, found.hint, {
      place: found.place,
    });
  }
  const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const hint = 'fix it there: a job file only describes, and should open and read nothing while it is loaded';
  return new StreamError('RG003', `${shortPath(path)} threw while it was loaded: ${thrown}`, hint, { place });
}

function isTopology(value: unknown): value is Topology {
  if (typeof value !== 'object' || value === null) return false;
  const { graph, functions } = value as { readonly graph?: Partial<Topology['graph']>; readonly functions?: unknown };
  return typeof graph === 'object' && graph !== null && Array.isArray(graph.nodes) && functions instanceof Map;
}

function noTopology(
  path: string,
  exportName: string,
  value: unknown,
  exported: Readonly<Record<string, unknown>>,
): StreamError {
  const names = Object.keys(exported).filter((name) => isTopology(exported[name]));
  const what = exportName === 'default' ? 'the default export' : `the export '${exportName}'`;
  const file = shortPath(path);
  const message =
    exportName in exported
      ? `${what} of ${file} is ${kindOf(value)}, not a topology`
      : `${file} has no ${what.replace(/^the /, '')}`;
  const others = names.filter((name) => name !== 'default');
  const hint =
    exportName !== 'default'
      ? suggest(exportName, names, 'topologies that it exports')
      : others.length > 0
        ? `name one of its topologies: ${others.map((name) => `${file}#${name}`).join(', ')}`
        : "write: export default topology('name', (t) => { … });";
  return new StreamError('RG002', message, hint);
}

function ignored(_: StreamError): void {}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}
