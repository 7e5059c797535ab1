/** Runs the examples of the README, the docs and the doc comments, so that what they show is what happens. */
import { describe, expect, it } from 'vitest';
import { lessonOf, topics } from '../src/cli/lessons.js';
import { raingauge } from './cli/command.js';
import { commandLineProblems } from './examples/command-help.js';
import {
  blocksOfDocComments,
  blocksOfMarkdown,
  commandLinesOf,
  commandLinesOfLesson,
  inlineCommandLinesOf,
  isExample,
  isTypeScript,
} from './examples/extract.js';
import { loadExamples, typeErrorsOf, writeExamples } from './examples/run-examples.js';
import { readFiles } from './tidy/source-files.js';

const exampleTimeoutMs = 300_000;

const pages = [...readFiles('README.md', '.md'), ...readFiles('docs', '.md')];
const blocks = pages.flatMap(({ path, text }) => blocksOfMarkdown(path, text));
const docBlocks = readFiles('src', '.ts').flatMap(({ path, text }) => blocksOfDocComments(path, text));
const codeBlocks = [...blocks, ...docBlocks].filter(isTypeScript);
const written = writeExamples('docs', codeBlocks.filter(isExample));
const commandLines = [
  ...blocks.flatMap((block) => commandLinesOf(block)),
  ...pages.flatMap(({ path, text }) => inlineCommandLinesOf(path, text)),
  ...topics().flatMap((topic) => commandLinesOfLesson(topic, lessonOf(topic) ?? '')),
];

describe('the examples of README, docs and doc comments', () => {
  it('are counted', () => {
    const fragments = codeBlocks.length - written.length;
    console.log(`${written.length} examples, ${fragments} fragments not run, ${commandLines.length} command lines`);
    expect(new Set(written.map(({ file }) => file)).size).toBe(written.length);
  });

  it('pass the type checker', { timeout: exampleTimeoutMs }, () => {
    expect(written.length === 0 ? [] : typeErrorsOf('docs', written)).toEqual([]);
  });

  it('run to their end', { timeout: exampleTimeoutMs }, async () => {
    const outcomes = written.length === 0 ? [] : await loadExamples('docs', written);
    const placeOf = (file: string): string => written.find((example) => example.file === file)?.place ?? file;
    const failed = outcomes.filter(({ error }) => error !== undefined);
    expect(failed.map(({ file, error }) => `${placeOf(file)} ${error}`)).toEqual([]);
  });
});

describe('the command lines of README, docs and lessons', () => {
  it('use commands and options that the help knows', { timeout: exampleTimeoutMs }, async () => {
    const problems: string[] = [];
    for (const { place, words } of commandLines)
      for (const problem of await commandLineProblems(words, helpOf)) problems.push(`${place} ${problem}`);
    expect(problems).toEqual([]);
  });
});

const helpTexts = new Map<string, string>();

async function helpOf(words: readonly string[]): Promise<string> {
  const command = words.join(' ');
  const known = helpTexts.get(command);
  if (known !== undefined) return known;
  const { code, stdout, stderr } = await raingauge([...words, '--help']);
  if (code !== 0) throw new Error(`raingauge ${command} --help failed:\n${stderr}`);
  helpTexts.set(command, stdout);
  return stdout;
}

describe('finding examples', () => {
  const fence = '```';

  it('takes the stars off a doc comment and keeps its lines', () => {
    const text = `/** One. */\nconst a = 1;\n/**\n * Two.\n * ${fence}ts\n * import { a } from 'raingauge';\n *   a();\n * ${fence}\n */\n`;
    expect(blocksOfDocComments('a.ts', text)).toEqual([
      { place: 'a.ts:5', language: 'ts', code: "import { a } from 'raingauge';\n  a();\n" },
    ]);
  });

  it('tells an example from a fragment and from another language', () => {
    const text = `${fence}ts\nimport { x } from "raingauge/testing";\n${fence}\n${fence}ts\nx();\n${fence}\n${fence}json\n{}\n${fence}\n`;
    expect(blocksOfMarkdown('a.md', text).map((block) => [isTypeScript(block), isExample(block)])).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ]);
  });

  it('finds the calls of raingauge in a shell block', () => {
    const code =
      "$ npx raingauge run a.ts \\\n  --mode record | head # one\nnpm start\nnpx raingauge bench --only 'a b'\n";
    expect(commandLinesOf({ place: 'a.md:1', language: 'console', code }).map(({ words }) => words)).toEqual([
      ['run', 'a.ts', '--mode', 'record'],
      ['bench', '--only', "'a b'"],
    ]);
    expect(commandLinesOf({ place: 'a.md:1', language: 'ts', code })).toEqual([]);
  });

  it('finds the calls of raingauge within text, and not in fenced blocks', () => {
    const text = `Say \`npx raingauge explain JOB\`,\nor \`raingauge state ls DIR\` of \`raingauge\`.\n${fence}sh\n\`raingauge no\`\n${fence}\n`;
    expect(inlineCommandLinesOf('a.md', text)).toEqual([
      { place: 'a.md:1', words: ['explain', 'JOB'] },
      { place: 'a.md:2', words: ['state', 'ls', 'DIR'] },
      { place: 'a.md:2', words: [] },
    ]);
    const lesson = "  raingauge run job.ts --json     says so\nuse 'raingauge walk' to walk\n";
    expect(commandLinesOfLesson('a', lesson)).toEqual([{ place: 'lesson a', words: ['run', 'job.ts', '--json'] }]);
  });

  it('reports the commands and options that the help does not list', async () => {
    const help: Record<string, string> = {
      '': 'Usage: raingauge\n\nOptions:\n  -V, --version\n\nCommands:\n  run [options] <job>  runs\n  state  shows\n',
      run: 'Usage: raingauge run\n\nOptions:\n  -m, --mode <mode>  the mode\n  --json\n',
      state: 'Commands:\n  show  shows\n',
      'state show': 'Options:\n  --key <key>\n',
    };
    const check = (line: string): Promise<readonly string[]> =>
      commandLineProblems(line.split(' '), (words) => help[words.join(' ')]!);
    expect(await check('run job.ts -m record --json')).toEqual([]);
    expect(await check('--version')).toEqual([]);
    expect(await check('state show --key=a')).toEqual([]);
    expect(await check('walk job.ts')).toEqual(['there is no command walk']);
    expect(await check('run job.ts --mod record')).toEqual(['raingauge run has no option --mod']);
    expect(await check('state show --mode')).toEqual(['raingauge state show has no option --mode']);
  });
});

describe('running examples', () => {
  it('reports the examples that throw or do not type-check, and no others', { timeout: exampleTimeoutMs }, async () => {
    const examples = writeExamples('self-test', [
      { place: 'good.md:1', language: 'ts', code: 'export const one: number = await Promise.resolve(1);\n' },
      { place: 'throws.md:1', language: 'ts', code: "throw new Error('on purpose');\n" },
      { place: 'types.md:1', language: 'ts', code: "export const one: number = 'one';\n" },
      { place: 'exits.md:1', language: 'ts', code: 'process.exit(3);\n' },
      { place: 'after.md:1', language: 'ts', code: 'export {};\n' },
    ]);
    expect(typeErrorsOf('self-test', examples)).toEqual([expect.stringMatching(/^types\.md:1 .*TS2322/)]);
    const outcomes = await loadExamples('self-test', examples);
    expect(outcomes.map(({ error }) => error?.split('\n')[0])).toEqual([
      undefined,
      'Error: on purpose',
      undefined,
      'the process ended with code 3 in this example',
      'an earlier example ended the process',
    ]);
  });
});
