/** Finds the examples in Markdown and in doc comments: code blocks in TypeScript, and command lines that call raingauge. */

export interface CodeBlock {
  /** Where the block stands, as `file:line`. */
  readonly place: string;
  /** The first word behind the opening fence. */
  readonly language: string;
  readonly code: string;
}

export interface CommandLine {
  readonly place: string;
  /** The words behind `raingauge`. */
  readonly words: readonly string[];
}

/** The fenced blocks of a Markdown file. */
export function blocksOfMarkdown(path: string, text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\s*)(`{3,})\s*([\w-]*)/.exec(lines[i]!);
    if (open === null) continue;
    const [, indent = '', fence = '', language = ''] = open;
    const place = `${path}:${i + 1}`;
    const code: string[] = [];
    while (++i < lines.length && lines[i]!.trim() !== fence) {
      code.push(lines[i]!.startsWith(indent) ? lines[i]!.slice(indent.length) : lines[i]!);
    }
    blocks.push({ place, language, code: `${code.join('\n')}\n` });
  }
  return blocks;
}

/** The fenced blocks in the doc comments of a source file; the stars at the beginnings of lines are taken off. */
export function blocksOfDocComments(path: string, text: string): readonly CodeBlock[] {
  const blank = (part: string): string => part.replace(/[^\n]/g, '');
  let at = 0;
  let markdown = '';
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    markdown += blank(text.slice(at, comment.index));
    markdown += comment[0].replace(/^\s*\/\*\* ?|\s*\*\/$/g, '').replace(/^[ \t]*\* ?/gm, '');
    at = comment.index + comment[0].length;
  }
  return blocksOfMarkdown(path, markdown);
}

/** True for a TypeScript block that imports from raingauge, and so must run by itself; others are fragments. */
export function isExample(block: CodeBlock): boolean {
  return isTypeScript(block) && /\bfrom\s+['"]raingauge(?:\/\w+)?['"]/.test(block.code);
}

export function isTypeScript(block: CodeBlock): boolean {
  return block.language === 'ts' || block.language === 'typescript';
}

/** The calls of raingauge in a shell block: lines that begin with `npx raingauge`, perhaps behind a prompt. */
export function commandLinesOf(block: CodeBlock): readonly CommandLine[] {
  if (!['sh', 'bash', 'shell', 'console'].includes(block.language)) return [];
  return block.code
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => /^(?:\$ )?npx raingauge\b(.*)$/.exec(line)?.[1] ?? [])
    .map((call) => ({ place: block.place, words: wordsOf(call) }));
}

/** The calls of raingauge that stand within the text, as `raingauge run JOB`. Fenced blocks are left out. */
export function inlineCommandLinesOf(path: string, text: string): readonly CommandLine[] {
  const lines = text.replace(/^(\s*)(`{3,})[\s\S]*?^\1\2$/gm, (block) => block.replace(/[^\n]/g, '')).split('\n');
  return lines.flatMap((line, index) =>
    [...line.matchAll(/`(?:npx )?raingauge(?: ([^`]*))?`/g)].map(([, call = '']) => ({
      place: `${path}:${index + 1}`,
      words: wordsOf(call),
    })),
  );
}

/** The calls of raingauge that a lesson shows, on lines of their own up to a remark two blanks behind. */
export function commandLinesOfLesson(topic: string, text: string): readonly CommandLine[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s+raingauge (.*?)(?:\s{2,}.*)?$/.exec(line)?.[1] ?? [])
    .map((call) => ({ place: `lesson ${topic}`, words: wordsOf(call) }));
}

/** Splits a call at white space up to a pipe, a redirection, a further command or a comment; quoted text is one word. */
function wordsOf(call: string): readonly string[] {
  const end = /\s(?:#|\||>|2>|&&|;)|;/.exec(call)?.index ?? call.length;
  return call.slice(0, end).match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
}
