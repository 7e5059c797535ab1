/** The checks that every file of `src` must pass beside the linter's. Each returns its problems as sentences. */
import { importsOf } from './imports.js';
import { importProblem, isPure } from './layers.js';
import { lineAt, readSourceText } from './source-text.js';

export interface SourceFile {
  /** Path from the repository root, with slashes: `src/core/time.ts`. */
  readonly path: string;
  readonly text: string;
}

/** A rule's problems in one file; empty when it keeps the rule. */
export type Rule = (file: SourceFile) => readonly string[];

const linesPerFileMax = 300;

const forbiddenNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared', 'manager', 'impl'];

/** All rules by what they demand, in the words of the test's name. */
export const rules: Readonly<Record<string, Rule>> = {
  'imports only what its layer may know': ({ path, text }) =>
    importsOf(text).flatMap((imported) => {
      const problem = importProblem(path, imported);
      return problem === undefined ? [] : [at(path, imported.line, problem)];
    }),

  'reads no clock, timer or chance where the plan and the World decide': ({ path, text }) =>
    isPure(path) ? matches(path, text, impureCalls, (found) => `${found} must come through World`) : [],

  [`has at most ${linesPerFileMax} lines`]: ({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    return lines > linesPerFileMax ? [`${path} has ${lines} lines; at most ${linesPerFileMax} are allowed`] : [];
  },

  'opens with a sentence that says what it is for': ({ path, text }) =>
    openingSentence.test(text.replace(/^#!.*\n/, ''))
      ? []
      : [`${path}:1 must open with a comment: a sentence, with its full stop, that says what the file is for`],

  'leaves no note of unfinished work': ({ path, text }) =>
    [...text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)].map((match) =>
      at(path, lineAt(text, match.index), `${match[0]} is a note of unfinished work: finish it or file it`),
    ),

  'has a name that says what it is': ({ path }) =>
    path
      .split('/')
      .slice(1)
      .map((segment) => segment.replace(/\.ts$/, ''))
      .flatMap((name) => {
        if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?$/.test(name)) return [`${path}: ${name} is not in kebab-case`];
        const isVague = forbiddenNames.includes(name) || forbiddenNames.includes(name.split('-').at(-1) ?? '');
        return isVague ? [`${path}: ${name} does not say what is in it`] : [];
      }),

  'exports by name': ({ path, text }) =>
    matches(
      path,
      text,
      /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g,
      () => 'a default export is for job files',
    ),

  'never switches the type checker off': ({ path, text }) => [
    ...matches(path, text, anyEscapes, (found) => `${found} escapes the type checker`),
    ...[...text.matchAll(/@ts-(?:ignore|nocheck|expect-error)\b/g)].map((match) =>
      at(path, lineAt(text, match.index), `${match[0]} escapes the type checker`),
    ),
  ],
};

const openingSentence =
  /^\s*(?:\/\*\*?(?:(?!\*\/)[\s\S])*\w+ (?:(?!\*\/)[\s\S])*\w[`)]*[.!](?:\s|\*)|(?:\/\/[^\n]*\n)*?\/\/[^\n]*\w[`)]*[.!]\s*\n)/;

const impureCalls =
  /(?<![.\w$])(?:globalThis\.)?(?:setTimeout|setInterval|setImmediate|queueMicrotask|Date\.now|performance\.now|Math\.random|process\.hrtime|process\.nextTick|crypto\.(?:randomUUID|getRandomValues))\b|\bnew Date\(\s*\)/g;

const anyEscapes =
  /\bas\s+any\b|(?<!\?\s*[\w.'"]*\s*):\s*any\b|<\s*any\b|,\s*any\s*[>,]|=>\s*any\b|\bany\[\]|\|\s*any\b/g;

function matches(path: string, text: string, pattern: RegExp, problem: (found: string) => string): readonly string[] {
  return [...readSourceText(text).codeOnly.matchAll(pattern)].map((match) =>
    at(path, lineAt(text, match.index), problem(match[0].trim())),
  );
}

function at(path: string, line: number, problem: string): string {
  return `${path}:${line} ${problem}`;
}
