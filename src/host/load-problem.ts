/** Reads what Node and the TypeScript loader say about a file that cannot be loaded, and finds the user's line in it. */
import { readFileSync } from 'node:fs';
import { nearest, type Place } from '../core/errors.js';
import { ownModules } from './installation.js';
import { pathOf } from './user-frame.js';

/** What a loader's message means. */
export interface LoadProblem {
  readonly message: string;
  readonly hint: string;
  readonly place: Place | undefined;
}

/** The meaning of an error of the loader; undefined for one of the user's own code. */
export async function importProblem(path: string, error: unknown): Promise<LoadProblem | undefined> {
  const text = error instanceof Error ? error.message : '';
  return syntaxProblem(text) ?? (await missingExport(path, text, error)) ?? missingModule(text);
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

function missingModule(text: string): LoadProblem | undefined {
  const match = /^Cannot find (?:module|package) '([^']+)' imported from (\S+)/.exec(text);
  if (match === null) return undefined;
  const [, wanted = '', from = ''] = match;
  const isPackage = text.startsWith('Cannot find package') && !wanted.includes('/');
  const last = wanted
    .replace(/\/$/, '')
    .split('/')
    .at(-1)!
    .replace(/\.[jt]s$/, '');
  const hint = isPackage
    ? `install it: npm install ${wanted}`
    : 'check the path: it is relative to the file that imports it';
  return {
    message: `it imports ${isPackage ? `the package '${wanted}'` : wanted}, which cannot be found`,
    hint,
    place: placeOfText(pathOf(from), last),
  };
}

/** The first line with an import that contains a text. */
function placeOfText(file: string, text: string): Place | undefined {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const line = lines.findIndex((candidate) => candidate.includes(text));
    return line < 0 ? undefined : { file, line: line + 1, column: lines[line]!.indexOf(text) + 1 };
  } catch {
    return undefined;
  }
}
