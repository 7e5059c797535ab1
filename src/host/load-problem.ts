/** Reads what Node and the TypeScript loader say about a file that cannot be loaded, and finds the user's line in it. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, isAbsolute, join } from 'node:path';
import { nearest, type Place } from '../core/errors.js';
import { ownModules } from './installation.js';
import { pathOf, userFrame } from './user-frame.js';

/** What a loader's message means. */
export interface LoadProblem {
  readonly message: string;
  readonly hint: string;
  readonly place: Place | undefined;
}

/** The meaning of an error of the loader; undefined for one of the user's own code. */
export async function importProblem(path: string, error: unknown): Promise<LoadProblem | undefined> {
  const text = error instanceof Error ? error.message : '';
  return syntaxProblem(text) ?? (await missingExport(path, text, error)) ?? missingModule(text, error);
}

/** esbuild: `Transform failed with 1 error:\n/tmp/job.ts:3:31: ERROR: Unexpected ":"`. Its columns count from 0. */
function syntaxProblem(text: string): LoadProblem | undefined {
  const match = /^(.+):(\d+):(\d+): ERROR: (.+)$/m.exec(text);
  if (match === null) return undefined;
  return {
    message: `it is not valid TypeScript: ${match[4]}`,
    hint: 'fix the syntax there, or just before',
    place: { file: match[1]!, line: Number(match[2]), column: Number(match[3]) + 1 },
  };
}

async function missingExport(path: string, text: string, error: unknown): Promise<LoadProblem | undefined> {
  const match = /requested module '([^']+)' does not provide an export named '([^']+)'/.exec(text);
  if (match === null) return undefined;
  const [, specifier = '', name = ''] = match;
  const own = ownModules()[specifier];
  const names = own === undefined ? [] : Object.keys((await import(own)) as object);
  const near = nearest(name, names);
  const from = /^(file:\S+?):\d+/.exec((error as Error).stack ?? '')?.[1];
  const hint =
    near !== undefined
      ? `did you mean '${near}'?`
      : names.length > 0
        ? `it exports ${names.join(', ')}`
        : `check what ${specifier} exports`;
  return {
    message: `${specifier} exports no '${name}'`,
    hint,
    place: placeOfText(from === undefined ? path : pathOf(from), name),
  };
}

function missingModule(text: string, error: unknown): LoadProblem | undefined {
  const imported = /^Cannot find (?:module|package) '([^']+)' imported from (.+)/.exec(text);
  const match = imported ?? /^Cannot find module '([^']+)'\nRequire stack:\n- (.+)/.exec(text);
  if (match === null) return undefined;
  const [, wanted = '', from = ''] = match;
  const file = pathOf(from);
  const name = packageOf(wanted);
  // A call of `require` may have its line in the stack, where the loader of TypeScript did not hide it; an import has none.
  const frame = imported === null ? userFrame(error) : undefined;
  const isFrameBest = frame?.file === file || file.endsWith('.json');
  const place = (isFrameBest ? undefined : placeOfText(file, name ?? lastOf(wanted))) ?? frame;
  if (name === undefined) {
    const hint = 'check the path: it is relative to the file that imports it';
    return { message: `it imports ${wanted}, which cannot be found`, hint, place };
  }
  if (isInstalled(name, file)) {
    const hint = `check what ${name} has: it is installed`;
    return { message: `it imports '${wanted}', which the package '${name}' lacks`, hint, place };
  }
  const hint = `install it: npm install ${name}`;
  return { message: `it imports the package '${name}', which cannot be found`, hint, place };
}

/** The package of `name`, `@scope/name` or a path in it; undefined for a path to a file. */
function packageOf(specifier: string): string | undefined {
  return /^((?:@[\w-][\w.~-]*\/)?[\w-][\w.~-]*)(?:\/|$)/.exec(specifier)?.[1];
}

function isInstalled(name: string, from: string): boolean {
  const folders = isAbsolute(from) ? createRequire(from).resolve.paths(name) : null;
  return folders?.some((folder) => existsSync(join(folder, name))) ?? false;
}

/** What a path ends with, without an extension that may be written otherwise. */
function lastOf(path: string): string {
  return basename(path).replace(/\.[jt]s$/, '');
}

/** The line that imports a text: other lines, and then comments, only where there is none. */
function placeOfText(file: string, text: string): Place | undefined {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const found = lines.flatMap((line, index) => (line.includes(text) ? [{ line, index }] : []));
    const code = found.filter(({ line }) => !/^\s*(?:\/?\*|\/\/)/.test(line));
    const first = code.find(({ line }) => /\b(?:import|require|from)\b/.test(line)) ?? code[0] ?? found[0];
    return first && { file, line: first.index + 1, column: first.line.indexOf(text) + 1 };
  } catch {
    return undefined;
  }
}
