/** Splits TypeScript source into code, strings and comments, as far as the tidy checks need it; it is no parser. */

export interface SourceText {
  /** The source with comments blanked out. Line numbers stay. */
  readonly withoutComments: string;
  /** The source with comments and the contents of strings, templates and regular expressions blanked out. */
  readonly codeOnly: string;
}

/** Blanks out what is not code, character by character, so that a position means the same place as in the file. */
export function readSourceText(source: string): SourceText {
  const withoutComments: string[] = [];
  const codeOnly: string[] = [];
  let lastCode = '';
  for (let at = 0; at < source.length; ) {
    const { kind, end } = nextPiece(source, at, lastCode);
    const text = source.slice(at, end);
    withoutComments.push(kind === 'comment' ? blank(text) : text);
    codeOnly.push(kind === 'code' ? text : kind === 'literal' ? blankInside(source, at, end) : blank(text));
    if (kind === 'literal') lastCode = ')';
    else if (kind === 'code') lastCode = (lastCode + text).trimEnd().slice(-longestKeyword);
    at = end;
  }
  return { withoutComments: withoutComments.join(''), codeOnly: codeOnly.join('') };
}

/** The line, from 1, on which a position lies. */
export function lineAt(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}

interface Piece {
  readonly kind: 'code' | 'comment' | 'literal';
  readonly end: number;
}

function nextPiece(source: string, at: number, lastCode: string): Piece {
  const two = source.slice(at, at + 2);
  if (two === '//' || (at === 0 && two === '#!')) return { kind: 'comment', end: indexOrEnd(source, '\n', at) };
  if (two === '/*') return { kind: 'comment', end: Math.min(indexOrEnd(source, '*/', at + 2) + 2, source.length) };
  const first = source[at]!;
  if (first === "'" || first === '"') return { kind: 'literal', end: endOfString(source, at) };
  if (first === '`') return { kind: 'literal', end: endOfTemplate(source, at) };
  if (first === '/' && beginsValue(lastCode)) return { kind: 'literal', end: endOfRegExp(source, at) };
  return { kind: 'code', end: at + 1 };
}

const longestKeyword = 'instanceof'.length + 1;

/** True when a `/` here begins a regular expression: after an operator, an opening bracket or a keyword. */
function beginsValue(lastCode: string): boolean {
  return /(?:^|[^\w$)\]}]|(?:^|\W)(?:return|typeof|case|in|of|instanceof|yield|await))$/.test(lastCode);
}

function endOfString(source: string, at: number): number {
  const quote = source[at];
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === quote || source[i] === '\n') return i + 1;
  }
  return source.length;
}

function endOfTemplate(source: string, at: number): number {
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '`') return i + 1;
    else if (source.startsWith('${', i)) i = endOfSubstitution(source, i + 2) - 1;
  }
  return source.length;
}

/** The position behind the `}` that closes a template's `${`. */
function endOfSubstitution(source: string, at: number): number {
  let depth = 1;
  let lastCode = '';
  for (let i = at; i < source.length; ) {
    const { kind, end } = nextPiece(source, i, lastCode);
    if (kind === 'code' && source[i] === '{') depth++;
    if (kind === 'code' && source[i] === '}' && --depth === 0) return end;
    if (kind !== 'comment')
      lastCode = kind === 'literal' ? ')' : (lastCode + source[i]).trimEnd().slice(-longestKeyword);
    i = end;
  }
  return source.length;
}

function endOfRegExp(source: string, at: number): number {
  let isInClass = false;
  for (let i = at + 1; i < source.length; i++) {
    const character = source[i];
    if (character === '\\') i++;
    else if (character === '\n') return i;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '/' && !isInClass) return i + 1;
  }
  return source.length;
}

function indexOrEnd(source: string, text: string, from: number): number {
  const index = source.indexOf(text, from);
  return index < 0 ? source.length : index;
}

/** Blanks a literal but keeps the code in a template's `${ }`, which can break a rule like any other code. */
function blankInside(source: string, at: number, end: number): string {
  if (source[at] !== '`') return source[at] + blank(source.slice(at + 1, end - 1)) + source[end - 1];
  const parts: string[] = ['`'];
  for (let i = at + 1; i < end - 1; ) {
    if (source.startsWith('${', i) && source[i - 1] !== '\\') {
      const close = endOfSubstitution(source, i + 2);
      parts.push('${', readSourceText(source.slice(i + 2, close - 1)).codeOnly, '}');
      i = close;
    } else {
      parts.push(blank(source[i]!));
      i++;
    }
  }
  return `${parts.join('')}\``;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
