/** Writes examples into files of a folder inside the repository, type-checks them, and loads them against `src` with tsx. */
import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/source-files.js';
import type { CodeBlock } from './extract.js';
import type { Outcome } from './load-examples.js';

export interface WrittenExample extends CodeBlock {
  readonly file: string;
}

/** Empties `.examples/name` and writes one file for each example, named for its place. */
export function writeExamples(name: string, blocks: readonly CodeBlock[]): readonly WrittenExample[] {
  const folder = join(root, '.examples', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = { extends: '../../tsconfig.json', include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return blocks.map((block) => {
    const file = join(folder, `${block.place.replace(/\W+/g, '-')}.ts`);
    writeFileSync(file, block.code);
    return { ...block, file };
  });
}

/** The compiler's messages about the examples of a folder, each behind its example's place; empty when all is well. */
export function typeErrorsOf(name: string, examples: readonly WrittenExample[]): readonly string[] {
  const folder = join(root, '.examples', name);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', folder], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  const errors = stdout.split('\n').flatMap((line) => {
    const example = examples.find(({ file }) => line.startsWith(file.slice(folder.length + 1)));
    return example === undefined ? [] : [`${example.place} ${line.slice(example.file.length - folder.length - 1)}`];
  });
  // Errors elsewhere are reported by the type check of the project itself.
  return errors;
}

/** Loads the examples one after the other in one process, and returns what came of each. */
export function loadExamples(name: string, examples: readonly WrittenExample[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const child = fork(
    join(root, 'test', 'examples', 'load-examples.ts'),
    examples.map(({ file }) => file),
    {
      cwd: join(root, '.examples', name),
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  child.on('message', (outcome) => outcomes.push(outcome as Outcome));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const missing = examples.filter(({ file }) => !outcomes.some((outcome) => outcome.file === file));
      const [ended, ...unreached] = missing;
      const endedOutcome = { file: ended?.file ?? '', error: `the process ended with code ${code} in this example` };
      const unreachedOutcomes = unreached.map(({ file }) => ({ file, error: 'an earlier example ended the process' }));
      resolve(ended === undefined ? outcomes : [...outcomes, endedOutcome, ...unreachedOutcomes]);
    });
  });
}
