/** Finds what a source file imports, and with which kind of import. */
import { lineAt, readSourceText } from './source-text.js';

export interface ImportOf {
  readonly specifier: string;
  /** True for `import type` and `export type … from`, which leave nothing behind in the built file. */
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** Every static import, re-export, dynamic `import()`, `import('…')` type, `require()` and worker URL of a source text. */
export function importsOf(source: string): readonly ImportOf[] {
  const { withoutComments, codeOnly } = readSourceText(source);
  const found: ImportOf[] = [];
  for (const pattern of importPatterns) {
    for (const match of withoutComments.matchAll(pattern)) {
      // A statement that is itself inside a string is no import: its first word is blank in the code.
      if (codeOnly[match.index] === ' ') continue;
      const isTypeOnly = match.groups?.['type'] !== undefined;
      found.push({ specifier: match.groups?.['from'] ?? '', isTypeOnly, line: lineAt(source, match.index) });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

const importPatterns: readonly RegExp[] = [
  /\b(?:import|export)\s+(?<type>type\s+(?!from\b))?(?:[\w$*\s,]|\{[^{}]*\})+?\s*\bfrom\s*(['"])(?<from>[^'"\n]+)\2/g,
  /\bimport\s*(['"])(?<from>[^'"\n]+)\1/g,
  /\b(?:import|require)\s*\(\s*(['"`])(?<from>[^'"`\n]+)\1/g,
  /\bnew\s+URL\s*\(\s*(['"`])(?<from>\.[^'"`\n]+\.[jt]s)\1\s*,\s*import\.meta\.url/g,
];
