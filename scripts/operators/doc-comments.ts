/** Reads the operators out of the files that define them: each public method with its doc comment. */

/** One operator, as its doc comment has it. */
export interface Documented {
  readonly name: string;
  /** What it means, as Markdown. */
  readonly meaning: string;
  /** Where the idea comes from, or empty. */
  readonly source: string;
  readonly example: Example;
}

/** The lines below `@example`: what comes in, and what is done with it. */
export interface Example {
  /** By the name of a stream: its elements of each interval, as source text. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly expression: string;
}

/** Up to the end of its paragraph. */
const SOURCE = /\s*Source: ([^\n]+(?:\n[^\n]+)*)/;
const METHOD = /^ {2}\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\n {2}(\w+)[<(]/gm;

/** The operators of one file, in its order: all of its methods, or those that are named. @throws Error for one without an example. */
export function operatorsOf(path: string, text: string, only?: readonly string[]): readonly Documented[] {
  return [...text.matchAll(METHOD)]
    .filter(([, , name]) => name !== 'constructor' && only?.includes(name!) !== false)
    .map(([, comment = '', name = '']) => {
      const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
      const at = lines.indexOf('@example');
      if (at < 0) throw new Error(`${path}: ${name} has no @example in its doc comment`);
      const text = lines.slice(0, at).join('\n').trim();
      const source = SOURCE.exec(text)?.[1] ?? '';
      return {
        name,
        meaning: markdownOf(text.replace(SOURCE, '')),
        source: source.replace(/\.$/, ''),
        example: exampleOf(lines.slice(at + 1)),
      };
    });
}

/** Pictures, which are indented, become blocks; `@throws` becomes a sentence. */
function markdownOf(text: string): string {
  return text
    .replace(/@throws StreamError /g, 'Throws ')
    .replace(
      /(?:^ {5,}.*(?:\n|$))+/gm,
      (picture) => `\`\`\`text\n${picture.replace(/^ {5}/gm, '').trimEnd()}\n\`\`\`\n`,
    )
    .trim();
}

function exampleOf(lines: readonly string[]): Example {
  const code = lines.map((line) => line.replace(/^ {2}/, '')).filter((line) => line !== '');
  const inputs = code.flatMap((line) => {
    const match = /^(numbers|more|words|pairs|others): (.*)$/.exec(line);
    return match === null ? [] : [[match[1]!, match[2]!] as const];
  });
  return { inputs: Object.fromEntries(inputs), expression: code.slice(inputs.length).join('\n') };
}
